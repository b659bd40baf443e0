"""One topic, three readers: our codec, a stock Avro consumer with a registry, a JSON client of the portal."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

from connectors.kafka.clients import reader
from connectors.kafka.reading import read_to_end
from connectors.kafka.registry import push
from connectors.kafka.settings import KafkaSettings
from schemas.codec import Codec
from schemas.contracts import EXITS_ROW
from schemas.topics import VIEW_EXITS
from tests.portal.conftest import Portal, Views
from tests.registry import running
from tests.waiting import until


def by_key(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Rows of the portal's JSON by Kafka's key, with their instants as the others give them."""
    return {row.pop("key"): {**row, "as_of": datetime.fromisoformat(row["as_of"]).astimezone(UTC)} for row in rows}


@pytest.mark.kafka
def test_the_same_topic_gives_three_readers_equal_values(
    kafka: KafkaSettings, topics: str, views: Views, portal: Portal, tmp_path: Path
) -> None:
    views.exits("region:32", "all", "P30D", 20)
    views.exits("arrondissement:627", "rome:N4101", "P90D", None)
    consumer = reader(kafka)
    found = read_to_end(consumer, [(topics + VIEW_EXITS, 0)])
    wires = {(message.key() or b"").decode(): message.value() or b"" for message in found}
    consumer.close()
    ours = {key: Codec().read(EXITS_ROW, wire) for key, wire in wires.items()}
    context = SerializationContext(topics + VIEW_EXITS, MessageField.VALUE)
    with running(tmp_path) as url, SchemaRegistryClient({"url": url}) as client:
        push(url)
        stock = AvroDeserializer(client)
        theirs = {key: stock(wire, context) for key, wire in wires.items()}
    shown = until(
        lambda: rows if len(rows := portal.get("/v1/views/exits.json").json()["rows"]) == 2 else [], 5, "rows"
    )
    assert ours == theirs == by_key(shown)
    lines = portal.get("/v1/views/exits.ndjson").text.splitlines()
    assert by_key([json.loads(line) for line in lines]) == ours
