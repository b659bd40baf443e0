"""What a campaign measured, against what it promised, as a table."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tests.truth import Differences


class Figure(NamedTuple):
    """One row: what, what was measured, what is wanted (empty for what is only told), whether it holds."""

    what: str
    measured: str
    wanted: str = ""
    holds: bool = True


def at_most(what: str, measured: float, limit: float, unit: str = "") -> Figure:
    """A measurement that must not be above a limit."""
    return Figure(what, f"{_short(measured)}{unit}", f"≤ {_short(limit)}{unit}", measured <= limit)


def at_least(what: str, measured: float, limit: float) -> Figure:
    """A measurement that must reach a limit: above all, that a fault bit."""
    return Figure(what, _short(measured), f"≥ {_short(limit)}", measured >= limit)


def exactly(what: str, measured: int, wanted: int) -> Figure:
    """A count that must be that one."""
    return Figure(what, _short(measured), _short(wanted), measured == wanted)


def no_difference(when: str, found: Differences) -> Figure:
    """Cells that differ, in view, entities and cells."""
    what = f"differing cells {when} (view / entities / cells)"
    return Figure(what, str(found), "0 / 0 / 0", found == Differences(0, 0, 0))


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that is not below that share of them (nearest rank)."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def table(figures: Iterable[Figure]) -> str:
    """As Markdown."""
    rows = [f"| {one.what} | {one.measured} | {one.wanted} | {_verdict(one)} |" for one in figures]
    return "\n".join(["| what | measured | wanted | |", "|---|---|---|---|", *rows, ""])


def _verdict(figure: Figure) -> str:
    if not figure.holds:
        return "**FAILS**"
    return "holds" if figure.wanted else ""


def _short(number: float) -> str:
    return f"{number:,.0f}" if float(number).is_integer() else f"{number:,.1f}"
