"""The relay itself: reads, publishes, answers and commits, all of it in one transaction."""

import os
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from typing import Final

import structlog
from confluent_kafka import Consumer, KafkaException, Message, Producer, TopicPartition

from connectors.failures import DEFECT
from connectors.gateway.problems import Rejected
from connectors.gateway.rights import Registered
from connectors.intake import Intake
from connectors.kafka.admin import partition_counts
from connectors.kafka.clients import ANSWER_PATIENCE_S, group_member, transactional_producer
from connectors.kafka.link import Link
from connectors.kafka.reading import at_end
from connectors.kafka.settings import KafkaSettings
from connectors.publication import COMMIT_PATIENCE_S, away, sender
from connectors.relay.letters import Letter, ends, read, runs
from connectors.relay.replies import counts, replies
from connectors.report import Report
from monitoring.relay import RelayHealth, RelayMetrics
from schemas.errors import BeffroiError, CannotApply, ContractError, FencedError, FileRefused, WrongSchema
from schemas.registers import Partner
from schemas.topics import inbox_topic, verdicts_topic

#: Records that are read at once: a commit takes some 10 ms, which they share.
_BATCH: Final = 500
#: The wait for a first record; a signal to end is seen within it.
_WAIT_S: Final = 0.2
#: A transaction that was cut off is ended in up to a second, which those of several sources share.
_FENCERS: Final = 16
#: Kafka away, or others took over: begun anew after this.
RETRY_S: Final = 5.0
#: sysexits.h EX_TEMPFAIL, as a worker that is stuck: start it again.
EXIT_STUCK: Final = 75

Outcome = Report | FileRefused | Rejected


class Relay:
    """Takes what partners write to their topics.

    Args:
        kafka: The cluster.
        prefix: Put before topic names.
        partners: Who writes.
        intake: The pipeline.
        registered: What sources are known to write.
        metrics: Told what happens.
        health: Told as well.
        session_s: A relay that is silent for longer loses its partitions to another one.
        stuck_after_s: Without progress for so long, although Kafka answers, the process ends with 75.
        instance_id: Of one that keeps them when it is started again in time.
    """

    def __init__(  # noqa: PLR0913  # its world: cluster, partners, pipeline, those who are told
        self,
        kafka: KafkaSettings,
        prefix: str,
        partners: Sequence[Partner],
        intake: Intake,
        registered: Registered,
        *,
        metrics: RelayMetrics,
        health: RelayHealth,
        session_s: float,
        stuck_after_s: float,
        instance_id: str | None = None,
    ) -> None:
        self._kafka = kafka
        self._prefix = prefix
        self._by_topic = {prefix + inbox_topic(one.name): one for one in partners}
        self._intake = intake
        self._registered = registered
        self._metrics = metrics
        self._health = health
        self._member = f"{prefix}beffroi-relay", session_s, instance_id
        self._ended: set[tuple[str, int]] = set()
        self._asides: dict[str, Producer] = {}
        self._stuck_after_s = stuck_after_s
        self._gone = Event()
        self._link = Link(kafka, self._noted)
        self._log = structlog.get_logger(__name__)

    def _noted(self, up: float) -> None:
        self._metrics.kafka_up.set(up)
        away_s = self._health.kafka(bool(up))
        if away_s is not None:
            self._say(away_s)
        if self._health.stands_still_s() > self._stuck_after_s:
            # librdkafka's send_offsets_to_transaction may never return after its coordinator went (its issue 5456).
            self._log.error("no progress although Kafka answers", seconds=self._stuck_after_s)
            os._exit(EXIT_STUCK)

    def _say(self, away_s: float) -> None:
        """Once when Kafka goes, once when it is back: the client itself says neither while nothing comes."""
        if away_s:
            self._log.info("kafka answers again", away_s=round(away_s, 1))
        else:
            self._gone.set()
            self._log.warning("kafka does not answer, nothing lost", fix="bring it back; the relay goes on by itself")

    def always(self, stop: Event) -> None:
        """Take what comes until told to stop; the transaction in hand is finished.

        Raises:
            BeffroiError: Something that waiting does not mend.
        """
        self._link.start()
        try:
            while not stop.is_set():
                self._try(stop)
        finally:
            self._link.stop()

    def _try(self, stop: Event) -> None:
        while not self._link.up:
            if stop.wait(_WAIT_S):
                return
        self._gone.clear()
        try:
            self._session(stop)
        except BeffroiError as error:
            if not (error.retriable or isinstance(error, FencedError)):
                raise
            self._health.failed(error.message)
            self._log.warning("relay waits, nothing lost", reason=error.message, fix=error.fix)
            stop.wait(RETRY_S)

    def _session(self, stop: Event) -> None:
        """Read as a member of the group until something fails: then all that is held is thrown away.

        So it is when Kafka goes while nothing comes: clients that lived through that may hang with the next record
        (librdkafka's issue 5456).
        """
        self._intake.reach()
        partition_counts(self._kafka, [*self._by_topic, *map(self._verdicts, self._by_topic)])
        self._fence()
        self._ended = set()
        consumer = group_member(self._kafka, *self._member)
        try:
            consumer.subscribe(list(self._by_topic))
            while not (stop.is_set() or self._gone.is_set()):
                self._turn(consumer)
        except KafkaException as error:
            raise away(error) from error
        finally:
            self._asides.clear()
            self._intake.close()
            consumer.close()

    def _fence(self) -> None:
        """End what a relay that was killed left open: positions that are in an open transaction are not told."""
        partners = self._by_topic.values()
        with ThreadPoolExecutor(_FENCERS, "fence") as pool:
            opened: list[Future[object]] = [
                pool.submit(self._intake.open, source) for one in partners for source in one.sources
            ]
            opened += [pool.submit(self._aside, one.name) for one in partners]
            try:
                for one in opened:
                    one.result()
            except KafkaException as error:
                raise away(error) from error

    def _turn(self, consumer: Consumer) -> None:
        found = [one for one in consumer.consume(_BATCH, _WAIT_S) if self._holds(one)]
        letters = [read(one, self._by_topic[one.topic() or ""], self._registered) for one in found]
        for run in runs(letters):
            self._settle(consumer, run)
        self._metrics.turned(self._waiting(consumer))
        self._health.turned(bool(consumer.assignment()))

    def _holds(self, message: Message) -> bool:
        """Whether a message is a record; notes which partitions are read to their end."""
        where = (message.topic() or "", message.partition() or 0)
        if at_end(message):
            self._ended.add(where)
        elif message.error() is None:
            self._ended.discard(where)
            return True
        return False

    def _waiting(self, consumer: Consumer) -> int:
        """Records that are not read yet; markers of transactions are taken for such until the end is reached."""
        open_ = [one for one in consumer.assignment() if (one.topic, one.partition) not in self._ended]
        return sum(
            max(0, consumer.get_watermark_offsets(one, cached=True)[1] - max(0, one.offset))
            for one in consumer.position(open_)
        )

    def _settle(self, consumer: Consumer, run: Sequence[Letter]) -> None:
        """Publish and answer a run; when we fail on it, each letter alone, and the one we fail on gets that."""
        try:
            outcomes = self._published(consumer, run)
        except Exception as error:  # a loop boundary: one record that we fail on does not stop the others
            if not _ours(error):
                raise
            if len(run) > 1:
                for letter in run:
                    self._settle(consumer, [letter])
                return
            self._log.error("record failed", topic=run[0].topic, offset=run[0].offset, error=type(error).__name__)
            outcomes = self._answered(consumer, run, [Rejected("defect", "we failed on this record")])
            if run[0].source is not None:
                self._intake.note(run[0].source, DEFECT)
        self._health.moved()
        for letter, outcome in zip(run, outcomes, strict=True):
            self._metrics.settled(letter.partner, counts(outcome))

    def _published(self, consumer: Consumer, run: Sequence[Letter]) -> Sequence[Outcome]:
        source = run[0].source
        if source is None:
            return self._answered(consumer, run, [one.refusal or Rejected("defect") for one in run])
        told: Sequence[Outcome] = ()

        def tell(producer: Producer, outcomes: Sequence[Report | FileRefused]) -> None:
            nonlocal told
            told = outcomes
            self._tell(consumer, producer, run, outcomes)

        self._intake.publish_together([one.handed for one in run if one.handed], source, tell)
        return told

    def _answered(self, consumer: Consumer, run: Sequence[Letter], outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
        """Answers alone: nothing of the run can be published."""
        producer = self._aside(run[0].partner)
        producer.begin_transaction()
        self._tell(consumer, producer, run, outcomes)
        producer.commit_transaction(COMMIT_PATIENCE_S)
        return outcomes

    def _aside(self, partner: str) -> Producer:
        """For answers without a source; kept until something fails."""
        if partner not in self._asides:
            producer = transactional_producer(self._kafka, f"{self._prefix}beffroi-relay-{partner}")
            producer.init_transactions(COMMIT_PATIENCE_S)
            self._asides[partner] = producer
        return self._asides[partner]

    def _tell(
        self, consumer: Consumer, producer: Producer, run: Sequence[Letter], outcomes: Sequence[Outcome]
    ) -> None:  # fmt: skip
        """Put verdicts and positions into an open transaction."""
        send = sender(producer)
        for letter, outcome in zip(run, outcomes, strict=True):
            for kind, body in replies(letter, outcome):
                where = {"partition": letter.partition, "headers": [("content-type", kind)]}
                send(self._verdicts(letter.topic), letter.key, body, **where)
        positions = [TopicPartition(topic, partition, offset) for (topic, partition), offset in ends(run).items()]
        producer.send_offsets_to_transaction(positions, consumer.consumer_group_metadata(), ANSWER_PATIENCE_S)

    def _verdicts(self, topic: str) -> str:
        return self._prefix + verdicts_topic(self._by_topic[topic].name)


def _ours(error: Exception) -> bool:
    """Whether an error concerns the record, and not the cluster or the deployment."""
    if isinstance(error, CannotApply | ContractError):
        return not isinstance(error, WrongSchema)
    return not isinstance(error, BeffroiError | KafkaException | OSError)
