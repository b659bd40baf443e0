"""What the log of one source partition holds, and how far its reading is."""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Final

import structlog

from streams.engine import CellKey, CellValue

#: A long restore says how far it is at least this often.
PROGRESS_S: Final = 5.0

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Restored:
    """What a predecessor wrote.

    Attributes:
        entities: Winning events as wire bytes, by key.
        parked: Events that wait for their schema, by key.
        cells: Cells that are not zero.
        next_offset: Where it was; None when nobody ever wrote.
        records: How many were read.
    """

    entities: dict[bytes, bytes] = field(default_factory=dict)
    parked: dict[bytes, bytes] = field(default_factory=dict)
    cells: dict[CellKey, CellValue] = field(default_factory=dict)
    next_offset: int | None = None
    records: int = 0


class Progress:
    """Tells how far a restore is: metrics at once, the log now and then.

    Args:
        number: Of the partition.
        told: Told how many more records were read.
    """

    def __init__(self, number: int, told: Callable[[float], object]) -> None:
        self.records = 0
        self._number = number
        self._told = told
        self._began = self._said = perf_counter()

    def more(self, records: int) -> None:
        """Some more were read."""
        self.records += records
        self._told(records)
        if perf_counter() - self._said > PROGRESS_S:
            self._said = perf_counter()
            seconds = round(self._said - self._began, 1)
            log.info("restoring", partition=self._number, records=self.records, seconds=seconds)
