"""Values that fit a schema, derived from the schema alone."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from schemas.fields import kind_of, logical

_PLAIN = {
    "null": st.none(),
    "string": st.text(max_size=20),
    "boolean": st.booleans(),
    "int": st.integers(-(2**31), 2**31 - 1),
    "long": st.integers(-(2**63), 2**63 - 1),
    "double": st.floats(allow_nan=False),
    "float": st.floats(allow_nan=False, width=32),
    "bytes": st.binary(max_size=20),
}


def values(schema: Any, hints: Any = None) -> st.SearchStrategy[Any]:
    """Whatever fits a type; with the field's own object as hints, inside its pattern and bounds too."""
    if isinstance(schema, list):
        return st.one_of([values(one, hints) for one in schema])
    if special := logical(schema):
        return _logical(special, schema, hints or {})
    kind = kind_of(schema)
    if kind in {"array", "map"}:
        items = values(schema["items" if kind == "array" else "values"], hints)
        return st.lists(items, max_size=3) if kind == "array" else st.dictionaries(st.text(), items, max_size=3)
    if kind == "enum":
        return st.sampled_from(schema["symbols"])
    if kind == "record":
        bounded = hints is not None
        return st.fixed_dictionaries(
            {field["name"]: values(field["type"], field if bounded else None) for field in schema["fields"]}
        )
    return _plain(kind, hints or {})


def fitting(schema: Any) -> st.SearchStrategy[Any]:
    """Records that keep every pattern and bound of their contract."""
    return values(schema, {})


def _plain(kind: str, hints: Any) -> st.SearchStrategy[Any]:
    low, high = hints.get("minimum"), hints.get("maximum")
    if kind == "string" and "pattern" in hints:
        return st.from_regex(re.compile(hints["pattern"], re.ASCII), fullmatch=True)
    if kind in {"int", "long"} and (low is not None or high is not None):
        return st.integers(low if low is not None else -(2**31), high if high is not None else 2**31 - 1)
    if kind == "double" and (low is not None or high is not None):
        return st.floats(low, high, allow_nan=False)
    return _PLAIN[kind]


def _logical(name: str, schema: Any, hints: Any) -> st.SearchStrategy[Any]:
    if name == "date":
        return st.dates(date(1900, 1, 1), date(2200, 1, 1))
    if name == "decimal":
        most = 10 ** (schema["precision"] - schema["scale"]) - 1
        low, high = hints.get("minimum", -most), hints.get("maximum", most)
        return st.decimals(low, high, places=schema["scale"], allow_nan=False).map(lambda one: one or Decimal(0))
    return st.integers(0, 4_000_000_000_000).map(
        lambda ms: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
    )
