"""What every partner format gives: events, verdicts on rows, and what a reader of the report must know."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from connectors.privacy import Pseudonymiser
from schemas.territory.areas import Territory


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in one row.

    Attributes:
        line: Line in the file, from 1, the header included.
        pointer: Column.
        code: Cause, from a closed list of the format.
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


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that was not taken, with what may be kept of it for correction."""

    problem: Problem
    content: Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class Event:
    """The state of one thing as a file tells it.

    Attributes:
        contract: Full name.
        thing: Key inside the root; empty for the root itself.
        record: Every field but the provenance of the file.
        line: The row that decided it.
        alias: Another source key that may stand for the same thing, when the source leaves out a number that it gives
            elsewhere; equal to the source key when the number is left out here.
    """

    contract: str
    thing: str
    record: Mapping[str, Any]
    line: int
    alias: str

    @property
    def kind(self) -> str:
        """Short name of the contract."""
        return self.contract.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Rows of one file that say different things of one thing; the same one wins whatever their order."""

    lines: tuple[int, ...]
    pointer: str
    winner: int


@dataclass(slots=True)
class Reading:
    """A file as its format understood it.

    Attributes:
        encoding: How the text was written.
        rows: Rows read, refused ones included.
        events: One for each thing; those of persons name the row that decided.
        repeated: Rows that say again what another row says, or that lost against it.
        refused: Rows not taken.
        warnings: Fields left out of rows that were taken.
        contradictions: For the report.
    """

    encoding: str = "utf-8"
    rows: int = 0
    events: list[Event] = field(default_factory=list)
    repeated: int = 0
    refused: list[RefusedRow] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    contradictions: list[Contradiction] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Context:
    """What a format may use besides the file.

    Attributes:
        source: The feed.
        as_of: The file's own instant, aware.
        pseudonyms: For persons.
        territory: Tells whether a place is known.
    """

    source: str
    as_of: datetime
    pseudonyms: Pseudonymiser
    territory: Territory


class Format(Protocol):
    """One way in which a partner writes; pure but for reading the file."""

    @property
    def name(self) -> str:
        """As the command line says it."""
        ...

    @property
    def default_source(self) -> str:
        """The feed that writes so."""
        ...

    @property
    def writes(self) -> Mapping[str, frozenset[str]]:
        """The fields it may fill, by full name of the contract."""
        ...

    def read(self, path: Path, context: Context) -> Reading:
        """Read a file.

        Raises:
            FileRefused: The file is broken as a whole.
        """
        ...
