"""The words of the engine: what a domain gives it, and what it gives to be written."""

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, NamedTuple, Protocol, TypeAlias, TypeVar

from schemas.errors import BeffroiError

#: Key of the checkpoint among the entities; no root's key begins with a zero byte.
CHECKPOINT_KEY: Final = b"\x00checkpoint"
#: Ends the root's key in the keys of the log; no root's key holds one.
SEPARATOR: Final = b"\x1f"
#: Key of an event whose schema is not known yet, before its offset: tried again by whoever takes the partition over.
PARKED_KEY: Final = b"\x00parked\x1f"


def thing_key(root: bytes, thing: bytes) -> bytes:
    """Names a thing in its partition; no root's key holds a separator."""
    return root + SEPARATOR + thing


def outranks(version: int, value: bytes, held_version: int, held: bytes) -> bool:
    """Whether an event replaces the one in its slot: a higher version, or equal versions and greater wire bytes."""
    return version > held_version or (version == held_version and value > held)


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
    """What one source says of one thing: its root, the thing, its key in the log, its wire bytes."""

    @property
    def root(self) -> bytes:
        """Key of the root in UTF-8."""
        ...

    @property
    def thing(self) -> bytes:
        """Key of the thing inside its root."""
        ...

    @property
    def value(self) -> bytes:
        """Wire bytes of the event."""
        ...

    @property
    def key(self) -> bytes:
        """Its key in the log: begins with the root's key and ``SEPARATOR``."""
        ...


class Rooted(Protocol):
    """A root as the engine needs it."""

    @property
    def members(self) -> "array[int]":
        """Hashes by which the engine finds its things again, and keeps there."""
        ...


Root = TypeVar("Root", bound=Rooted)
ClaimT = TypeVar("ClaimT", bound=Claimed)
#: Whatever a domain holds of a thing.
Held: TypeAlias = Any
CellKey = tuple[str, str]
#: What a thing says of which nothing is held.
NOTHING: Final = 0
#: What an event tells at a glance: bytes that name contract, root, thing and slot, with which the event begins, so that
#: of two events with the same ones the newer replaces the older; its version; and what it says of its thing, as a
#: number of the domain's below 2 to the 31.
Glance = tuple[bytes, int, int]
#: What events, as wire bytes, tell at a glance; None for those that must be read.
Look: TypeAlias = Callable[[Sequence[bytes]], Sequence[Glance | None]]
#: What is to be held of a thing now: the winning event as wire bytes, or all of them in whatever the domain holds them;
#: the winner's version, of several nothing that matters; what they say.
Weighed = tuple[Held, int, int]
#: What it means to a root that something else is held of one of its things: what that said, and what it says; or the
#: thing and what is held, if it is one that roots keep.
Shift = tuple[Any, Any]
#: A cell, what a root contributed to it, and what it contributes now; None is nothing.
Move = tuple[CellKey, Contributed | None, Contributed | None]


@dataclass(frozen=True, slots=True)
class Domain(Generic[Root, ClaimT]):
    """What the engine asks of a domain: pure functions.

    Attributes:
        name: Names the domain in topics and transactional ids.
        read: The claim in an event; None for one this domain has no use for; raises BeffroiError for an unreadable one.
        new_root: A root that nobody claimed anything of.
        absorb: Merges a claim into what is held of its thing, None when nothing was; None when it changes nothing.
        kept: Things of which roots keep what is held.
        move: Tells a root what is held otherwise of one of its things; what it contributes otherwise by that, None when
            only a count can tell.
        cells: What a root contributes, by view and cell, if so many of its things say this and that; counts it.
        still: A root as it was counted last, before these shifts; None when it never was.
        look: What events tell at a glance; None for those that must be read.
        is_text: Whether the bytes of a slot, as a glance told them, name it in readable text.
        about: The root and the thing inside it that such a slot belongs to, and the slot's key in the log.
        key_of: The key (``thing_key``) of the thing that something is held of.
    """

    name: str
    read: Callable[[bytes], ClaimT | None]
    new_root: Callable[[], Root]
    absorb: Callable[[Held | None, ClaimT], Weighed | None]
    kept: frozenset[bytes]
    move: Callable[[Root, Shift], Iterable[Move] | None]
    cells: Callable[[Root, Mapping[int, int]], Mapping[CellKey, Contributed]]
    still: Callable[[Root, Sequence[Shift]], Root | None]
    look: Look
    is_text: Callable[[bytes], bool]
    about: Callable[[bytes], tuple[bytes, bytes, bytes]]
    key_of: Callable[[Held], bytes]


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
