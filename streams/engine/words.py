"""The words of the engine: what a domain gives it, and what it gives to be written."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, NamedTuple, Protocol, TypeVar

from schemas.errors import BeffroiError

#: Key of the checkpoint among the entities; no root's key begins with a zero byte.
CHECKPOINT_KEY: Final = b"\x00checkpoint"
#: Ends the root's key in the keys of the log; no root's key holds one.
SEPARATOR: Final = b"\x1f"
#: Key of an event whose schema is not known yet, before its offset: tried again by whoever takes the partition over.
PARKED_KEY: Final = b"\x00parked\x1f"


class InputRecord(Protocol):
    """A record as the transport gives it."""

    @property
    def offset(self) -> int:
        """Its place in the source partition."""
        ...

    @property
    def value(self) -> bytes | None:
        """Its wire bytes; None is a tombstone, which events never are."""
        ...


class Contributed(Protocol):
    """What one root adds to one cell: a number, and for a view of rows the row's facts as wire bytes."""

    @property
    def n(self) -> int:
        """The number."""
        ...

    @property
    def row(self) -> bytes | None:
        """Wire bytes; None for a view of counts."""
        ...


class Claimed(Protocol):
    """What one source says of one thing: its root, its key in the log, its wire bytes."""

    @property
    def root(self) -> bytes:
        """Key of the root in UTF-8."""
        ...

    @property
    def value(self) -> bytes:
        """Wire bytes of the event."""
        ...

    @property
    def key(self) -> bytes:
        """Its key in the log: begins with the root's key and ``SEPARATOR``."""
        ...


Root = TypeVar("Root")
ClaimT = TypeVar("ClaimT", bound=Claimed)
CellKey = tuple[str, str]
#: What an event tells at a glance: bytes that name contract, root, thing and slot, so that of two events with the same
#: ones the newer replaces the older; its version; what the domain made of the rest.
Glance = tuple[bytes, int, Any]
#: A cell, what a root contributed to it, and what it contributes now; None is nothing.
Move = tuple[CellKey, Contributed | None, Contributed | None]


@dataclass(frozen=True, slots=True)
class Domain(Generic[Root, ClaimT]):
    """What the engine asks of a domain: pure functions.

    Attributes:
        name: Names the domain in topics and transactional ids.
        read: The claim in an event; None for one this domain has no use for; raises BeffroiError for an unreadable one.
        new_root: A root that nobody claimed anything of.
        absorb: Takes a claim into a root; False when it changes nothing. An exception must leave the root as it was.
        cells: What a root contributes, by view and cell.
        still: A root as it counts now, to be counted later; None when it never counted. Cheap: it is asked of every
            root that is about to change.
        look: What an event tells at a glance; None for one that must be read.
        is_text: Whether the bytes of a slot, as a glance told them, name it in readable text.
        about: The root and the thing inside it that such a slot belongs to, and the slot's key in the log.
        take: Takes an event into a root, by its thing and a glance; False when it changes nothing, None when it must be
            read for that.
        moves: What a root contributes otherwise than when it stood still; None when only a count of both can tell.
    """

    name: str
    read: Callable[[bytes], ClaimT | None]
    new_root: Callable[[], Root]
    absorb: Callable[[Root, ClaimT], bool]
    cells: Callable[[Root], Mapping[CellKey, Contributed]]
    still: Callable[[Root], Root | None]
    moves: Callable[[Root, Root], Iterable[Move] | None]
    look: Callable[[bytes], Glance | None]
    is_text: Callable[[bytes], bool]
    about: Callable[[bytes], tuple[bytes, bytes, bytes]]
    take: Callable[[Root, bytes, Glance, bytes], bool | None]


class CellValue(NamedTuple):
    """An absolute partial: the number, and the row's facts for a view of rows."""

    n: int
    row: bytes | None


class Parked(NamedTuple):
    """An event that could not be read: where it lies, and why."""

    offset: int
    error: BeffroiError


class Applied(NamedTuple):
    """What became of events, for metrics: superseded before they were written, they changed nothing."""

    changed: int
    unchanged: int
    parked: int


_NOTHING_DONE: Final = Applied(0, 0, 0)


@dataclass(slots=True)
class Flush:
    """What one transaction writes.

    Attributes:
        entities: Winning claims by key, as wire bytes, and events that wait for their schema; None forgets one.
        cells: Absolute values of the cells that changed; 0 stays a record.
        parked: Events that could not be read.
        next_offset: The checkpoint: everything before it is in the state.
        done: What became of the events since the last one.
    """

    entities: dict[bytes, bytes | None]
    cells: dict[CellKey, CellValue]
    parked: list[Parked]
    next_offset: int
    done: Applied = _NOTHING_DONE
