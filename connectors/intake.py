"""The one pipeline for everything that partners hand over: parse, map, validate, protect, compare, publish.

A file is published in one Kafka transaction: events, ledger, heartbeat and quarantine together, or nothing.
"""

import json
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import stamina
from confluent_kafka import KafkaException, Producer

from connectors.formats import FORMATS
from connectors.formats.base import Context, Reading, RefusedRow
from connectors.kafka import registry
from connectors.kafka.admin import await_broker, partition_counts
from connectors.kafka.clients import is_fenced, transactional_producer
from connectors.kafka.settings import KafkaSettings
from connectors.ledger import LedgerTopic
from connectors.privacy import Pseudonymiser
from connectors.report import Report
from connectors.verdicts import Judge, Verdicts, headers
from schemas.clock import PARIS, Clock, to_millis
from schemas.codec import Codec
from schemas.contracts import HEARTBEAT, QUARANTINED
from schemas.errors import FencedError, FileRefused, KafkaUnavailable
from schemas.territory.areas import Territory
from schemas.topics import HEARTBEATS, LEDGER, QUARANTINE, TRAINING_EVENTS

#: A person waits for the first answer of the broker no longer than this.
BROKER_PATIENCE_S: Final = 5.0
#: A file of 100,000 rows is written in 3 s; a transaction that takes longer than this hides others' events too long.
TRANSACTION_TIMEOUT_MS: Final = 60_000
COMMIT_PATIENCE_S: Final = 60.0
#: Refused rows of one file that are kept for correction; the report counts them all.
QUARANTINED_ROWS: Final = 10_000
#: Two publications of one source fence each other: who lost tries again, each time against what the others took.
ATTEMPTS: Final = 5
#: RFC 9562 §6.6: ids of events are made from names in a namespace of our own.
EVENT_NAMESPACE: Final = uuid.UUID("b0b5d3b4-7a0c-5f0e-9a55-6f3c2c1d8e10")

_INSTANT: Final = re.compile(
    r"(?<!\d)(20\d{2})-?(\d{2})-?(\d{2})(?:[T_ -](\d{2})[-:h]?(\d{2})(?:[-:]?(\d{2}))?)?(?!\d)"
)


class Intake:
    """Takes partners' files.

    Args:
        kafka: The cluster.
        prefix: Put before topic names.
        pseudonyms: For persons.
        territory: Tells whether places are known.
        clock: For the instants of heartbeats and refusals.
    """

    def __init__(
        self, kafka: KafkaSettings, *, prefix: str, pseudonyms: Pseudonymiser, territory: Territory, clock: Clock
    ) -> None:
        self._kafka = kafka
        self._prefix = prefix
        self._pseudonyms = pseudonyms
        self._territory = territory
        self._clock = clock
        self._codec = registry.codec(kafka)

    def publish_file(
        self, path: Path, format_name: str, *, source: str | None = None, as_of: datetime | None = None,
        snapshot: bool = False, confirm: bool = False,
    ) -> Report:  # fmt: skip
        """Publish a file, whole or not at all.

        Args:
            path: The file.
            format_name: How it is written.
            source: The feed; the format's own when left out.
            as_of: The data's instant, when the file's name does not say it.
            snapshot: The file is the source's whole truth: what it lacks is withdrawn.
            confirm: Take a snapshot that lost many rows.

        Raises:
            FileRefused: The file is broken as a whole; FileHeld when a human must look.
            KafkaUnavailable: No broker answers; nothing was done.
            FencedError: Others of the same source took over each time; nothing was done.
        """
        began = perf_counter()
        form = FORMATS.get(format_name)
        if form is None:
            raise FileRefused(f"there is no format {format_name}", fix=f"known formats: {', '.join(FORMATS)}")
        await_broker(self._kafka, BROKER_PATIENCE_S)
        feed = source or form.default_source
        instant, origin = instant_of(path, as_of)
        reading = form.read(path, Context(feed, instant, self._pseudonyms, self._territory))
        publication = _Publication(self._kafka, self._prefix, feed, format_name, self._codec, self._clock)
        delivery = _Delivery(path.name, instant, reading, snapshot)
        for attempt in stamina.retry_context(on=FencedError, attempts=ATTEMPTS, timeout=None, wait_initial=0.5):
            with attempt:
                verdicts = publication.publish(delivery, confirm=confirm)
        return Report(
            file=path.name, source=feed, encoding=reading.encoding, as_of=instant, as_of_from=origin,
            rows=reading.rows, accepted=verdicts.accepted, duplicate=verdicts.duplicate + reading.repeated,
            outdated=verdicts.outdated, refused=tuple(row.problem for row in reading.refused),
            warnings=tuple(reading.warnings), contradictions=tuple(reading.contradictions),
            withdrawn=verdicts.withdrawn, events=len(verdicts.outgoing), seconds=perf_counter() - began,
        )  # fmt: skip


def instant_of(path: Path, as_of: datetime | None) -> tuple[datetime, str]:
    """The instant of a file's data, and where it was found: its name, else what was said, else its modification time.

    A name such as ``stagiaires_2018-11-20T08-30.csv`` or ``…_20181120.csv`` speaks of Europe/Paris.
    """
    for found in _INSTANT.finditer(path.name):
        try:
            local = datetime(*(int(part or 0) for part in found.groups()), tzinfo=PARIS)  # type: ignore[misc,arg-type]  # six numbers
        except ValueError:
            continue
        return local.astimezone(UTC), "its name"
    if as_of is not None:
        return as_of.astimezone(UTC), "--as-of"
    try:
        modified = path.stat().st_mtime
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise FileRefused(f"{path} cannot be read: {reason}", fix="check the path and its permissions") from None
    return datetime.fromtimestamp(int(modified), UTC), "its modification time"


@dataclass(frozen=True, slots=True)
class _Delivery:
    """A file that was read."""

    name: str
    instant: datetime
    reading: Reading
    snapshot: bool


class _Publication:
    """One file on its way: fence, compare, write."""

    def __init__(
        self, kafka: KafkaSettings, prefix: str, source: str, format_name: str, codec: Codec, clock: Clock
    ) -> None:
        self._kafka = kafka
        self._prefix = prefix
        self._source = source
        self._format = format_name
        self._codec = codec
        self._clock = clock

    def publish(self, file: _Delivery, *, confirm: bool) -> Verdicts:
        count = partition_counts(self._kafka, [self._prefix + LEDGER])[self._prefix + LEDGER]
        ledger = LedgerTopic(self._kafka, self._prefix + LEDGER, count, self._source, self._codec)
        producer = transactional_producer(
            self._kafka, f"{self._prefix}beffroi-intake-{self._source}", TRANSACTION_TIMEOUT_MS
        )
        try:
            # Fence first, read then: nobody else of this source can write between the comparison and our commit.
            producer.init_transactions(COMMIT_PATIENCE_S)
            judge = Judge(self._source, file.instant, ledger.read(), self._codec)
            verdicts = judge.judge(file.reading.events)
            if file.snapshot:
                judge.withdraw_vanished(file.reading.events, verdicts, confirm=confirm)
            self._write(producer, ledger, verdicts, file)
        except KafkaException as error:
            raise self._explain(error, producer) from error
        return verdicts

    def _explain(self, error: KafkaException, producer: Producer) -> FencedError | KafkaUnavailable:
        if is_fenced(error.args[0], producer):
            return FencedError(
                f"another publication of source {self._source} began meanwhile; nothing of this one was taken",
                fix="publish this file again when the other one is done",
            )
        return KafkaUnavailable(
            f"the publication was not committed: {error.args[0].str()}; nothing of it was taken",
            fix="publish it again once Kafka answers",
        )

    def _write(self, producer: Producer, ledger: LedgerTopic, verdicts: Verdicts, file: _Delivery) -> None:
        instant = file.instant
        producer.begin_transaction()
        send = _sender(producer)
        common = {"ce_source": f"urn:beffroi:source:{self._source}", "ce_time": instant.isoformat()}
        for one in verdicts.outgoing:
            event_id = str(uuid.uuid5(EVENT_NAMESPACE, f"{self._source}\x1f{one.source_key}\x1f{instant.timestamp()}"))
            send(self._prefix + TRAINING_EVENTS, one.root.encode(), one.wire, headers=headers(one, common, event_id))
        for one in verdicts.outgoing:
            send(
                ledger.topic, ledger.key(one.kind, one.source_key), ledger.value(one.entry), partition=ledger.partition
            )
        if file.snapshot:
            key, value = ledger.snapshot_entry(to_millis(instant))
            send(ledger.topic, key, value, partition=ledger.partition)
        for row in file.reading.refused[:QUARANTINED_ROWS]:
            send(self._prefix + QUARANTINE, self._source.encode(), self._quarantined(file.name, row))
        send(self._prefix + HEARTBEATS, self._source.encode(), self._heartbeat(verdicts, file.reading, instant))
        producer.commit_transaction(COMMIT_PATIENCE_S)

    def _heartbeat(self, verdicts: Verdicts, reading: Reading, instant: datetime) -> bytes:
        record = {
            "source": self._source,
            "format": self._format,
            "data_as_of": instant,
            "heard_at": self._clock(),
            "accepted": verdicts.accepted,
            "duplicates": verdicts.duplicate + reading.repeated,
            "refused": len(reading.refused),
        }
        return self._codec.encode(HEARTBEAT, record)

    def _quarantined(self, name: str, row: RefusedRow) -> bytes:
        problem = row.problem
        record: Mapping[str, Any] = {
            "source": self._source,
            "format": self._format,
            "file": name,
            "line": problem.line,
            "pointer": problem.pointer,
            "code": problem.code,
            "shape": problem.shape,
            "message": problem.message,
            "fix": problem.fix,
            "received_at": self._clock(),
            "content": json.dumps(row.content) if row.content else None,
        }
        return self._codec.encode(QUARANTINED, record)


def _sender(producer: Producer) -> Callable[..., None]:
    """Produces, waiting when the producer's queue is full; delivery errors surface in the commit."""

    def send(topic: str, key: bytes, value: bytes, **where: Any) -> None:  # noqa: ANN401  # partition or headers
        while True:
            try:
                producer.produce(topic, key=key, value=value, **where)
            except BufferError:
                producer.poll(0.1)
            else:
                producer.poll(0)
                return

    return send
