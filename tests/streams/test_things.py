"""The table of things: a dictionary's answers, whatever the hashes."""

from array import array
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from streams.engine.things import Thing, Things
from streams.engine.words import Weighed

KEYS = st.integers(0, 40).map(lambda number: b"thing %d" % number)
SAID = st.integers(0, 3)


@dataclass
class Session:
    members: "array[int]" = field(default_factory=lambda: array("q"))


def held_by(key: bytes, version: int) -> tuple[bytes, int]:
    """What is held of a thing says whose it is."""
    return key, version


def key_of(held: tuple[bytes, int]) -> bytes:
    return held[0]


class Tables(RuleBasedStateMachine):
    """Does to a table and to a dictionary what the engine does."""

    hash_of: Callable[[bytes], int] = staticmethod(hash)

    def __init__(self) -> None:
        super().__init__()
        self.things = Things(key_of, self.hash_of)
        self.roots = [Session(), Session()]
        self.known: dict[bytes, Thing] = {}

    def thing(self, key: bytes, said: int) -> Thing:
        """Its next state."""
        was = self.known.get(key)
        root = was.root if was else self.roots[sum(key) % 2]
        version = was.version + 1 if was else 1
        self.known[key] = Thing(held_by(key, version), version, said, root)
        return self.known[key]

    @rule(keys=st.lists(st.tuples(KEYS, SAID), max_size=20, unique_by=lambda both: both[0]))
    def flush(self, keys: list[tuple[bytes, int]]) -> None:
        found = self.things.find([key for key, _ in keys])
        at, new, fresh, later = list[int](), list[Weighed](), dict[bytes, Thing](), dict[bytes, Thing]()
        columns = zip(found.held, found.versions, found.said, found.roots, strict=True)
        for number, ((key, said), held) in enumerate(zip(keys, columns, strict=True)):
            if held[0] is None:
                assert key not in self.known
                fresh[key] = self.thing(key, said)
            elif held[0][0] != key:
                later[key] = self.thing(key, said)
            else:
                assert Thing(*held) == self.known[key]
                at.append(number)
                new.append(self.thing(key, said)[:-1])
        self.things.put(found.places[at], new)
        self.things.add(list(fresh), list(fresh.values()))
        for key, thing in later.items():
            self.things.set(key, thing)

    @rule(key=KEYS, said=SAID)
    def one(self, key: bytes, said: int) -> None:
        assert self.things.get(key) == self.known.get(key)
        self.things.set(key, self.thing(key, said))

    @rule(base=st.integers(0, 4))
    def many(self, base: int) -> None:
        keys = [b"many %d.%d" % (base, number) for number in range(60)]
        fresh = {key: self.thing(key, 1) for key in keys if key not in self.known}
        self.things.add(list(fresh), list(fresh.values()))

    @invariant()
    def it_answers_as_a_dictionary_does(self) -> None:
        assert len(self.things) == len(self.known)
        assert {key: self.things.get(key) for key in self.known} == self.known
        for root in self.roots:
            said = Counter(thing.said for thing in self.known.values() if thing.root is root)
            assert self.things.say(root) == said


class TablesOfFewHashes(Tables):
    """Nearly every hash is several things', 0 among them."""

    hash_of = staticmethod(lambda key: sum(key) % 7 - 3)


class TablesOfNeighbours(Tables):
    """All would like to lie in the same place."""

    hash_of = staticmethod(lambda key: sum(key) << 32)


for machine in (Tables, TablesOfFewHashes, TablesOfNeighbours):
    machine.TestCase.settings = settings(max_examples=30, stateful_step_count=15, deadline=None)
TestTables = Tables.TestCase
TestTablesOfFewHashes, TestTablesOfNeighbours = TablesOfFewHashes.TestCase, TablesOfNeighbours.TestCase


@given(st.lists(KEYS, unique=True))
def test_nothing_is_found_in_an_empty_table(keys: list[bytes]) -> None:
    assert Things(key_of).find(keys).held == [None] * len(keys)


@pytest.mark.parametrize("count", [1, 170, 171, 10_000])
def test_it_makes_room(count: int) -> None:
    things, root = Things(key_of), Session()
    keys = [b"%d" % number for number in range(count)]
    things.add(keys, [Thing(held_by(key, 1), 1, 2, root) for key in keys])
    assert len(things) == count
    assert things.find([*keys, b"another"]).held == [*((key, 1) for key in keys), None]
