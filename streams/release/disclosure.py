"""The disclosure rule: what may be said of a count of persons.

France Travail and DARES round communal counts to 5. Rounding, unlike suppression, needs no secondary suppression
across overlapping areas, trades and windows: totals do not give the parts back. Totals are rounded on their own and
need not add up.
"""

from dataclasses import dataclass
from typing import Any, Final

#: Stands for *fewer than the threshold* among the numbers that are said.
FEWER: Final = -1


@dataclass(frozen=True, slots=True)
class Disclosure:
    """The rule of one deployment.

    Attributes:
        base: Counts are rounded to a multiple of it.
        threshold: Smaller counts are only said to be smaller.
    """

    base: int = 5
    threshold: int = 5

    def said(self, n: int) -> int:
        """What is said of a count, as one number to compare: FEWER, or the count as rounded.

        0 stays 0; below the threshold nothing finer than that is said; from it on the nearest multiple of the base,
        half up.
        """
        return FEWER if 0 < n < self.threshold else (n + self.base // 2) // self.base * self.base

    def written(self, said: int) -> dict[str, Any]:
        """What is said, as the contract ``DisclosedCount`` holds it."""
        if said == FEWER:
            return {"disclosure": "FEWER_THAN", "value": None, "below": self.threshold}
        return {"disclosure": "ROUNDED", "value": said, "below": None}

    def of(self, n: int) -> dict[str, Any]:
        """A count as the contract ``DisclosedCount`` holds it."""
        return self.written(self.said(n))
