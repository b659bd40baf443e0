"""Events that were only looked at, taken into the state: all of a flush at once.

They are merged with what is held of their things without being read. Those that need reading are given back: events of
a thing that several slots speak of, and of a root that lies as a predecessor left it. Claims may come in any order.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple, TypeAlias

from streams.engine.pending import Heard, Pending
from streams.engine.roots import Roots
from streams.engine.words import NOTHING, Domain, Weighed, outranks, thing_key

#: The key of an event's thing, its root's key, the thing in it, its slot and the slot's key in the log, and the event
#: as it was heard. Plain, as ``Heard`` is.
Said: TypeAlias = tuple[bytes, bytes, bytes, bytes, bytes, Heard]
_KEY: Final = 0
_SLOT: Final = 3


class Unread(NamedTuple):
    """An event that must be read."""

    value: bytes
    offset: int


class Settling:
    """One flush.

    Args:
        domain: The pure functions.
        roots: The state.
        pending: Hears what won, and what could not be taken in.
    """

    def __init__(self, domain: Domain[Any, Any], roots: Roots[Any, Any], pending: Pending) -> None:
        self._domain = domain
        self._roots = roots
        self._pending = pending
        self._begun: dict[bytes, tuple[bytes, int, int, Any]] = {}  # as a ``Thing``, of which nothing was held
        self._unread: list[Unread] = []

    def take(self, heard: Iterable[tuple[bytes, Heard]]) -> list[Unread]:
        """Take events in; those that must be read were not."""
        said = list(self._named(heard))
        found = self._roots.things.find([one[_KEY] for one in said])
        at, new = list[int](), list[Weighed]()
        met = zip(said, _alike(said, found.held), zip(*found[1:], strict=True), strict=True)
        for number, (one, same, was) in enumerate(met):
            try:
                now = self._renewed(one, was, same=same)
            except Exception as error:  # noqa: BLE001  # one record's bug must not stop the others
                _, value, _, offset = one[-1]
                self._pending.set_aside(offset, value, error)
                continue
            if now is not None:
                at.append(number)
                new.append(now)
        self._roots.things.put(found.places[at], new)
        self._roots.things.add(list(self._begun), list(self._begun.values()))
        return self._unread

    def _named(self, heard: Iterable[tuple[bytes, Heard]]) -> Iterator[Said]:
        about = self._domain.about
        for slot, one in heard:
            try:
                root, thing, key = about(slot)
            except Exception as error:  # noqa: BLE001  # the same
                _, value, _, offset = one
                self._pending.set_aside(offset, value, error)
            else:
                yield thing_key(root, thing), root, thing, slot, key, one

    def _renewed(self, said: Said, was: tuple[Any, int, int, Any], *, same: bool) -> Weighed | None:
        """What is to be held of a thing in place of what is; None when that stays.

        Args:
            said: An event.
            was: What is held, its version, what it says, its root.
            same: Whether that is an event of the same slot.
        """
        held, held_version, before, root = was
        if held is None:
            self._begin(said)
            return None
        _, name, thing, _, key, (version, value, now, offset) = said
        if not same:
            self._unread.append(Unread(value, offset))
            return None
        if not outranks(version, value, held_version, held):
            return None
        self._roots.shift(name, root, thing, (before, now), value)
        self._pending.wins(key, value)
        return value, version, now

    def _begin(self, said: Said) -> None:
        """Hold something of a thing of which nothing was."""
        of_thing, name, thing, _, key, (version, value, now, offset) = said
        root = None if of_thing in self._begun else self._roots.awake(name)
        if root is None:
            self._unread.append(Unread(value, offset))
            return
        self._roots.shift(name, root, thing, (NOTHING, now), value)
        self._pending.wins(key, value)
        self._begun[of_thing] = value, version, now, root


def _alike(said: Iterable[Said], held: Iterable[Any]) -> list[bool]:
    """Of each event whether one of its slot is held of its thing, and nothing else.

    Each of those lies somewhere else in memory: a loop of C waits for several at once.
    """
    alone = [one if one.__class__ is bytes else b"" for one in held]
    return list(map(bytes.startswith, alone, [one[_SLOT] for one in said]))
