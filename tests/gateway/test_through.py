"""Records of JSON that go on the wire in one pass are those that go step by step, and the same bytes."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.envelope import blank
from connectors.gateway.contracts import contract_formats
from connectors.gateway.through import Through
from schemas.clock import EPOCH, to_millis
from schemas.codec import Codec
from schemas.contracts import sources
from schemas.examples import examples
from schemas.fits import fits
from schemas.plain import plain
from tests.values import fitting, values

CODEC = Codec()
CONTRACTS = sorted(name for name in contract_formats() if Through.of(name))
HEADER_BYTES = 5
SOURCE = "bench"


def stepwise(name: str, record: dict[str, Any]) -> tuple[bytes, int | None, int | None] | None:
    """Content, version and instant, by the way that explains; None for what it refuses, or finds odd."""
    found = plain(name)({"source": SOURCE, "version": 0, "occurred_at": EPOCH, **record})
    if found is None or not fits(name)(found) or found["source"] != SOURCE or found["version"] < 0:
        return None
    rest = {key: found[key] for key in contract_formats()[name].writes[name]}
    content = CODEC.checked(name)(blank(rest, SOURCE, withdrawn=found["withdrawn"]))
    if content is None:  # a text that is no Unicode
        return None
    instant = to_millis(found["occurred_at"]) if "occurred_at" in record else None
    return content[HEADER_BYTES:], found["version"] or None, instant


def at_once(name: str, record: dict[str, Any]) -> tuple[bytes | None, int | None, int | None] | None:
    event = THROUGH[name].event(record, SOURCE)
    return None if event is None else (event.body, event.version, event.instant)


THROUGH = {name: Through(name) for name in CONTRACTS}


def as_json(record: dict[str, Any]) -> dict[str, Any]:
    """As a partner's JSON says it."""
    found: dict[str, Any] = json.loads(json.dumps(record, default=str))
    return found


@pytest.mark.parametrize("name", CONTRACTS)
def test_examples_go_through_at_once_and_what_is_wrong_does_not(name: str) -> None:
    for one in examples(name).valid:
        record = {**one, "source": SOURCE}
        assert at_once(name, record) == stepwise(name, record) is not None
        assert at_once(name, {**record, "occurred_at": "2026-11-23T08:00:00+01:00"}) is not None
    for wrong in examples(name).invalid:
        record = {**wrong.record, "source": SOURCE}
        assert at_once(name, record) == stepwise(name, record)


@pytest.mark.parametrize("name", CONTRACTS)
@given(data=st.data())
@settings(max_examples=6, deadline=None)
def test_the_two_ways_take_and_write_the_same_whatever_the_values(name: str, data: Any) -> None:
    schema = sources()[name]
    good = as_json({**data.draw(fitting(schema)), "source": SOURCE})
    some = data.draw(st.sampled_from(sorted(good)))
    odd = [
        object(), 3.5, "x", None, [], {}, True, 1 << 70, -1, "\ud800", "2026-W01-1", "20261120",
        "0001-01-01T00:00:00+14:00", "2026-11-20T08:15:42", "12.50", "other", "",
    ]  # fmt: skip
    for record in (
        good,
        as_json({**data.draw(values(schema)), "source": SOURCE}),
        {key: value for key, value in good.items() if key != some},
        {**good, "unknown": good[some]},
        {**{key: value for key, value in good.items() if key != some}, "unknown": good[some]},
        {**good, some: data.draw(st.sampled_from(odd))},
    ):
        assert at_once(name, record) == stepwise(name, record)
