"""What every partner format gives: one item for each record, in any order, in bounded memory where it can be."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

from connectors.inputs import Input
from connectors.privacy import Pseudonymiser
from schemas.territory.areas import Territory


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in one record.

    Attributes:
        line: Line in the file, from 1, the header included; for what has no lines, the number of the record.
        pointer: Column, or JSON pointer or element path inside the record.
        code: Cause; each format's page names its own.
        message: What happened, without the value.
        fix: What the partner can do.
        shape: What the value looks like.
    """

    line: int
    pointer: str
    code: str
    message: str
    fix: str
    shape: str = ""


class Event(NamedTuple):
    """The state of one thing as a record tells it.

    Attributes:
        contract: Full name.
        record: Every field but the provenance: source, version, instant and whether it is withdrawn.
        version: The source's own revision in milliseconds; the instant of the whole when None.
        rank: Decides between records of one file that give one thing the same version; the greater is taken.
        alias: Another source key that may stand for the same thing, when the source leaves out a number that it gives
            elsewhere; equal to the source key when the number is left out here.
        withdrawn: The source says itself that the thing no longer holds.
        instant: When the source knew this, in milliseconds; the instant of the whole when None.
        body: The record on the wire with a blank provenance and without the header, when its format writes it itself;
            of the record nothing but its root, its source key and what a retraction needs is looked at then.
    """

    contract: str
    record: Mapping[str, Any]
    version: int | None = None
    rank: str = ""
    alias: str = ""
    withdrawn: bool = False
    instant: int | None = None
    body: bytes | None = None

    @property
    def kind(self) -> str:
        """Short name of the contract."""
        return self.contract.rpartition(".")[2]


class Taken(NamedTuple):
    """A record that was understood.

    Attributes:
        line: Where it stands.
        events: What it says; the first one decides its verdict, the others come along. Empty when another record of
            the same file says it already.
        warnings: Fields left out.
    """

    line: int
    events: tuple[Event, ...]
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that cannot be taken.

    Attributes:
        problems: Why; at least one.
        content: What may be kept of it for its correction: codes that have their form, and pseudonyms.
        about: Kind and source key of what it speaks of, when that much is known: a snapshot that holds a broken record
            of a thing does not say that the thing is gone.
        original: The record as it was sent, as a file of its format that holds it alone; for its correction, sealed.
    """

    problems: tuple[Problem, ...]
    content: Mapping[str, str] | None = None
    about: tuple[tuple[str, str], ...] = ()
    original: bytes | None = field(default=None, repr=False)  # never in a log

    @property
    def line(self) -> int:
        """Where it stands."""
        return self.problems[0].line


Item = Taken | Refused


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Records of one file that say different things of one thing; the same one wins whatever their order."""

    lines: tuple[int, ...]
    pointer: str
    winner: int


@dataclass(slots=True)
class Notes:
    """What a format says of a file besides its records.

    Attributes:
        encoding: How the text was written.
        contradictions: For the report.
        alone: Makes a file of the same format, with nothing else in it, of the text of the record that is being read.
    """

    encoding: str = "utf-8"
    contradictions: list[Contradiction] = field(default_factory=list)
    alone: Callable[[bytes], bytes] = bytes


@dataclass(frozen=True, slots=True)
class Context:
    """What a format may use besides what was handed over.

    Attributes:
        source: The feed.
        as_of: The instant of the data, aware.
        pseudonyms: For persons.
        territory: Tells whether a place is known.
        notes: Where the format says what belongs to no record.
    """

    source: str
    as_of: datetime
    pseudonyms: Pseudonymiser
    territory: Territory
    notes: Notes = field(default_factory=Notes)


class Format(ABC):
    """One way in which a partner writes: what it declares, and how it is read. Pure but for reading the input.

    Attributes:
        name: As the command line says it.
        default_source: The feed that writes so.
        suffixes: Of its files, with the point.
        media_types: Of its content over HTTP.
        writes: The fields it may fill, by full name of the contract; the provenance is the intake's.
        carries: Kinds that come along with the records of others: they are published, and not counted.
        snapshots: Whether what is handed over may be the source's whole truth.
        instant: How the instant of the data is found, in words.
        sample: A small example of its own, beside the module.
    """

    name: ClassVar[str]
    default_source: ClassVar[str]
    suffixes: ClassVar[tuple[str, ...]]
    media_types: ClassVar[tuple[str, ...]]
    writes: ClassVar[Mapping[str, frozenset[str]]]
    carries: ClassVar[frozenset[str]] = frozenset()
    snapshots: ClassVar[bool] = True
    instant: ClassVar[str] = "the file's name, else what is said beside it"
    sample: ClassVar[str]

    def instant_of(self, data: Input) -> datetime | None:
        """The instant that what is handed over tells itself, when the format has a place for it."""
        del data
        return None

    @abstractmethod
    def read(self, data: Input, context: Context) -> Iterator[Item]:
        """One item for each record.

        Raises:
            FileRefused: The whole is broken, or ends too early.
        """
