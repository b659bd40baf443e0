"""A real schema registry: our contracts in it, ids out of it, and what its own check says of changes."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from confluent_kafka import Consumer
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

from connectors.kafka.clients import producer
from connectors.kafka.registry import COMPATIBILITY, RegistryIds, push
from connectors.kafka.registry import codec as registry_codec
from connectors.kafka.settings import KafkaSettings
from schemas.codec import Codec
from schemas.contracts import (
    CELL,
    TRAINING_ENROLMENT,
    TRAINING_SESSION,
    LockFile,
    contract,
    lock_file,
    relock,
    sources,
)
from schemas.errors import ContractError, RegistryUnavailable, UnknownSchema, WrongSchema
from schemas.examples import examples
from schemas.topics import TRAINING_EVENTS
from schemas.validation import take
from tests.bus import messages
from tests.conftest import PARTITIONS
from tests.connectors.test_intake import EARLY, intake
from tests.kairos import row, write
from tests.ports import free_port
from tests.registry import running
from tests.schemas.evolution_table import CASES

RECORDS = [
    (name, take(sources()[name], examples(name).valid[0]).record) for name in (TRAINING_ENROLMENT, TRAINING_SESSION)
]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A registry that holds all our contracts."""
    with running(tmp_path_factory.mktemp("registry")) as url:
        push(url)
        yield url


def test_pushing_registers_everything_once_with_the_lock_files_ids(tmp_path: Path) -> None:
    with running(tmp_path) as url:
        first, again = push(url), push(url)
        with SchemaRegistryClient({"url": url}) as client:
            modes = {client.get_compatibility(name) for name in sources()}
    assert {pushed.contract.name for pushed in first} == set(sources())
    assert [pushed.fresh for pushed in first + again] == [True] * len(first) + [False] * len(first)
    assert [(one.id, one.contract.id) for one in first] == [(one.contract.id, one.contract.id) for one in again]
    assert modes == {COMPATIBILITY}


def test_a_registry_that_was_used_before_gives_its_own_ids_and_the_codec_takes_them(tmp_path: Path) -> None:
    (name, record), *_ = RECORDS
    with running(tmp_path) as url:
        with SchemaRegistryClient({"url": url}) as client:
            client.register_schema("others", Schema('{"type":"record","name":"Other","fields":[]}', "AVRO"))
        pushed = push(url)
        codec = Codec(RegistryIds(url))
        assert all(one.id == one.contract.id + 1 for one in pushed)
        wire = codec.encode(name, record)
        assert int.from_bytes(wire[1:5], "big") == lock_file().by_name(name).id + 1
        assert codec.read(name, wire) == record


@pytest.mark.kafka
def test_a_stock_consumer_reads_our_topic_with_the_same_values(filled: str, kafka: KafkaSettings, topics: str) -> None:
    codec = Codec(RegistryIds(filled))
    sender = producer(kafka)
    for name, record in RECORDS:
        sender.produce(topics + TRAINING_EVENTS, codec.encode(name, record), partition=0)
    sender.flush(10)
    consumer = Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": "stock", "auto.offset.reset": "earliest"})
    consumer.subscribe([topics + TRAINING_EVENTS])
    messages = consumer.consume(len(RECORDS), 20)
    consumer.close()
    context = SerializationContext(topics + TRAINING_EVENTS, MessageField.VALUE)
    with SchemaRegistryClient({"url": filled}) as client:
        read = AvroDeserializer(client)
        assert [read(message.value(), context) for message in messages] == [record for _, record in RECORDS]
    assert [codec.decode(message.value() or b"") for message in messages] == RECORDS


def test_what_was_learnt_is_kept_and_a_start_without_the_registry_works(filled: str, tmp_path: Path) -> None:
    (name, record), *_ = RECORDS
    wire = Codec(RegistryIds(filled, cache=tmp_path)).encode(name, record)
    kept = json.loads((tmp_path / "registry.json").read_text())
    gone = f"http://127.0.0.1:{free_port()}"
    (tmp_path / "registry.json").write_text(json.dumps(kept | {"url": gone}))
    codec = Codec(RegistryIds(gone, cache=tmp_path))
    assert codec.encode(name, record) == wire
    with pytest.raises(RegistryUnavailable, match="no schema registry answers"):
        codec.encode(CELL, examples(CELL).valid[0])


def test_another_schema_under_a_known_id_is_refused(filled: str, tmp_path: Path) -> None:
    (name, record), *_ = RECORDS
    Codec(RegistryIds(filled, cache=tmp_path)).encode(name, record)
    kept = json.loads((tmp_path / "registry.json").read_text())
    kept["schemas"][0]["schema"]["doc"] = "another"
    (tmp_path / "registry.json").write_text(json.dumps(kept))
    with pytest.raises(WrongSchema, match="no longer stands for"):
        Codec(RegistryIds(filled, cache=tmp_path)).encode(name, record)


def test_a_registry_that_lacks_a_contract_says_how_to_fill_it(tmp_path: Path) -> None:
    with running(tmp_path) as url:
        with pytest.raises(ContractError, match="beffroi contracts push"):
            RegistryIds(url).by_name(CELL)
        with pytest.raises(UnknownSchema):
            RegistryIds(url).by_id(4711)


def test_a_record_of_a_newer_minor_version_is_read_through_the_registry(filled: str) -> None:
    (name, record), *_ = RECORDS
    newer = {**sources()[name]}
    newer["fields"] = [*newer["fields"], {"name": "note", "type": ["null", "string"], "default": None}]
    entries = relock([contract.entry() for contract in lock_file().all()], {name: newer})
    push(filled, contracts=[contract(one["id"], one["schema"]) for one in entries[-1:]])
    theirs = Codec(RegistryIds(filled, package=LockFile(entries))).encode(name, {**record, "note": "new"})
    assert Codec(RegistryIds(filled)).read(name, theirs) == record


def test_the_registrys_own_verdict_on_each_change_is_the_one_our_rules_expect(filled: str) -> None:
    seen = {}
    with SchemaRegistryClient({"url": filled}) as client:
        for number, case in enumerate(CASES):
            if case.registry is not None:
                old, new = case.versions()
                client.register_schema(f"case-{number}", Schema(json.dumps(old), "AVRO"))
                client.set_compatibility(f"case-{number}", COMPATIBILITY)
                seen[case.label] = client.test_compatibility(f"case-{number}", Schema(json.dumps(new), "AVRO"))
    assert seen == {case.label: case.registry for case in CASES if case.registry is not None}
    assert len(seen) >= 60


@pytest.mark.kafka
def test_a_deployment_with_a_registry_publishes_under_its_ids(
    filled: str, kafka: KafkaSettings, topics: str, tmp_path: Path
) -> None:
    deployment = kafka.model_copy(update={"registry": filled, "registry_cache": tmp_path / "cache"})
    report = intake(deployment, topics).publish_file(write(tmp_path / EARLY, [row(1), row(2)]), "kairos-csv")
    assert report.accepted == 2
    codec = registry_codec(deployment)
    wires = [message.value() or b"" for message in messages(kafka, topics + TRAINING_EVENTS, PARTITIONS)]
    assert len([codec.decode(wire) for wire in wires]) == len(wires) == 3
    assert (tmp_path / "cache" / "registry.json").exists()


def test_threads_that_learn_ids_at_once_keep_all_of_them(filled: str, tmp_path: Path) -> None:
    """As a worker's partitions do, which are restored side by side."""
    ids = RegistryIds(filled, cache=tmp_path)
    with ThreadPoolExecutor(8) as pool:
        found = {one.id for one in pool.map(ids.by_name, [*sources()])}
    (kept,) = tmp_path.iterdir()
    assert {one["id"] for one in json.loads(kept.read_bytes())["schemas"]} == found
