"""What is held of each thing of a partition, and the root it belongs to: an open-addressing table in arrays.

An event meets its thing at a random place among gigabytes. A dictionary goes there step by step (index, entry, key,
value), each step waiting for the one before; in arrays all events of a flush go each step together, and the processor
waits for many places at once. And a thing needs no key of its own: what is held of it says whose it is.
"""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from streams.engine.words import Held, Rooted, Weighed

_Integers: TypeAlias = NDArray[np.int64]
_Objects: TypeAlias = NDArray[np.object_]

#: The hash of a place that is free; a key whose hash is that takes the next.
_FREE: Final = 0
_ROOM: Final = 256
_MEMBERS: Final = attrgetter("members")


class Thing(NamedTuple):
    """What is held of a thing.

    Attributes:
        held: The winning events.
        version: The winner's, where there is one.
        said: What the winners say, as the domain's number.
        root: The root it belongs to.
    """

    held: Held
    version: int
    said: int
    root: Any


class Found(NamedTuple):
    """Of each key that was asked for, in their order: where it lies, until something is added, and what is held.

    What is held may be another thing's, for hashes may be equal, rarely. None for sure is nothing.
    """

    places: _Integers
    held: list[Held | None]
    versions: list[int]
    said: list[int]
    roots: list[Any]


class Things:
    """Things by key.

    Args:
        key_of: The key of the thing that something is held of; asked only where two hashes are equal.
        hash_of: 64 bits of a key.
    """

    def __init__(self, key_of: Callable[[Held], bytes], hash_of: Callable[[bytes], int] = hash) -> None:
        self._key_of = key_of
        self._hash_of = hash_of
        self._others: dict[bytes, Thing] = {}  # whose hash another thing has: one in millions of millions
        self._used = 0
        self._make(_ROOM)

    def _make(self, room: int) -> None:
        self._mask = room - 1  # a power of two
        # What belongs together lies side by side: one place in memory for the numbers, one for the objects.
        self._hashes, self._versions, self._said = np.zeros((room, 3), np.int64).T
        self._held, self._roots = np.empty((room, 2), object).T

    @property
    def _columns(self) -> tuple[NDArray[Any], ...]:
        return self._held, self._versions, self._said, self._roots

    def __len__(self) -> int:
        return self._used + len(self._others)

    def find(self, keys: Sequence[bytes]) -> Found:
        """Look many up at once."""
        places = self._places(self._hashed(keys))
        found = Found(places, *(column[places].tolist() for column in self._columns))
        deque(map(_MEMBERS, filter(None, found.roots)), 0)  # into the cache: a loop of C waits for several at once
        return found

    def put(self, places: _Integers, things: Sequence[Weighed]) -> None:
        """Hold something else of things that were found."""
        if things:
            held, versions, said = zip(*things, strict=True)
            self._held[places], self._versions[places], self._said[places] = _objects(held), versions, said

    def add(self, keys: Sequence[bytes], things: Sequence[tuple[Held, int, int, Any]]) -> None:
        """Hold something of things that are not held yet, each of them once.

        Twice the room is made when two thirds are full: that takes some seconds for ten million things.
        """
        hashes = self._hashed(keys)
        new = (self._hashes[self._places(hashes)] == _FREE) & _first(hashes)
        if not new.all():
            for other in np.flatnonzero(~new).tolist():
                self._others[keys[other]] = Thing(*things[other])
            hashes, things = hashes[new], [things[one] for one in np.flatnonzero(new).tolist()]
        if things:
            self._grow(self._used + len(things))
            held, versions, said, roots = zip(*things, strict=True)
            self._insert(hashes, _objects(held), np.array(versions), np.array(said), _objects(roots))
            for root, number in zip(roots, hashes.tolist(), strict=True):
                root.members.append(number)

    def get(self, key: bytes) -> Thing | None:
        """What is held of one thing."""
        place = self._mine(key)
        if place is None:
            return self._others.get(key)
        thing = Thing(self._held[place], self._versions.item(place), self._said.item(place), self._roots[place])
        return None if thing.held is None else thing

    def set(self, key: bytes, thing: Thing) -> None:
        """Hold something of one thing."""
        place = self._mine(key)
        if place is None:
            self._others[key] = thing
        elif self._held[place] is None:
            self.add([key], [thing])
        else:
            self.put(np.array([place]), [thing[:-1]])

    def say(self, root: Rooted) -> Counter[int]:
        """How many things of a root say this and that."""
        places = self._places(np.array(root.members, np.int64))
        others = [one.said for one in self._others.values() if one.root is root]
        return Counter([*self._said[places].tolist(), *others])

    def _mine(self, key: bytes) -> int | None:
        """Where a thing lies or would lie; None when another one with its hash lies there."""
        place = self._places(self._hashed([key])).item()
        held = self._held[place]
        return place if held is None or self._key_of(held) == key else None

    def _hashed(self, keys: Sequence[bytes]) -> _Integers:
        hashes = np.fromiter(map(self._hash_of, keys), np.int64, len(keys))
        hashes[hashes == _FREE] = _FREE + 1
        return hashes

    def _places(self, hashes: _Integers) -> _Integers:
        """Where hashes lie, or would lie."""
        places, step = hashes & self._mask, 0
        met = self._hashes[places]
        off = np.flatnonzero((met != hashes) & (met != _FREE))
        while off.size:
            step += 1
            places[off] = (places[off] + step) & self._mask
            met = self._hashes[places[off]]
            off = off[(met != hashes[off]) & (met != _FREE)]
        return places

    def _grow(self, count: int) -> None:
        room = self._mask + 1
        while 3 * count > 2 * room:
            room *= 2
        if room > self._mask + 1:
            used = np.flatnonzero(self._hashes)
            hashes, columns = self._hashes[used], [column[used] for column in self._columns]
            self._make(room)
            self._used = 0
            self._insert(hashes, *columns)

    def _insert(self, hashes: _Integers, *columns: NDArray[Any]) -> None:
        """Hold things whose hashes differ from each other and from all that are there."""
        places, left, step = hashes & self._mask, np.arange(len(hashes)), 0
        while left.size:
            wanted = places[left]
            free = self._hashes[wanted] == _FREE
            self._hashes[wanted[free]] = hashes[left[free]]  # of several that want a place the last one has it
            left = left[self._hashes[wanted] != hashes[left]]
            step += 1
            places[left] = (places[left] + step) & self._mask
        for column, values in zip(self._columns, columns, strict=True):
            column[places] = values
        self._used += len(hashes)


def _objects(values: Sequence[Any]) -> _Objects:
    return np.fromiter(values, object, len(values))


def _first(hashes: _Integers) -> NDArray[np.bool_]:
    """Which of them come first among their equals; all, as nearly always."""
    ordered = np.sort(hashes)
    first = np.ones(len(hashes), bool)
    if (ordered[1:] == ordered[:-1]).any():
        first[:] = False
        first[np.unique(hashes, return_index=True)[1]] = True
    return first
