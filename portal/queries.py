"""What a reader may ask, and whether it exists."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from rapidfuzz import process

from portal.view import Row
from schemas.errors import QueryError
from schemas.territory.areas import OUTSIDE_REGION, Area, Territory
from schemas.territory.trades import Trades

WINDOWS: Final = ("P30D", "P60D", "P90D")
_MONTH: Final = re.compile(r"20\d{2}-(0[1-9]|1[0-2])")
FILTERS: Final[Mapping[str, tuple[str, ...]]] = {
    "exits": ("area", "trade", "window"),
    "sessions": ("area", "trade", "ends_from", "ends_until", "starts_from", "starts_until"),
    "freshness": (),
}


@dataclass(frozen=True, slots=True)
class Query:
    """A filter on one view.

    Attributes:
        view: Name of the view.
        filters: Given filters, by name, in a fixed order.
    """

    view: str
    filters: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """The filter as one text, for ETags and addresses."""
        return "&".join(f"{name}={value}" for name, value in self.filters)

    @property
    def key(self) -> str | None:
        """The only key that can match, when the filter says all of it."""
        given = dict(self.filters)
        parts = [given.get(name) for name in FILTERS["exits"]]
        return "|".join(part for part in parts if part) if self.view == "exits" and all(parts) else None

    @property
    def prefix(self) -> str:
        """What the keys of all matching rows begin with, as far as the filter says it."""
        given, parts = dict(self.filters), list[str]()
        for name in FILTERS["exits"] if self.view == "exits" else ():
            if name not in given:
                return "".join(f"{part}|" for part in parts)
            parts.append(given[name])
        return "|".join(parts)

    @property
    def equal(self) -> dict[str, str]:
        """Fields that hold one text in all matching rows."""
        return {name: text for name, text in self.filters if self.view == "exits" and name in {"trade", "window"}}

    def matches(self, row: Row) -> bool:
        """Whether a row passes every filter."""
        return all(_TESTS[self.view, name](row.data, value) for name, value in self.filters)


Test = Callable[[Mapping[str, Any], str], bool]
_TESTS: Final[Mapping[tuple[str, str], Test]] = {
    ("exits", "area"): lambda row, value: f"{row['area']['type']}:{row['area']['code']}" == value,
    ("exits", "trade"): lambda row, value: row["trade"] == value,
    ("exits", "window"): lambda row, value: row["window"] == value,
    ("sessions", "area"): lambda row, value: value in row["areas"],
    ("sessions", "trade"): lambda row, value: value == "all" or value in row["trades"],
    ("sessions", "ends_from"): lambda row, value: row["ends_on"] is not None and row["ends_on"] >= value,
    ("sessions", "ends_until"): lambda row, value: row["ends_on"] is not None and row["ends_on"] <= value,
    ("sessions", "starts_from"): lambda row, value: row["starts_on"] is not None and row["starts_on"] >= value,
    ("sessions", "starts_until"): lambda row, value: row["starts_on"] is not None and row["starts_on"] <= value,
}


class BadQuery(QueryError):
    """A filter that does not exist or a value that makes no sense.

    Args:
        message: What is wrong.
        pointer: The parameter.
        received: Its value.
        expected: What would do.
        nearest: The nearest value that exists.
    """

    def __init__(self, message: str, *, pointer: str, received: str, expected: str, nearest: str = "") -> None:
        super().__init__(message, fix=f"did you mean {nearest}?" if nearest else f"give {expected}")
        self.details = {"pointer": pointer, "received": received, "expected": expected, "nearest": nearest or None}


class Queries:
    """Checks filters against what exists.

    Args:
        territory: Areas of the region.
        trades: Trades.
    """

    def __init__(self, territory: Territory, trades: Trades) -> None:
        self.territory = territory
        self.trades = trades

    def parse(self, view: str, given: Mapping[str, str]) -> Query:
        """The query behind parameters; raises BadQuery for what does not exist."""
        known = FILTERS[view]
        for name in given:
            if name not in known:
                near = process.extractOne(name, known) if known else None
                raise BadQuery(
                    f"the view {view} has no filter {name}", pointer=name, received=given[name],
                    expected=" or ".join(known) or "no filter", nearest=near[0] if near else "",
                )  # fmt: skip
        filters = [(name, self._check(name, given[name])) for name in known if given.get(name)]
        return Query(view, tuple(filters))

    def _check(self, name: str, value: str) -> str:
        checks = {"area": self._area, "trade": self._trade, "window": self._window}
        checks.get(name, self._day)(name, value)
        return value

    def _area(self, name: str, value: str) -> None:
        if value in self.territory.areas:
            return
        kind, _, code = value.partition(":")
        nearest = self.territory.nearest(code or kind, 1)
        outside = kind == "commune" and self.territory.commune(code) is not None
        message = f"{value} lies outside the region" if outside else f"there is no area {value[:80]}"
        suggestion = OUTSIDE_REGION if outside else (nearest[0].ref if nearest else "")
        raise BadQuery(message, pointer=name, received=value, expected="type:code", nearest=suggestion)

    def _trade(self, name: str, value: str) -> None:
        if not self.trades.known(value):
            found = self.trades.search(value.rpartition(":")[2], 1)
            raise BadQuery(
                f"there is no trade {value[:80]}", pointer=name, received=value,
                expected="all, rome:N4101, rome-domain:N41, rome-family:N or formacode:31734",
                nearest=found[0] if found else "",
            )  # fmt: skip

    def _window(self, name: str, value: str) -> None:
        if value not in WINDOWS and not _MONTH.fullmatch(value):
            near = process.extractOne(value, WINDOWS)
            raise BadQuery(
                f"there is no window {value[:20]}", pointer=name, received=value,
                expected="P30D, P60D, P90D or a month as 2026-12", nearest=near[0],
            )  # fmt: skip

    def _day(self, name: str, value: str) -> None:
        try:
            date.fromisoformat(value)
        except ValueError:
            raise BadQuery(f"{name} is no day", pointer=name, received=value, expected="a day as 2026-12-31") from None

    def area_by_text(self, text: str) -> Area | None:
        """The area that a person means: a reference, or a name; larger areas first."""
        wanted = text.strip()
        if wanted in self.territory.areas:
            return self.territory.areas[wanted]
        name, _, kind = wanted.rstrip(")").partition(" (")
        found = self.territory.nearest(name, 8)
        return next((area for area in found if area.type == kind), found[0] if found else None)
