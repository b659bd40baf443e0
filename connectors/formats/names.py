"""Formats and contracts by the names that people write."""

from collections.abc import Mapping
from typing import Final

from rapidfuzz.process import extractOne

from connectors.formats.base import Format

#: Below this likeness (0 to 100) another name is not proposed.
_LIKE_ENOUGH: Final = 60


def find(name: str, known: Mapping[str, Format]) -> Format | None:
    """A format by its name, a contract also by its last part; None when there is none."""
    return known.get(name) or _by_short(known).get(name)


def nearest(name: str, known: Mapping[str, Format]) -> str | None:
    """The name that was probably meant."""
    near = extractOne(name, [*known, *_by_short(known)], score_cutoff=_LIKE_ENOUGH)
    return near[0] if near else None


def _by_short(known: Mapping[str, Format]) -> Mapping[str, Format]:
    return {full.rpartition(".")[2]: form for full, form in known.items()}
