"""What people learn in the invented region."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

#: Also the table of Formacodes that the demonstration runs with.
TRADE_TABLE = Path(__file__).parent / "trades.csv"


@dataclass(frozen=True, slots=True)
class Course:
    """A kind of training.

    Attributes:
        formacode: Its main subject.
        title: What it trains for.
        sector: sante, hcr, transport, industrie first; then the others.
        weight: How often it is run, relative to the others.
        weeks: Shortest and longest duration.
    """

    formacode: str
    title: str
    sector: str
    weight: int
    weeks: tuple[int, int]


@cache
def courses() -> tuple[Course, ...]:
    """Every kind of training."""
    lines = [line for line in TRADE_TABLE.read_text("utf-8").splitlines() if not line.startswith("#")]
    return tuple(
        Course(
            row["formacode"],
            row["title"],
            row["sector"],
            int(row["weight"]),
            (int(row["weeks_min"]), int(row["weeks_max"])),
        )
        for row in csv.DictReader(lines)
    )
