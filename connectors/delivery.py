"""What was handed over, once it is read: each thing it speaks of, held as little as its encoded content."""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from connectors.envelope import BLANK, WITHDRAWN, Shape, blank, shape, source_on_wire
from connectors.formats.base import Context, Contradiction, Event, Format, Item, Notes, Problem, Refused
from connectors.ledger import digest
from connectors.privacy import may_not_be_kept
from schemas.clock import to_millis
from schemas.codec import Codec
from schemas.contracts import TRAINING_ENROLMENT, sources
from schemas.errors import FileRefused
from schemas.validation import take

#: Kind (short name of the contract) and source key.
Key = tuple[str, str]
_Held = tuple[Key, "Thing"]

#: Refused records of one delivery of which something is kept for correction; the report counts them all.
KEPT_FOR_CORRECTION: Final = 10_000
#: So many refused records with hardly one that is taken: it is another format, or an attack that wants an answer to
#: each of a million empty records in 3 MB; they would take minutes, and a gigabyte of memory.
HOPELESS: Final = 10_000
#: Hardly one: so many are refused for each that is taken.
_HARDLY: Final = 100
#: Bytes of one refused record that are kept, sealed: the largest record that any known system sends has 60 kB.
KEPT_BYTES: Final = 256 << 10
#: Bytes of all of them in one transaction together, sealed at its end.
ALL_KEPT_BYTES: Final = 16 << 20
_PEOPLE: Final = frozenset({TRAINING_ENROLMENT.rpartition(".")[2]})


class Thing(NamedTuple):
    """One thing, as the record that won speaks of it.

    Attributes:
        form: The shape of its contract.
        root: Key on the bus.
        inside: Key inside the root.
        content: Wire bytes with version and instant 0.
        digest: Of the content.
        version: The source's own revision; None for the instant of the whole.
        rank: Decides between records of one delivery.
        alias: See ``Event``.
        withdrawn: See ``Event``.
        line: The record's.
        instant: See ``Event``.
    """

    form: Shape
    root: str
    inside: str
    content: bytes
    digest: bytes
    version: int | None
    rank: str
    alias: str
    withdrawn: bool
    line: int
    instant: int | None = None


class Replayed(NamedTuple):
    """A record that was set aside and is handed over again.

    Attributes:
        record_id: Which one.
        corrected: The fields that were given another value.
    """

    record_id: str
    corrected: tuple[str, ...] = ()


class Tally(NamedTuple):
    """Records by verdict."""

    accepted: int
    duplicate: int
    outdated: int
    conflict: int


@dataclass(slots=True)
class Delivery:
    """A delivery that was read.

    Attributes:
        name: Of the file.
        format: How it is written.
        source: The feed.
        instant: Of its data, milliseconds.
        counted: Kinds that stand for records; the others come along.
        contracts: Full name of the contract by kind.
        notes: What the format said besides.
        things: By key.
        lines: Of the records taken, in the order in which they came.
        keys: The thing that decides each of them; None when another record says it already.
        refused: Records not taken.
        warnings: Fields left out of records that were taken.
        broken: Keys of things whose records were refused.
        replayed: When these are records that were set aside: what each of them is, by its line from 1.
    """

    name: str
    format: str
    source: str
    instant: int
    counted: frozenset[str]
    contracts: Mapping[str, str]
    notes: Notes
    things: dict[Key, Thing] = field(default_factory=dict)
    lines: "array[int]" = field(default_factory=lambda: array("L"))
    keys: list[Key | None] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    broken: set[Key] = field(default_factory=set)
    replayed: tuple[Replayed, ...] = ()

    @property
    def received(self) -> int:
        """Records read."""
        return len(self.lines) + len(self.refused)

    @property
    def kept_bytes(self) -> int:
        """Bytes of refused records that wait for their correction."""
        return sum(len(one.original) for one in self.refused if one.original)

    @property
    def spoken_of(self) -> frozenset[str]:
        """Kinds on which a snapshot has something to say: of which it holds at least one, and what those carry."""
        found = frozenset(kind for kind, _ in self.things) | {kind for kind, _ in self.broken}
        return found | (self.contracts.keys() - self.counted if found & self.counted else frozenset())

    @property
    def noun(self) -> str:
        """What its records are, for people."""
        return "people" if self.counted == _PEOPLE else "records"

    def records(self) -> Iterator[tuple[int, Key | None]]:
        """Line and deciding key of each record taken."""
        return zip(self.lines, self.keys, strict=True)

    def tally(self, found: Mapping[Key, tuple[str, int]]) -> Tally:
        """How many of the records taken got which verdict; one that another record outdid is a duplicate."""
        things = self.things
        counts = Counter(
            "duplicate" if key is None or things[key].line != line else found[key][0] for line, key in self.records()
        )
        return Tally(counts["accepted"], counts["duplicate"], counts["outdated"], counts["conflict"])

    def without_records(self, refused: list[Refused]) -> "Delivery":
        """The same delivery, in which nothing is taken."""
        return replace(
            self,
            things={},
            lines=array("L"),
            keys=[],
            warnings=[],
            refused=refused,
            broken=self.broken | set(self.things),
        )


def collect(  # what is read, how, by whom, and how much of it may wait
    items: Iterable[Item], form: Format, context: Context, name: str, codec: Codec, room: int = ALL_KEPT_BYTES
) -> Delivery:
    """Read everything, keeping so many bytes of refused records; raises FileRefused when the whole is broken."""
    contracts = {contract.rpartition(".")[2]: contract for contract in form.writes}
    counted = frozenset(contracts) - form.carries
    delivery = Delivery(
        name, form.name, context.source, to_millis(context.as_of), counted, contracts, context.notes
    )  # fmt: skip
    collector = _Collector(delivery, codec, room)
    for item in items:
        collector.add(item)
    return delivery


class _Collector:
    """Puts items into a delivery."""

    def __init__(self, delivery: Delivery, codec: Codec, room: int) -> None:
        self._delivery = delivery
        self._codec = codec
        self._shapes = {contract: shape(contract) for contract in delivery.contracts.values()}
        self._left = room
        self._encoders = {contract: codec.checked(contract, BLANK) for contract in self._shapes}
        self._headers = {contract: codec.writing(contract).header for contract in self._shapes}
        self._source = source_on_wire(delivery.source)

    def add(self, item: Item) -> None:
        delivery = self._delivery
        if isinstance(item, Refused):
            self._refuse(item)
            return
        if not item.events:
            delivery.lines.append(item.line)
            delivery.keys.append(None)
            delivery.warnings.extend(item.warnings)
            return
        things = list[_Held]()
        for event in item.events:
            found = self._thing(event, item.line)
            if isinstance(found, Refused):
                self._refuse(found)
                return
            things.append(found)
        delivery.lines.append(item.line)
        delivery.warnings.extend(item.warnings)
        delivery.keys.append(self._keep(things))

    def _refuse(self, item: Refused) -> None:
        kept = item if len(self._delivery.refused) < KEPT_FOR_CORRECTION else Refused(item.problems)
        if kept.original is not None and not self._keeps(kept, kept.original):
            kept = replace(kept, original=None)
        self._delivery.refused.append(kept)
        self._give_up()
        self._delivery.broken.update(item.about)

    def _give_up(self) -> None:
        refused, taken = len(self._delivery.refused), len(self._delivery.lines)
        if refused >= HOPELESS and refused >= _HARDLY * taken:
            first = self._delivery.refused[0].problems[0]
            raise FileRefused(
                f"of its first {refused + taken} records {refused} are refused, the first one for: {first.message}",
                fix=f"see whether it is {self._delivery.format}: {first.fix}",
            )

    def _keeps(self, item: Refused, original: bytes) -> bool:
        """Whether a record may wait for its correction: never one with a NIR, nor more than anybody mends by hand."""
        nir = any(problem.code == "nir" for problem in item.problems) or may_not_be_kept(original)
        if nir or len(original) > min(KEPT_BYTES, self._left):
            return False
        self._left -= len(original)
        return True

    def _thing(self, event: Event, line: int) -> "_Held | Refused":
        form, record = self._shapes[event.contract], event.record
        content = self._content(event)
        if content is None:
            taken = take(sources()[event.contract], blank(record, self._delivery.source, withdrawn=event.withdrawn))
            if taken.problems:
                found = (Problem(line, p.pointer, p.code, p.message, p.fix) for p in taken.problems)
                return Refused(tuple(found), about=((form.kind, record["source_key"]),))
            record = taken.record
            content = self._codec.encode(event.contract, record)
        return (form.kind, record["source_key"]), Thing(
            form, record[form.root], form.thing(record), content, digest(content), event.version, event.rank,
            event.alias, event.withdrawn, line, event.instant,
        )  # fmt: skip

    def _content(self, event: Event) -> bytes | None:
        """The record with a blank provenance on the wire; None when it does not fit its contract at first sight."""
        if event.body is not None:
            return self._headers[event.contract] + event.body
        return self._encoders[event.contract](event.record, self._source, WITHDRAWN[event.withdrawn])

    def _keep(self, things: list[_Held]) -> Key:
        """Hold the things of a record; gives the key of the first, which decides about it."""
        held = self._delivery.things
        for key, thing in things:
            other = held.setdefault(key, thing)
            if other is not thing:
                held[key] = self._better(thing, other)
        return things[0][0]

    def _better(self, thing: Thing, other: Thing) -> Thing:
        if thing.digest == other.digest and thing.version == other.version:
            return min(thing, other, key=lambda one: one.line)
        winner = max(thing, other, key=lambda one: (one.version or 0, one.rank, one.content))
        if thing.version == other.version:
            lines = (min(thing.line, other.line), max(thing.line, other.line))
            self._delivery.notes.contradictions.append(
                Contradiction(lines, self._difference(thing, other), winner.line)
            )
        return winner

    def _difference(self, thing: Thing, other: Thing) -> str:
        one, two = (self._codec.decode(found.content)[1] for found in (thing, other))
        return ", ".join(name for name in one if one[name] != two[name])
