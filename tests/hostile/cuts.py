"""Files of 20 kB, cut: each format's answer to its first bytes, at every byte or at some."""

from collections.abc import Iterable
from time import perf_counter
from typing import Final, NamedTuple

from connectors.formats import formats
from schemas.errors import FileRefused
from schemas.territory.areas import Territory
from tests.connectors.cases import CASES
from tests.hostile.collecting import Collector

SIZE: Final = 20_000
NAMES: Final = frozenset(CASES)


class Cut(NamedTuple):
    """What became of the cuts of a file.

    Attributes:
        name: Of its format.
        size: Its bytes.
        cuts: How many.
        whole: Refused whole.
        shorter: Taken as a shorter table.
        wrong: With another answer.
        seconds: All of them, on the clock.
    """

    name: str
    size: int
    cuts: int
    whole: int
    shorter: int
    wrong: int
    seconds: float


def taken(collector: Collector, content: bytes) -> int:
    """Records taken; 0 when it is refused whole."""
    try:
        delivery = collector.delivery(content)
    except FileRefused:
        return 0
    assert not delivery.refused, "never a record alone: nothing in it was wrong"
    return len(delivery.lines)


def made(name: str) -> bytes:
    """A file of 20 kB or a little more."""
    case, number = CASES[name], 1
    while len(content := case.file([case.record(n) for n in range(number)])) < SIZE:
        number += 1
    return content.replace(b'encoding="ENCODING"', b'encoding="UTF-8"')


def expected(name: str, content: bytes) -> dict[int, int]:
    """The cuts behind which something may be taken, and how many records: of a document, none.

    A CSV file does not say how many rows it has. That many lack is what the guard of snapshots sees.
    """
    if ".csv" not in formats()[name].suffixes:
        return {}
    return {at + 1: content[:at].count(b"\n") for at, byte in enumerate(content) if byte == ord("\n")}


def answers(name: str, content: bytes, places: Iterable[int], territory: Territory) -> dict[int, int]:
    """Records taken, by the place of the cut."""
    collector = Collector(formats()[name], territory)
    return {at: taken(collector, content[:at]) for at in places}


def figures(name: str) -> Cut:
    """A file cut at every byte."""
    territory, content, began = Territory.load(), made(name), perf_counter()
    found = answers(name, content, range(len(content.rstrip())), territory)
    right = expected(name, content)
    wrong = sum(records != right.get(at, 0) for at, records in found.items())
    whole = sum(records == 0 for records in found.values())
    return Cut(name, len(content), len(found), whole, len(found) - whole, wrong, perf_counter() - began)
