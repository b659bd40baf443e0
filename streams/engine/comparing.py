"""Cells compared with cells."""

from collections.abc import Mapping

from streams.engine.words import CellKey, CellValue


def differing(held: Mapping[CellKey, CellValue], logged: Mapping[CellKey, CellValue]) -> list[CellKey]:
    """The cells that are otherwise on one side than on the other; cells that are 0 left out on both."""
    return [key for key in {**held, **logged} if held.get(key) != logged.get(key)]
