"""Consumers and producers of the simulated broker, with the words, errors and isolation of confluent-kafka."""

import re
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any, NoReturn, cast

from confluent_kafka import Consumer, IsolationLevel, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from pydantic import PrivateAttr

from connectors.kafka.settings import KafkaSettings
from schemas.topics import CELLS, TRAINING_ENTITIES, VIEW_EXITS
from tests.simulation.broker import TP, Broker, Fenced
from tests.simulation.process import Process

#: Records of one answer: few, so that a reader can die between two of them.
ANSWER = 40
RELEASE_ROLE, PARTITION = "release", "partition"


class Message:
    """A record as librdkafka gives it, or the news that a partition is read to its end."""

    __slots__ = ("_error", "_key", "_offset", "_tp", "_value")

    def __init__(self, tp: TP, offset: int, key: bytes | None, value: bytes | None, error: KafkaError | None) -> None:
        self._tp, self._offset, self._key, self._value, self._error = tp, offset, key, value, error

    def topic(self) -> str:
        return self._tp[0]

    def partition(self) -> int:
        return self._tp[1]

    def offset(self) -> int:
        return self._offset

    def key(self) -> bytes | None:
        return self._key

    def value(self) -> bytes | None:
        return self._value

    def error(self) -> KafkaError | None:
        return self._error


_END = KafkaError(KafkaError._PARTITION_EOF)


class SimulatedConsumer:
    """Reads partitions without a group."""

    def __init__(self, process: Process, broker: Broker, config: Mapping[str, Any]) -> None:
        self._process = process
        self._broker = broker
        self._committed = config["isolation.level"] == "read_committed"
        self._positions: dict[TP, int] = {}
        self._ended: dict[TP, int] = {}
        self._point = ""

    def assign(self, positions: list[TopicPartition]) -> None:
        self._positions = {(one.topic, one.partition): max(one.offset, 0) for one in sorted(positions, key=_place)}
        self._ended = {}
        topics = {topic for topic, _ in self._positions}
        self._point = next((name for topic, name in _READS.items() if topic in topics), "release: reading cells")
        if len(self._positions) == 1 and CELLS in topics:
            self._point = "auditing"

    def consume(self, num_messages: int = 1, timeout: float = -1) -> list[Message]:
        del timeout  # time passes when the scheduler says so
        self._process.at(self._point)
        found: list[Message] = []
        for tp, position in self._positions.items():
            records, now = self._broker.fetch(
                tp, position, committed=self._committed, limit=min(num_messages, ANSWER)
            )  # fmt: skip
            found += [Message(tp, one.offset, one.key, one.value, None) for one in records]
            self._positions[tp] = now
            if not records and self._ended.get(tp) != now:
                self._ended[tp] = now
                found.append(Message(tp, now, None, None, _END))
        return found

    def get_watermark_offsets(self, where: TopicPartition, timeout: float) -> tuple[int, int]:
        del timeout
        self._process.at(self._point or "auditing")
        log = self._broker.logs[where.topic, where.partition]
        return 0, log.stable if self._committed else log.end

    def close(self) -> None:
        self._positions = {}


def _place(one: TopicPartition) -> TP:
    return one.topic, one.partition


_READS = {TRAINING_ENTITIES: "restoring", VIEW_EXITS: "release: reading views"}


class SimulatedProducer:
    """Writes transactions; keeps records back as librdkafka's buffer does, and tells errors in librdkafka's words."""

    def __init__(self, process: Process, broker: Broker, config: Mapping[str, Any]) -> None:
        self._process = process
        self._broker = broker
        self._id: str = config["transactional.id"]
        self._role = RELEASE_ROLE if "release" in self._id else PARTITION
        self._what = RELEASE_ROLE if "release" in self._id else "".join(re.findall(r"training-(\d+)", self._id))
        self._buffer: list[tuple[TP, tuple[bytes | None, bytes | None]]] = []
        self._epoch = -1
        self._fenced = False

    def _at(self, point: str) -> None:
        self._process.at(f"{self._role}: {point}")

    def init_transactions(self, timeout: float) -> None:
        del timeout
        self._at("fencing")
        self._epoch = self._broker.init(self._id)
        before = self._broker.owners.get(self._what)
        if before not in {None, self._process}:
            self._process.met(f"{self._role}: another process took over")
        self._broker.owners[self._what] = self._process
        self._at("fenced")

    def begin_transaction(self) -> None:
        self._at("beginning")
        self._check()

    def produce(
        self, topic: str, value: bytes | None = None, key: bytes | None = None, partition: int = 0, timestamp: int = 0
    ) -> None:  # fmt: skip
        del timestamp
        self._check()
        self._buffer.append(((topic, partition), (key, value)))
        if self._process.pick(6) == 0:
            self._send()
            self._at("in a transaction")

    def poll(self, timeout: float = 0) -> int:
        del timeout
        return 0

    def commit_transaction(self, timeout: float) -> None:
        del timeout
        self._check()
        self._send()
        self._at("committing")
        try:
            self._broker.end(self._id, self._epoch, committed=True, late=self._process.pick(3) == 0)
        except Fenced:
            self._fail(KafkaError._FENCED)
        self._at("committed")
        if self._process.lost_answer():
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT, "the answer of the commit was lost"))

    def abort_transaction(self, timeout: float) -> None:
        del timeout
        self._check(KafkaError._FENCED)

    def _send(self) -> None:
        """What the buffer holds goes to the broker; a fenced producer learns of it later, at the next call."""
        buffer, self._buffer = self._buffer, []
        try:
            for tp, pair in buffer:
                self._broker.append(self._id, self._epoch, self._process, tp, pair)
        except Fenced:
            self._process.met(f"{self._role}: fenced while it wrote")
            self._fenced = True

    def _check(self, code: int = KafkaError._FATAL) -> None:
        if self._fenced:
            self._fail(code)

    def _fail(self, code: int) -> NoReturn:
        self._fenced = True
        raise KafkaException(KafkaError(code, "fenced", fatal=True))


class SimulatedKafka(KafkaSettings):
    """A cluster in memory, as one process sees it."""

    bootstrap: str = "simulated:9092"
    _process: Process = PrivateAttr()
    _broker: Broker = PrivateAttr()

    @classmethod
    def of(cls, process: Process, broker: Broker) -> "SimulatedKafka":
        made = cls()
        made._process, made._broker = process, broker
        return made

    def consumer(self, config: Mapping[str, Any]) -> Consumer:
        return cast("Consumer", SimulatedConsumer(self._process, self._broker, config))

    def producer(self, config: Mapping[str, Any]) -> Producer:
        return cast("Producer", SimulatedProducer(self._process, self._broker, config))

    def admin(self, config: Mapping[str, Any]) -> AdminClient:
        del config
        listed = {topic: SimpleNamespace(partitions=range(count)) for topic, count in self._broker.topics.items()}
        answer = SimpleNamespace(topics=listed)
        made = SimpleNamespace(list_topics=lambda timeout: answer, list_offsets=self._list_offsets)  # noqa: ARG005  # its own name
        return cast("AdminClient", made)

    def _list_offsets(
        self, asked: Iterable[TopicPartition], isolation_level: IsolationLevel, request_timeout: float
    ) -> dict[TopicPartition, "Future[SimpleNamespace]"]:
        del request_timeout
        found: dict[TopicPartition, Future[SimpleNamespace]] = {}
        for where in asked:
            log = self._broker.logs[_place(where)]
            found[where] = Future()
            end = log.stable if isolation_level == IsolationLevel.READ_COMMITTED else log.end
            found[where].set_result(SimpleNamespace(offset=end))
        return found
