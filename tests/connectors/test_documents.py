"""A JSON file says the same whether it is parsed at once or, being long, piece by piece."""

from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.formats import documents as reading
from connectors.formats.base import Context, Problem
from connectors.inputs import Input
from connectors.privacy import Pseudonymiser
from schemas.errors import FileRefused
from schemas.territory.areas import Territory

TERRITORY = Territory.load()


def told(body: bytes) -> list[Any]:
    """Each record, or the code of what is wrong with it; nothing of a file that is refused."""
    context = Context("s", datetime(2026, 11, 23, tzinfo=UTC), Pseudonymiser(b"key"), TERRITORY)
    found = reading.documents(Input.of_bytes(body), context, "items")
    try:
        return [one.code if isinstance(one, Problem) else (dict(one), text) for _, one, text in found]
    except FileRefused:
        return []


@pytest.mark.parametrize(
    "record",
    [
        b'{"a": 1, "b": [true, null, "\xc3\xa9"], "c": {"d": 1.5}}',
        b'{"a": 12345678901234567890}',
        b'{"a": 123456789012345678901234567890, "b": {"c": [-99999999999999999999]}}',
        b'{"a": 18446744073709551615, "b": -9223372036854775808}',
        b'{"a": 1e300, "b": -0.0, "c": 1E5, "d": 0.10000000000000000555}',
        b'{"a": %s1%s}' % (b"[" * 40, b"]" * 40),
        b'"no object"',
    ],
)
@pytest.mark.parametrize("envelope", [b"[%s]", b'{"items": [%s]}'])
def test_a_record_is_the_same_in_a_short_file_and_in_a_long_one(
    record: bytes, envelope: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = envelope % b", ".join([record, b'{"z": 1}'])
    short = told(body)
    monkeypatch.setattr(reading, "_WHOLE_BYTES", 10)
    assert told(body) == short
    assert len(short) == 2


@pytest.mark.parametrize("record", [b'{"a": 1e400}', b'{"a": %s}' % (b"9" * 400), rb'{"a": "\ud800"}', b'{"a": NaN}'])
def test_what_no_json_is_refuses_a_short_file_and_a_long_one(record: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    body = b"[%s, %s]" % (record, b'{"z": 1}')
    assert told(body) == []
    monkeypatch.setattr(reading, "_WHOLE_BYTES", 10)
    assert told(body) == []
