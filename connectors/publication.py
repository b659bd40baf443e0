"""The one writer of a source: fence, compare with the ledger, write everything in one transaction."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from confluent_kafka import KafkaException, Producer

from connectors.aside import AsideWriter
from connectors.delivery import Delivery
from connectors.envelope import event_id, stamp
from connectors.kafka.admin import partition_counts
from connectors.kafka.clients import is_fenced, transactional_producer
from connectors.kafka.settings import KafkaSettings
from connectors.ledger import NEWS, SNAPSHOT, Ledger, LedgerTopic
from connectors.sealing import Keyring
from connectors.verdicts import Judge, Rules, Verdicts, headers
from schemas.clock import Clock, from_millis, to_millis
from schemas.codec import Codec
from schemas.contracts import HEARTBEAT
from schemas.errors import FencedError, FileHeld, KafkaUnavailable
from schemas.topics import HEARTBEATS, LEDGER, QUARANTINE, SANDBOX, in_sandbox

#: A file of 100,000 rows is written in 3 s; a transaction that takes longer than this hides others' events too long.
TRANSACTION_TIMEOUT_MS: Final = 60_000
COMMIT_PATIENCE_S: Final = 60.0
#: Delivery reports wait in librdkafka's queue until somebody asks; every so many records is often enough.
_POLL_EVERY: Final = 1_024
#: Records that may wait in librdkafka at once: enough for full batches, some 10 MB.
_WAITING: Final = 16_384

#: Puts more into a transaction before it is committed, told what became of each delivery.
Along = Callable[[Producer, Sequence[Verdicts | FileHeld]], None]


class Publisher:
    """Publishes the deliveries of one source, one after the other or several in one transaction.

    It keeps its transactional producer and what it knows of the ledger: as long as its commits succeed, nobody else
    wrote for this source meanwhile. After any error it must be thrown away.

    Args:
        kafka: The cluster.
        prefix: Put before topic names.
        source: The feed.
        codec: One for all.
        clock: For the instants of heartbeats and refusals.
        keys: Seal what is set aside; without them its content is not kept.
    """

    def __init__(  # its world: cluster, source, codec, time, key
        self,
        kafka: KafkaSettings,
        prefix: str,
        source: str,
        codec: Codec,
        clock: Clock,
        keys: Keyring | None = None,
    ) -> None:
        self._kafka = kafka
        self._prefix = prefix
        self._source = source
        self._codec = codec
        self._clock = clock
        self._aside = AsideWriter(source, codec, keys)
        count = partition_counts(kafka, [prefix + LEDGER])[prefix + LEDGER]
        self._topic = LedgerTopic(kafka, prefix + LEDGER, count, source, codec)
        self._producer: Producer | None = None
        self._ledger = Ledger()

    def judge(self, delivery: Delivery, rules: Rules) -> Verdicts:
        """What would become of a delivery; writes nothing and fences nobody.

        Raises:
            FileHeld: A human must look first.
            KafkaUnavailable: The ledger could not be read.
        """
        try:
            return Judge(delivery, self._topic.read(), self._codec).judge(rules)
        except KafkaException as error:
            raise away(error) from error

    def publish(self, delivery: Delivery, rules: Rules) -> Verdicts:
        """Publish a delivery, whole or not at all.

        Raises:
            FileHeld: A human must look first.
            FencedError: Another publication of the source took over; nothing was done.
            KafkaUnavailable: The commit failed; nothing was done.
        """
        try:
            producer = self.opened()
            verdicts = self._judged(delivery, rules)
            producer.begin_transaction()
            self._write(producer, verdicts, delivery, snapshot=rules.snapshot)
            producer.commit_transaction(COMMIT_PATIENCE_S)
        except KafkaException as error:
            raise self._explain(error) from error
        return verdicts

    def publish_together(self, deliveries: Sequence[tuple[Delivery, Rules]], along: Along) -> None:
        """Publish several deliveries in one transaction, each judged after the ones before it.

        Args:
            deliveries: In their order; one that a human must look at is left out, the others go on.
            along: Puts more into the transaction.

        Raises:
            FencedError: As ``publish``.
            KafkaUnavailable: The same.
        """
        try:
            producer = self.opened()
            judged = [self._judged_or_held(*one) for one in deliveries]
            producer.begin_transaction()
            for (delivery, rules), verdicts in zip(deliveries, judged, strict=True):
                if isinstance(verdicts, Verdicts):
                    self._write(producer, verdicts, delivery, snapshot=rules.snapshot)
            along(producer, judged)
            producer.commit_transaction(COMMIT_PATIENCE_S)
        except KafkaException as error:
            raise self._explain(error) from error

    def opened(self) -> Producer:
        """The producer, once whoever published for the source before is fenced.

        Raises:
            KafkaException: The cluster refuses or does not answer.
        """
        if self._producer is None:
            self._producer = transactional_producer(
                self._kafka, f"{self._prefix}beffroi-intake-{self._source}", TRANSACTION_TIMEOUT_MS
            )
            # Fence first, read then: nobody else of this source can write between the comparison and our commit.
            self._producer.init_transactions(COMMIT_PATIENCE_S)
            self._ledger = self._topic.read()
        return self._producer

    def _judged(self, delivery: Delivery, rules: Rules) -> Verdicts:
        """The verdicts, which the ledger learns before they are committed: after an error it is thrown away."""
        verdicts = Judge(delivery, self._ledger, self._codec).judge(rules)
        self._ledger.learn(verdicts.entries, delivery.instant if rules.snapshot else 0)
        return verdicts

    def _judged_or_held(self, delivery: Delivery, rules: Rules) -> Verdicts | FileHeld:
        try:
            return self._judged(delivery, rules)
        except FileHeld as error:
            return error

    def _explain(self, error: KafkaException) -> FencedError | KafkaUnavailable:
        if self._producer is not None and is_fenced(error.args[0], self._producer):
            return FencedError(
                f"another publication of source {self._source} began meanwhile; nothing of this one was taken",
                fix="publish this file again when the other one is done",
            )
        return away(error)

    def _write(self, producer: Producer, verdicts: Verdicts, delivery: Delivery, *, snapshot: bool) -> None:
        send = sender(producer)
        self._send_events(send, verdicts, delivery)
        topic, partition, key, value = self._topic.topic, self._topic.partition, self._topic.key, self._topic.value
        for (kind, source_key), entry in verdicts.entries.items():
            send(topic, key(kind, source_key), value(entry), partition=partition)
        if snapshot:
            send(topic, *self._topic.mark(SNAPSHOT, delivery.instant), partition=partition)
        if not in_sandbox(self._source):  # invented: nobody corrects it, and its source is never late
            self._send_words(send, verdicts, delivery)

    def _send_words(self, send: Callable[..., None], verdicts: Verdicts, delivery: Delivery) -> None:
        """What operators learn: when something was new, what was set aside, when the source was heard."""
        now, key_of_source = self._clock(), self._source.encode()
        if verdicts.outgoing and not delivery.replayed:
            self._ledger.news = to_millis(now)
            send(self._topic.topic, *self._topic.mark(NEWS, self._ledger.news), partition=self._topic.partition)
        for told in self._aside.told(delivery, verdicts, now):
            send(self._prefix + QUARANTINE, key_of_source, told)
        if not delivery.replayed:  # nobody was heard: the operator mends what came before
            send(self._prefix + HEARTBEATS, key_of_source, self._heartbeat(verdicts, delivery, now))

    def _send_events(self, send: Callable[..., None], verdicts: Verdicts, delivery: Delivery) -> None:
        instant = from_millis(delivery.instant).isoformat()
        common = [
            ("ce_specversion", b"1.0"),
            ("ce_source", f"urn:beffroi:source:{self._source}".encode()),
            ("ce_time", instant.encode()),
        ]
        topics = {contract: self._prefix + topic for contract, topic in _topics(verdicts, self._source).items()}
        usual = stamp(delivery.instant, delivery.instant)
        for one in verdicts.outgoing:
            version = one.entry.version
            at = delivery.instant if one.instant is None else one.instant
            mark = usual if version == at == delivery.instant else stamp(version, at)
            identity = event_id(self._source, one.form.kind, one.source_key, version)
            send(
                topics[one.form.contract], one.entry.root.encode(), one.form.stamped(one.content, mark),
                headers=headers(one, identity, common),
            )  # fmt: skip

    def _heartbeat(self, verdicts: Verdicts, delivery: Delivery, now: datetime) -> bytes:
        tally = delivery.tally(verdicts.found)
        record = {
            "source": self._source,
            "format": delivery.format,
            "data_as_of": from_millis(delivery.instant),
            "heard_at": now,
            "accepted": tally.accepted,
            "duplicates": tally.duplicate + tally.outdated,
            "refused": len(delivery.refused) + tally.conflict,
            "file": delivery.name,
            "last_event_at": from_millis(self._ledger.news) if self._ledger.news else None,
        }
        return self._codec.encode(HEARTBEAT, record)


def _topics(verdicts: Verdicts, source: str) -> dict[str, str]:
    sandbox = in_sandbox(source)
    return {one.form.contract: SANDBOX if sandbox else one.form.topic for one in verdicts.outgoing}


def away(error: KafkaException) -> KafkaUnavailable:
    """What a failure of the cluster means for who publishes."""
    return KafkaUnavailable(
        f"the publication was not committed: {error.args[0].str()}; nothing of it was taken",
        fix="publish it again once Kafka answers",
    )


def sender(producer: Producer) -> Callable[..., None]:
    """Produces, waiting when the producer's queue is full; delivery errors surface in the commit."""
    sent = 0

    def send(topic: str, key: bytes, value: bytes, **where: Any) -> None:  # noqa: ANN401  # partition or headers
        nonlocal sent
        sent += 1
        if sent % _POLL_EVERY == 0:
            producer.poll(0)
            while len(producer) > _WAITING:
                producer.poll(0.01)
        while True:
            try:
                producer.produce(topic, key=key, value=value, **where)
            except BufferError:
                producer.poll(0.1)
            else:
                return

    return send
