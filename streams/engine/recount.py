"""What cells must be, by the winning claims alone."""

from collections.abc import Iterable
from itertools import count, islice
from typing import Final, NamedTuple

from streams.engine.partition import Partition
from streams.engine.words import CellKey, CellValue, ClaimT, Domain, Root

#: So many claims are taken in at once: their records are small, and short-lived.
_BATCH: Final = 10_000


class _Winner(NamedTuple):
    """A winning claim as a record."""

    offset: int
    value: bytes


def recounted(domain: Domain[Root, ClaimT], winners: Iterable[bytes]) -> dict[CellKey, CellValue] | None:
    """The cells that are not zero; None when a claim cannot be read or counted, so that nobody can tell.

    Args:
        domain: The pure functions.
        winners: The winning claims of a partition as wire bytes.
    """
    partition, records = Partition(domain, 0), map(_Winner, count(), winners)
    while batch := list(islice(records, _BATCH)):
        partition.apply(batch)
        partition.settle()
    flush = partition.drain()
    return None if flush and flush.parked else partition.snapshot()
