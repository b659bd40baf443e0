"""The operator's workbench: looks at what was set aside, mends it, publishes it by the one pipeline, or drops it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from confluent_kafka import KafkaException

from connectors.alone import Alone
from connectors.delivery import Replayed
from connectors.formats import format_named, formats
from connectors.formats.base import Format
from connectors.intake import Intake
from connectors.kafka.clients import ANSWER_PATIENCE_S, reader, transactional_producer
from connectors.kafka.reading import read_to_end
from connectors.kafka.settings import KafkaSettings
from connectors.quarantine.board import Aside, Board
from connectors.quarantine.offering import Offering
from connectors.quarantine.outcomes import Done, away, closing
from connectors.report import Report, Verdict
from connectors.sealing import Keyring
from schemas.clock import Clock
from schemas.codec import Codec
from schemas.errors import FileRefused, QuarantineError
from schemas.topics import QUARANTINE

#: Fewer characters of an id would soon name two records.
_SHORTEST = 4


@dataclass(frozen=True, slots=True)
class Picked:
    """Which records are meant; what is left out picks all.

    Attributes:
        ids: Beginnings of ids.
        sources: Feeds.
        field: The field concerned.
        code: Cause.
    """

    ids: tuple[str, ...] = ()
    sources: frozenset[str] | None = None
    field: str | None = None
    code: str | None = None

    @property
    def is_all(self) -> bool:
        """Whether it names nothing at all."""
        return not self.ids and self.sources is None and self.field is None and self.code is None

    def takes(self, one: Aside) -> bool:
        """Whether a record is meant."""
        return (
            (not self.ids or one.record_id.startswith(self.ids))
            and (self.sources is None or one.source in self.sources)
            and (self.field is None or one.pointer == self.field)
            and (self.code is None or one.code == self.code)
        )


class Workbench:
    """Works on the quarantine of a deployment.

    Args:
        kafka: The cluster.
        prefix: Put before topic names.
        codec: One for all.
        keys: Open what is sealed.
        clock: For the instant of an outcome.
    """

    def __init__(self, kafka: KafkaSettings, prefix: str, *, codec: Codec, keys: Keyring, clock: Clock) -> None:
        self._kafka = kafka
        self._prefix = prefix
        self._codec = codec
        self._keys = keys
        self._clock = clock
        self._offering = Offering(kafka, prefix, codec, clock)

    def open(self, picked: Picked) -> list[Aside]:
        """The records that wait, the first ones first.

        Raises:
            QuarantineError: An id names none of them, or several.
            KafkaUnavailable: The topic cannot be read.
        """
        board = Board()
        consumer = reader(self._kafka)
        try:
            for message in read_to_end(consumer, [(self._prefix + QUARANTINE, 0)]):
                board.take(*self._codec.decode(message.value() or b""))
        except KafkaException as error:
            raise away(error) from error
        finally:
            consumer.close()
        for begin in picked.ids:
            _check_id(begin, board.open)
        return [one for one in board.open.values() if picked.takes(one)]

    def content(self, one: Aside) -> bytes:
        """The record as the partner sent it, alone in a file of its format.

        Raises:
            QuarantineError: It was not kept, or its key is not here.
        """
        if one.is_event:
            raise QuarantineError(
                f"it lies on the bus itself, in {one.file} at {one.pointer}",
                fix="upgrade the workers, then `beffroi quarantine replay`",
            )
        if one.sealed is None or one.data_as_of is None:
            raise QuarantineError(
                "its content was not kept: it held what looks like a NIR, was too long, or came among too many others",
                fix="ask the partner to send it again, and drop this one",
            )
        return self._keys.open(one.sealed, one.record_id)

    def replay(self, intake: Intake, records: Sequence[Aside], *, dry_run: bool) -> list[Done]:
        """Publish records as they were sent, those of older data first.

        Raises:
            KafkaUnavailable: No broker answers; what was not told as done is as it was.
            FencedError: Others of the same source took over each time.
        """
        done = []
        ready: list[tuple[Aside, Alone]] = []
        for one in (one for one in records if not one.is_event):
            try:
                ready.append((one, Alone(self.content(one), Replayed(one.record_id))))
            except QuarantineError as error:
                done.append(Done(one, why=error.message, fix=error.fix))
        for batch in _batches(ready):
            done += self._published(intake, batch, dry_run=dry_run)
        done += self._offering.offer([one for one in records if one.is_event], dry_run=dry_run)
        return done

    def fix(
        self, intake: Intake, one: Aside, content: bytes, corrected: Iterable[str], *, dry_run: bool
    ) -> Done:  # fmt: skip
        """Publish a record with other content; see ``replay`` for further errors.

        Raises:
            QuarantineError: Nobody knows the instant of its data.
        """
        if one.data_as_of is None:
            raise QuarantineError(
                "the instant of its data is not known: an event of the bus, or set aside by an older version",
                fix="have its source publish it again, and drop it here",
            )
        alone = Alone(content, Replayed(one.record_id, tuple(corrected)))
        (done,) = self._published(intake, [(one, alone)], dry_run=dry_run)
        return done

    def drop(self, records: Sequence[Aside]) -> list[Done]:
        """Close records without publishing them; all of them or none.

        Raises:
            KafkaUnavailable: Nothing was done.
        """
        done = [Done(one, "DROPPED") for one in records]
        try:
            producer = transactional_producer(self._kafka, f"{self._prefix}beffroi-quarantine")
            producer.init_transactions(ANSWER_PATIENCE_S)
            producer.begin_transaction()
            for key, value in closing(done, self._codec, self._clock()):
                producer.produce(self._prefix + QUARANTINE, key=key, value=value)
            producer.commit_transaction(ANSWER_PATIENCE_S)
        except KafkaException as error:
            raise away(error) from error
        return done

    def _published(
        self, intake: Intake, batch: Sequence[tuple[Aside, Alone]], *, dry_run: bool
    ) -> list[Done]:  # fmt: skip
        first = batch[0][0]
        try:
            form = _format(first.format)
        except FileRefused as error:
            return [Done(one, why=error.message, fix=error.fix) for one, _ in batch]
        assert first.data_as_of is not None  # noqa: S101  # or it is an event, which has no content
        report = intake.replay([alone for _, alone in batch], form, first.source, first.data_as_of, dry_run=dry_run)
        return list(_told([one for one, _ in batch], report))


def _told(records: Sequence[Aside], report: Report) -> Iterator[Done]:
    verdicts: dict[int, Verdict] = {one.line: one for one in report.verdicts()}
    for line, one in enumerate(records, 1):
        settled = report.settled.get(line)
        if settled is not None:
            yield Done(one, settled.outcome, event_id=settled.event_id)
        else:
            problem = verdicts[line].problems[0]
            where = f"{problem.pointer}: " if problem.pointer else ""
            yield Done(one, why=f"{where}{problem.code}, {problem.message}", fix=problem.fix)


def _batches(ready: Iterable[tuple[Aside, Alone]]) -> Iterator[list[tuple[Aside, Alone]]]:
    """Together what came with the same data of a source: one transaction; older data first."""

    def of(each: tuple[Aside, Alone]) -> tuple[datetime, str, str]:
        assert each[0].data_as_of is not None  # noqa: S101  # or its content could not be had
        return each[0].data_as_of, each[0].source, each[0].format

    for _, batch in groupby(sorted(ready, key=of), key=of):
        yield list(batch)


def _format(name: str) -> Format:
    """A partner's format, or a contract that came through the gateway's door; raises FileRefused."""
    if name in formats():
        return format_named(name)
    from connectors.gateway.contracts import contract_formats

    return contract_formats().get(name) or format_named(name)


def _check_id(begin: str, known: Iterable[str]) -> None:
    found = [one for one in known if one.startswith(begin)]
    if len(begin) < _SHORTEST or len(found) != 1:
        raise QuarantineError(
            f"{len(found)} records that wait have an id that begins with {begin}",
            fix="`beffroi quarantine ls --records` gives the ids; write more of it",
        )
