"""The names the transport leans on are there, and mean what they meant."""

import inspect
from importlib.metadata import entry_points, version
from typing import NamedTuple

import aiokafka
import pytest
from aiokafka.consumer import fetcher
from aiokafka.consumer.group_coordinator import GroupCoordinator
from faust.transport.consumer import Consumer as BaseConsumer
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, credentials_to_aiokafka_auth
from faust.types import TP
from pydantic import SecretStr

from connectors.kafka.settings import KafkaSettings
from streams.configuration import credentials
from streams.fetching import TURN_RECORDS, Batch, BatchConsumerThread, Turns
from streams.transport import BatchConsumer, BatchTransport


def test_faust_finds_the_transport_by_its_scheme() -> None:
    (found,) = entry_points(group="faust.transports", name="kafka-batch")
    assert found.load() is BatchTransport


@pytest.mark.parametrize(
    ("protocol", "expected"),
    [
        ("PLAINTEXT", {"security_protocol": "PLAINTEXT"}),
        ("SSL", {"security_protocol": "SSL"}),
        (
            "SASL_SSL",
            {
                "security_protocol": "SASL_SSL",
                "sasl_mechanism": "SCRAM-SHA-512",
                "sasl_plain_username": "beffroi",
                "sasl_plain_password": "hush",
            },
        ),
    ],
)
def test_the_group_consumer_gets_the_clusters_credentials(protocol: str, expected: dict[str, str]) -> None:
    kafka = KafkaSettings(
        bootstrap="b:9092",
        security_protocol=protocol,
        sasl_mechanism="SCRAM-SHA-512",
        sasl_username="beffroi",
        sasl_password=SecretStr("hush"),
    )
    found = credentials_to_aiokafka_auth(credentials(kafka), None)
    assert {name: value for name, value in found.items() if name != "ssl_context"} == expected
    assert ("ssl_context" in found) == protocol.endswith("SSL")
    assert "hush" not in repr(kafka)


def test_faust_is_of_the_line_that_was_proved() -> None:
    assert version("faust-streaming").startswith("0.15.")


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("_wait_next_records", ["self", "timeout"]),
        ("_to_message", ["self", "tp", "record"]),
        ("_add_gap", ["self", "tp", "offset_from", "offset_to"]),
        ("_new_offset", ["self", "tp"]),
        ("_filter_tps_with_pending_acks", ["self", "topics"]),
        ("getmany", ["self", "timeout"]),
        ("perform_seek", ["self"]),
        ("verify_event_path", ["self", "now", "tp"]),
    ],
)
def test_what_we_override_is_what_faust_calls(name: str, parameters: list[str]) -> None:
    assert list(inspect.signature(getattr(Consumer, name)).parameters) == parameters
    if name not in {"_wait_next_records", "_to_message"}:
        assert list(inspect.signature(getattr(BatchConsumer, name)).parameters) == parameters


@pytest.mark.parametrize(
    ("method", "used"),
    [
        ("_filter_committable_offsets", "_new_offset"),
        ("force_commit", "_filter_tps_with_pending_acks"),
        ("_drain_messages", "getmany"),
        ("_drain_messages", "_add_gap"),
    ],
)
def test_faust_still_goes_through_what_we_override(method: str, used: str) -> None:
    assert used in inspect.getsource(getattr(BaseConsumer, method))


def test_aiokafka_still_takes_isolation_and_fetch_wait_from_these_attributes() -> None:
    source = inspect.getsource(aiokafka.AIOKafkaConsumer)
    assert "isolation_level=self._isolation_level" in source
    assert "fetch_max_wait_ms=self._fetch_max_wait_ms" in source
    assert "_create_worker_consumer" in inspect.getsource(AIOKafkaConsumerThread._create_consumer)


def test_aiokafka_still_makes_records_where_the_transport_says_what_of() -> None:
    assert "self._consumer_record(tp, record)" in inspect.getsource(fetcher.PartitionRecords._unpack_records)
    assert "self._unpack_records()" in inspect.getsource(
        fetcher.PartitionRecords.__init__
    )  # not begun before it is asked
    assert "self._partition_records" in inspect.getsource(fetcher.FetchResult.getall)
    assert "self._records" in inspect.getsource(fetcher.Fetcher.fetched_records)
    assert "_fetch_records" in inspect.getsource(AIOKafkaConsumerThread.getmany)
    expected = list(inspect.signature(AIOKafkaConsumerThread._fetch_records).parameters)
    assert list(inspect.signature(BatchConsumerThread._fetch_records).parameters) == expected


def test_partitions_take_turns_whatever_a_fetch_brought() -> None:
    zero, one, gone = TP("events", 0), TP("events", 1), TP("events", 9)
    fetched, turns = {zero: object(), one: object()}, Turns()
    for _ in range(TURN_RECORDS // 4_000 - 1):
        turns.served(fetched, {zero: [None] * 4_000, gone: [None]})  # of the other one nothing is left
        assert [*fetched] == [zero, one]
    turns.served(fetched, {zero: [None] * 4_000})
    assert [*fetched] == [one, zero]
    turns.served(fetched, {one: [None] * 4_000})
    assert [*fetched] == [one, zero], "its turn has begun"
    serving = inspect.getsource(fetcher.Fetcher.fetched_records)
    assert "for tp in list(self._records.keys())" in serving  # aiokafka serves them in this order


def test_faust_still_asks_which_partitions_are_active() -> None:
    assert "_get_active_partitions" in inspect.getsource(BaseConsumer._wait_next_records)


def test_the_thread_still_fetches_seeks_and_commits_through_what_we_override() -> None:
    for name in ("_fetch_records", "_seek_wait", "_commit"):
        ours, theirs = getattr(BatchConsumerThread, name), getattr(AIOKafkaConsumerThread, name)
        assert list(inspect.signature(ours).parameters) == list(inspect.signature(theirs).parameters)
    assert "self._fetch_records" in inspect.getsource(AIOKafkaConsumerThread.getmany)
    assert "self._seek_wait" in inspect.getsource(AIOKafkaConsumerThread.seek_wait)
    assert "self._commit" in inspect.getsource(AIOKafkaConsumerThread.commit)
    seeks = inspect.getsource(AIOKafkaConsumerThread._seek_wait)
    assert seeks.index("consumer.seek(") < seeks.index("await")  # position and note change in one step
    rejoin = inspect.getsource(GroupCoordinator.ensure_active_group)
    assert "_performed_join_prepare" in rejoin
    assert "_rejoin_needed_fut" in inspect.getsource(GroupCoordinator.request_rejoin)


class Record(NamedTuple):
    """As aiokafka gives it, as far as it is looked at."""

    offset: int


def records(*offsets: int) -> list[Record]:
    return [Record(offset) for offset in offsets]


def test_a_batch_says_where_the_consumer_stood_before_it() -> None:
    """A fetch that Faust drops leaves a hole that the next batch tells of."""
    thread: BatchConsumerThread = object.__new__(BatchConsumerThread)
    tp, generation = TP("events", 0), object()
    thread._stands = {tp: (generation, 5)}  # as after a seek
    assert thread._follow(generation, tp, records(5, 6, 9)).since == 5
    dropped = thread._follow(generation, tp, records(11, 12))  # 10 was a transaction's marker
    assert dropped.since == 10
    after = thread._follow(generation, tp, records(13))
    assert not Batch(0, after, 1, after.since).follows(10)
    assert Batch(0, dropped, 1, dropped.since).follows(10)


def test_what_is_fetched_between_an_assignment_and_its_seek_follows_nothing() -> None:
    thread: BatchConsumerThread = object.__new__(BatchConsumerThread)
    tp = TP("events", 0)
    thread._stands = {tp: (object(), 5)}  # a seek in the assignment before
    fetched = thread._follow(object(), tp, records(5, 6))
    assert not Batch(0, fetched, 1, fetched.since).follows(5)
    assert not Batch(0, fetched, 1, fetched.since).follows(None)
