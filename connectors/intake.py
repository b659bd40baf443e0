"""The one pipeline for everything that partners hand over: parse, map, validate, protect, compare, publish, answer.

What is handed over is published in one Kafka transaction: events, ledger, heartbeat and quarantine together, or
nothing. A record that is refused leaves its neighbours alone.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from time import perf_counter
from typing import Final, NamedTuple, TypedDict, TypeVar, Unpack

import stamina
from confluent_kafka import KafkaException, Producer

from connectors.alone import Alone, single
from connectors.delivery import ALL_KEPT_BYTES, Delivery, collect
from connectors.failures import COMMAND, Failures, cause
from connectors.formats import format_named
from connectors.formats.base import Context, Format, Problem, Refused
from connectors.inputs import Input
from connectors.kafka import registry
from connectors.kafka.admin import await_broker
from connectors.kafka.settings import KafkaSettings
from connectors.ledger import Ledger
from connectors.privacy import Pseudonymiser
from connectors.publication import Publisher, away
from connectors.report import Report
from connectors.sealing import Keyring
from connectors.verdicts import CONFLICT, Judge, Rules, Verdicts
from schemas.clock import PARIS, Clock
from schemas.codec import Codec
from schemas.errors import FencedError, FileHeld, FileRefused, KafkaUnavailable
from schemas.territory.areas import Territory

#: A person waits for the first answer of the broker no longer than this.
BROKER_PATIENCE_S: Final = 5.0
#: Two publications of one source fence each other: who lost tries again, each time against what the others took.
ATTEMPTS: Final = 5

_INSTANT: Final = re.compile(
    r"(?<!\d)(20\d{2})-?(\d{2})-?(\d{2})(?:[T_ -](\d{2})[-:h]?(\d{2})(?:[-:]?(\d{2}))?)?(?!\d)"
)


class Terms(TypedDict, total=False):
    """How something is to be taken; everything may be left out.

    Attributes:
        source: The feed; the format's own when left out.
        as_of: The data's instant, when the file's name does not say it.
        snapshot: It is the source's whole truth: what it lacks is withdrawn.
        confirm: Take a snapshot that lost many records.
        atomic: Take all records or none.
        refuse_conflicts: Refuse another content under a version that was published; else it counts as a correction.
        dry_run: Do everything but publish.
    """

    source: str | None
    as_of: datetime | None
    snapshot: bool
    confirm: bool
    atomic: bool
    refuse_conflicts: bool
    dry_run: bool


class Handed(NamedTuple):
    """One of several things that are handed over together.

    Attributes:
        data: Itself.
        form: Its format.
        terms: How it is to be taken; ``source``, ``atomic`` and ``dry_run`` say nothing here.
    """

    data: Input
    form: Format
    terms: Terms


class _Read(NamedTuple):
    """A delivery that was read, and how it is to be judged."""

    delivery: Delivery
    rules: Rules
    instant: tuple[datetime, str]
    began: float

    def report(self, verdicts: Verdicts, *, published: bool) -> Report:
        return Report(self.delivery, verdicts, self.instant, perf_counter() - self.began, published=published)


#: Told, inside a transaction, what becomes of each thing: puts the answers into it.
Tell = Callable[[Producer, Sequence[Report | FileRefused]], None]
_T = TypeVar("_T")
#: Judges a delivery by some rules and, unless it is a trial, publishes it.
Decide = Callable[[Delivery, Rules, bool], Verdicts]


class Intake:
    """Takes what partners hand over.

    Args:
        kafka: The cluster; None where things are only checked.
        prefix: Put before topic names.
        pseudonyms: For persons.
        territory: Tells whether places are known.
        clock: For the instants of heartbeats and refusals.
        keys: Seal records that are set aside; without them their content is not kept.
        door: By which way things come in, for those who are told what could not be taken.
    """

    def __init__(  # noqa: PLR0913  # its world: cluster, tables, keys, time
        self,
        kafka: KafkaSettings | None,
        *,
        prefix: str,
        pseudonyms: Pseudonymiser,
        territory: Territory,
        clock: Clock,
        keys: Keyring | None = None,
        door: str = COMMAND,
    ) -> None:
        self._kafka = kafka
        self._prefix = prefix
        self._pseudonyms = pseudonyms
        self._territory = territory
        self._clock = clock
        self._keys = keys
        self._codec = registry.codec(kafka) if kafka else Codec()
        self._failures = Failures(kafka, prefix, door, codec=self._codec, clock=clock) if kafka else None
        self._publishers: dict[str, Publisher] = {}
        self._locks: dict[str, Lock] = {}

    def publish_file(self, path: Path, format_name: str, **terms: Unpack[Terms]) -> Report:
        """Publish a file, whole or not at all: see ``publish``."""
        form = format_named(format_name)
        if self._kafka is not None:
            self.reach()  # before a long file is read for nothing
        with Input.of_path(path) as data:
            return self.publish(data, form.name, **terms)

    def reach(self) -> None:
        """See that a broker answers; raises KafkaUnavailable when none does."""
        if self._kafka is None:
            raise KafkaUnavailable("no Kafka is configured here", fix="set BEFFROI_KAFKA, or only check")
        await_broker(self._kafka, BROKER_PATIENCE_S)

    def instant(self, data: Input, format_name: str) -> datetime:
        """The instant under which something would be published; raises FileRefused when there is no such format."""
        return _instant(data, format_named(format_name), None, self._clock)[0]

    def publish(self, data: Input, written: str | Format, **terms: Unpack[Terms]) -> Report:
        """Publish something.

        Args:
            data: What is handed over.
            written: Its format, or the name of that.
            terms: See ``Terms``.

        Raises:
            FileRefused: It is broken as a whole; FileHeld when a human must look.
            KafkaUnavailable: No broker answers; nothing was done.
            FencedError: Others of the same source took over each time; nothing was done.
        """
        form = _format(written)
        source, tried = terms.get("source") or form.default_source, terms.get("dry_run", False)
        with nullcontext() if self._failures is None or tried else self._failures.noting(source):
            return self._take(data, form, terms, self._publish)

    def note(self, source: str, found: str | None) -> None:
        """Tell that something of a source did not come so far as to be published; see ``connectors.failures``."""
        if self._failures is not None:
            self._failures.note(source, found)

    def open(self, source: str) -> None:
        """Take a source over: whatever publication of it was cut off is undone now, and not when its time is up.

        Raises:
            KafkaUnavailable: No broker answers.
        """
        with self._locks.setdefault(source, Lock()):
            if source not in self._publishers:
                publisher = self._opened(source)
                try:
                    publisher.opened()
                except KafkaException as error:
                    raise away(error) from error
                self._publishers[source] = publisher

    def publish_together(self, handed: Sequence[Handed], source: str, tell: Tell) -> None:
        """Publish several things of one source, and the answers to them, in one transaction.

        Args:
            handed: In their order; one that is broken or held gets that for its answer, the others go on.
            source: The feed.
            tell: Puts the answers into the transaction. It is called again when others of the source took over.

        Raises:
            KafkaUnavailable: No broker answers, or the commit failed; nothing was done.
            FencedError: Others of the same source took over each time; nothing was done.
        """
        read, room = list[_Read | FileRefused](), ALL_KEPT_BYTES
        outcomes: Sequence[Report | FileRefused] = ()
        for one in handed:
            read.append(found := self._read_or_refused(one, source, room))
            room -= found.delivery.kept_bytes if isinstance(found, _Read) else 0
        sound = [one for one in read if isinstance(one, _Read)]

        def along(producer: Producer, judged: Sequence[Verdicts | FileHeld]) -> None:
            nonlocal outcomes
            outcomes = _outcomes(read, judged)
            tell(producer, outcomes)

        deliveries = [(one.delivery, one.rules) for one in sound]
        self._exclusively(source, lambda publisher: publisher.publish_together(deliveries, along))
        self._note_refused(source, outcomes)

    def _note_refused(self, source: str, outcomes: Iterable[Report | FileRefused]) -> None:
        for one in outcomes:
            if isinstance(one, FileRefused):
                self.note(source, cause(one))

    def _read_or_refused(self, one: Handed, source: str, room: int) -> _Read | FileRefused:
        try:
            return self._read(one.data, one.form, {**one.terms, "source": source}, room)
        except FileRefused as error:
            return error

    def check(
        self, data: Input, written: str | Format, ledger: Ledger | None = None, **terms: Unpack[Terms]
    ) -> Report:  # fmt: skip
        """The answer that something would get from the bus; needs no broker, publishes nothing.

        Args:
            data: What would be handed over.
            written: Its format, or the name of that.
            ledger: What was checked before, to which this is added; an empty bus when left out.
            terms: See ``Terms``.

        Raises:
            FileRefused: It is broken as a whole; FileHeld when a human must look.
        """
        known = ledger or Ledger()

        def rehearse(delivery: Delivery, rules: Rules, dry_run: bool) -> Verdicts:  # noqa: FBT001  # as all ways of deciding
            verdicts = Judge(delivery, known, self._codec).judge(rules)
            if not dry_run:
                known.learn(verdicts.entries, delivery.instant if rules.snapshot else 0)
            return verdicts

        return self._take(data, _format(written), terms, rehearse, rehearsed=True)

    def replay(
        self, records: Sequence[Alone], form: Format, source: str, as_of: datetime, *, dry_run: bool = False
    ) -> Report:  # fmt: skip
        """Publish records that had been set aside, under the instant of the data that they came with.

        What the bus knows of each thing in data as new, or newer, stands. No heartbeat is sent, and nothing is set
        aside again: a record that is refused once more lies where it lay.

        Args:
            records: Each as a file of its own.
            form: Their format.
            source: The feed.
            as_of: Instant of their data.
            dry_run: Do everything but publish.

        Raises:
            KafkaUnavailable: No broker answers; nothing was done.
            FencedError: Others of the same source took over each time; nothing was done.
        """
        began = perf_counter()
        context = Context(source, as_of, self._pseudonyms, self._territory)
        delivery = collect(single(records, form, context), form, context, "quarantine", self._codec)
        delivery.replayed = tuple(one.replayed for one in records)
        verdicts = self._publish(delivery, Rules(refuse_conflicts=True), dry_run)
        return Report(delivery, verdicts, (as_of, "its delivery"), perf_counter() - began, published=not dry_run)

    def close(self) -> None:
        """Let go of the sources that were published for."""
        self._publishers.clear()

    def _take(
        self, data: Input, form: Format, terms: Terms, decide: Decide, *, rehearsed: bool = False
    ) -> Report:  # fmt: skip
        read = self._read(data, form, terms)
        if terms.get("atomic"):
            read = read._replace(delivery=self._all_or_none(read.delivery, read.rules, decide))
        verdicts = decide(read.delivery, read.rules, terms.get("dry_run", False))
        return read.report(verdicts, published=not (rehearsed or terms.get("dry_run", False)))

    def _read(self, data: Input, form: Format, terms: Terms, room: int = ALL_KEPT_BYTES) -> _Read:
        began = perf_counter()
        if terms.get("snapshot") and not form.snapshots:
            raise FileRefused(f"{form.name} never holds a source's whole truth", fix="publish it without --snapshot")
        instant, origin = _instant(data, form, terms.get("as_of"), self._clock)
        context = Context(terms.get("source") or form.default_source, instant, self._pseudonyms, self._territory)
        delivery = collect(form.read(data, context), form, context, data.name, self._codec, room)
        rules = Rules(
            terms.get("snapshot", False), terms.get("confirm", False), terms.get("refuse_conflicts", False)
        )  # fmt: skip
        return _Read(delivery, rules, (instant, origin), began)

    @staticmethod
    def _all_or_none(delivery: Delivery, rules: Rules, decide: Decide) -> Delivery:
        """The delivery itself, or the same with every record refused because one of them is."""
        if not delivery.refused:
            found = decide(delivery, rules, True).found.values()  # noqa: FBT003  # a trial
            if not any(verdict == CONFLICT for verdict, _ in found):
                return delivery
        alone = (
            Refused((Problem(line, "", "atomic", "another record of the same request is refused", _ATOMIC_FIX),))
            for line in delivery.lines
        )
        return delivery.without_records([*delivery.refused, *alone])

    def _publish(self, delivery: Delivery, rules: Rules, dry_run: bool) -> Verdicts:  # noqa: FBT001  # the same
        if dry_run:
            return self._opened(delivery.source).judge(delivery, rules)
        return self._exclusively(delivery.source, lambda publisher: publisher.publish(delivery, rules))

    def _exclusively(self, source: str, work: Callable[[Publisher], _T]) -> _T:
        """Work with the publisher of a source, again when others of the source took over meanwhile."""
        for attempt in stamina.retry_context(on=FencedError, attempts=ATTEMPTS, timeout=None, wait_initial=0.5):
            with attempt, self._locks.setdefault(source, Lock()):
                # Taken out while it works: after an error its transaction and its ledger are not to be trusted.
                kept = self._publishers.pop(source, None)
                if kept is not None:
                    with suppress(FencedError, FileHeld):  # perhaps another process published: look at the bus anew
                        return self._through(kept, source, work)
                return self._through(self._opened(source), source, work)
        raise AssertionError  # unreachable: the last attempt returns or raises

    def _through(self, publisher: Publisher, source: str, work: Callable[[Publisher], _T]) -> _T:
        done = work(publisher)
        self._publishers[source] = publisher
        return done

    def _opened(self, source: str) -> Publisher:
        self.reach()
        assert self._kafka is not None  # noqa: S101  # or it was not reached
        return Publisher(self._kafka, self._prefix, source, self._codec, self._clock, self._keys)


_ATOMIC_FIX: Final = "correct the refused records, then send all of them again"


def _outcomes(
    read: Sequence[_Read | FileRefused], judged: Iterable[Verdicts | FileHeld]
) -> list[Report | FileRefused]:  # fmt: skip
    """What became of each thing; only those that could be read were judged."""
    left = iter(judged)
    return [one if isinstance(one, FileRefused) else _outcome(one, next(left)) for one in read]


def _outcome(read: _Read, judged: Verdicts | FileHeld) -> Report | FileRefused:
    return judged if isinstance(judged, FileHeld) else read.report(judged, published=True)


def _format(written: str | Format) -> Format:
    return format_named(written) if isinstance(written, str) else written


def _instant(data: Input, form: Format, as_of: datetime | None, clock: Clock) -> tuple[datetime, str]:
    """The instant of the data, and where it was found."""
    named = instant_in(data.name)
    if named is not None:
        return named, "its name"
    told = form.instant_of(data)
    if told is not None:
        return told, "its content"
    if as_of is not None:
        return as_of.astimezone(UTC), "--as-of"
    if data.modified is not None:
        return data.modified, "its modification time"
    return clock(), "its arrival"


def instant_in(name: str) -> datetime | None:
    """The instant that the name of a file tells, in UTC.

    A name such as ``stagiaires_2018-11-20T08-30.csv`` or ``…_20181120.csv`` speaks of Europe/Paris.
    """
    for found in _INSTANT.finditer(name):
        try:
            local = datetime(*(int(part or 0) for part in found.groups()), tzinfo=PARIS)  # type: ignore[misc,arg-type]  # six numbers
        except ValueError:
            continue
        return local.astimezone(UTC)
    return None
