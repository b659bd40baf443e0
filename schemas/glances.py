"""What is looked for at a glance in the records of a contract, and where it lies in those of a schema."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from schemas.fields import kind_of

_TEXTS: Final = frozenset({"string", "bytes"})
_INTEGERS: Final = frozenset({"int", "long"})

#: Makes something of the fields at a record's end.
Build = Callable[[tuple[Any, ...]], object]


@dataclass(frozen=True, slots=True)
class Glance:
    """What tells at a glance which thing a record speaks of, and what it says: without reading what is known.

    Attributes:
        root: The text field that names the root.
        thing: The text field that names the thing inside the root, or bytes that stand for it.
        slot: The text fields that, with the two before, name the slot: what the record replaces.
        version: The integer field that decides between two records of a slot.
        passed: Fields that differ from record to record and are not asked for.
        build: Makes something of what a record says, once for all records that end in the same bytes.
        says: The fields that it is given; they follow all others.
    """

    root: str
    thing: str | bytes
    slot: tuple[str, ...]
    version: str
    passed: tuple[str, ...]
    build: Build
    says: tuple[str, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """The fields whose bytes are given."""
        return (self.root, self.thing) if isinstance(self.thing, str) else (self.root,)


#: The bytes that name a record's slot, its version, what was built of its end.
Glanced = tuple[bytes, int, Any]


class Head(NamedTuple):
    """The fields at the beginning of the records of a schema.

    Attributes:
        texts: Of each, whether it is a text; an integer otherwise.
        slot: So many of them name what the record replaces.
        version: Which of them is the version.
    """

    texts: tuple[bool, ...]
    slot: int
    version: int


def bounds_of(order: Sequence[str], glance: Glance) -> tuple[int, int] | None:
    """Where the slot ends in the order of fields, and where what is said begins; None when that order forbids it."""
    slot = {*glance.texts, *glance.slot}
    at = {name: order.index(name) for name in {*slot, glance.version, *glance.passed} if name in order}
    if not {*slot, glance.version} <= at.keys():
        return None
    end, cut = 1 + max(at[name] for name in slot), 1 + max(at.values())
    return None if at[glance.version] < end or {*order[:cut]} & {*glance.says} else (end, cut)


def head_of(fields: Sequence[Mapping[str, Any]], slot: int, version: int) -> Head | None:
    """The head that these fields make; None when not all of them are texts and integers."""
    kinds = [kind_of(one["type"]) for one in fields]
    if not set(kinds) <= _TEXTS | _INTEGERS:
        return None
    return Head(tuple(kind in _TEXTS for kind in kinds), slot, version)
