"""Who writes and who reads which version of which contract, from what lies on the bus."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, Message, TopicPartition
from confluent_kafka.admin import AdminClient

from connectors.kafka.clients import reader
from connectors.kafka.reading import read_on
from connectors.kafka.settings import KafkaSettings
from schemas.codec import schema_id
from schemas.contracts import SchemaIds
from schemas.errors import BadWireFormat, UnknownSchema

_PATIENCE_S: Final = 10.0
UNKNOWN: Final = "?"


@dataclass(slots=True)
class Written:
    """Records of one version of one contract that one source wrote.

    Attributes:
        topic: Where.
        contract: Full name with its major; ``?`` for an id nobody knows.
        schema_id: Of the version.
        source: From the CloudEvents header ``ce_source``; ``?`` without one.
        records: How many.
        last_at: When Kafka took the last of them.
    """

    topic: str
    contract: str
    schema_id: int
    source: str
    records: int
    last_at: datetime


def written(settings: KafkaSettings, topics: Collection[str], ids: SchemaIds, since: datetime) -> list[Written]:
    """What lies in some topics since an instant, by contract, version and source; values are not decoded.

    Raises:
        KafkaException: The cluster refuses.
    """
    found: dict[tuple[str, int, str], Written] = {}
    consumer = reader(settings)
    try:
        for message in read_on(consumer, _starts(consumer, topics, since)):
            _count(found, message, ids)
    finally:
        consumer.close()
    return sorted(found.values(), key=lambda one: (one.topic, one.contract, one.schema_id, one.source))


def _starts(consumer: Consumer, topics: Iterable[str], since: datetime) -> list[TopicPartition]:
    at = round(since.timestamp() * 1000)
    wanted = []
    for topic in topics:
        known = consumer.list_topics(topic, _PATIENCE_S).topics[topic].partitions
        wanted += [TopicPartition(topic, number, at) for number in known]
    return consumer.offsets_for_times(wanted, _PATIENCE_S) if wanted else []


def _count(found: dict[tuple[str, int, str], Written], message: Message, ids: SchemaIds) -> None:
    try:
        number = schema_id(message.value() or b"")
    except BadWireFormat:
        return
    topic, source = message.topic() or "", _header(message, "ce_source")
    at = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=message.timestamp()[1])
    one = found.setdefault((topic, number, source), Written(topic, _name(ids, number), number, source, 0, at))
    one.records += 1
    one.last_at = max(one.last_at, at)


def _header(message: Message, name: str) -> str:
    headers = dict(message.headers() or ())
    value = headers.get(name)
    return value.decode() if isinstance(value, bytes) else UNKNOWN


def _name(ids: SchemaIds, number: int) -> str:
    try:
        return ids.by_id(number).name
    except UnknownSchema:
        return UNKNOWN


def groups_of(settings: KafkaSettings, topics: Collection[str]) -> Mapping[str, frozenset[str]]:
    """The consumer groups that committed a position in some of the topics, by name."""
    admin = AdminClient({**settings.client_config()})
    listed = admin.list_consumer_groups(request_timeout=_PATIENCE_S).result()
    found: dict[str, frozenset[str]] = {}
    for group in sorted(one.group_id for one in listed.valid):
        asked = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])
        partitions = asked[group].result(_PATIENCE_S).topic_partitions or []
        read = frozenset(one.topic for one in partitions if one.offset >= 0) & frozenset(topics)
        if read:
            found[group] = read
    return found
