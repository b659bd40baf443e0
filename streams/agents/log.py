"""One source partition on Kafka: fenced, restored, and written in transactions."""

from confluent_kafka import KafkaException, Producer

from connectors.kafka.clients import ANSWER_PATIENCE_S, is_fenced, transactional_producer
from schemas.clock import Clock
from schemas.codec import Codec
from schemas.contracts import CELL, CHECKPOINT, QUARANTINED
from schemas.errors import FencedError
from schemas.topics import QUARANTINE
from streams.agents.restore import LogReader
from streams.agents.restored import Restored
from streams.engine import CHECKPOINT_KEY, Flush, Parked
from streams.settings import StreamSettings


class PartitionLog:
    """The log of one source partition.

    Args:
        settings: Of this worker.
        domain: Name of the domain.
        number: Number of the partition.
        codec: For cells and checkpoints.
        clock: For the instant of a refusal.
    """

    def __init__(self, settings: StreamSettings, domain: str, number: int, *, codec: Codec, clock: Clock) -> None:
        self._kafka = settings.kafka
        self._prefix = settings.prefix
        self._domain = domain
        self._number = number
        self._codec = codec
        self._clock = clock
        self._entities = settings.entities(domain)
        self._cells = settings.cells
        self._id = settings.writer(domain, number)
        self._cell = codec.flat(CELL)
        self._checkpoint = codec.flat(CHECKPOINT)
        self._producer: Producer | None = None
        self.reader = LogReader(settings, domain, number, codec)

    def open(self) -> Restored:
        """Fence whoever wrote before, then read everything that was written.

        Raises:
            KafkaException: The cluster does not answer.
            FutureGeneration: The state covers events that its source does not hold.
        """
        self.fence()
        return self.reader.everything()

    def fence(self) -> None:
        """Become the one who writes.

        Raises:
            KafkaException: The cluster does not answer.
        """
        self._producer = transactional_producer(self._kafka, self._id)
        self._producer.init_transactions(ANSWER_PATIENCE_S)

    def write(self, flush: Flush) -> None:
        """Write a flush in one transaction.

        Raises:
            FencedError: Another process owns the partition now.
            KafkaException: The transaction could not be committed.
        """
        if self._producer is None:
            raise FencedError(f"partition {self._number} was never opened")
        try:
            self._producer.begin_transaction()
            self._produce(self._producer, flush)
            self._producer.commit_transaction(ANSWER_PATIENCE_S)
        except KafkaException as error:
            if is_fenced(error.args[0], self._producer):
                raise FencedError(
                    f"partition {self._number} of {self._domain} is owned by another worker now",
                    fix="nothing: this worker starts again with what is its own",
                ) from error
            raise

    def _produce(self, producer: Producer, flush: Flush) -> None:
        cells = self._cells
        for key, value in flush.entities.items():
            self._send(producer, self._entities, key, value)
        for (view, cell), (n, row) in flush.cells.items():
            value = self._cell(view, cell, n, flush.next_offset, row)
            self._send(producer, cells, f"{view}\x1f{cell}".encode(), value)
        for parked in flush.parked:
            producer.produce(self._prefix + QUARANTINE, key=self._domain.encode(), value=self._parked(parked))
        self._send(producer, self._entities, CHECKPOINT_KEY, self._checkpoint(flush.next_offset))

    def _send(self, producer: Producer, topic: str, key: bytes, value: bytes | None) -> None:
        while True:
            try:
                return producer.produce(topic, value, key, self._number)
            except BufferError:
                producer.poll(0.1)

    def _parked(self, parked: Parked) -> bytes:
        record = {
            "source": self._domain,
            "format": "avro",
            "file": f"{self._prefix}{self._domain}.events.v1/{self._number}",
            "line": None,
            "pointer": f"offset {parked.offset}",
            "code": type(parked.error).__name__,
            "shape": "",
            "message": parked.error.message,
            "fix": parked.error.fix,
            "received_at": self._clock(),
            "content": None,
        }
        return self._codec.encode(QUARANTINED, record)
