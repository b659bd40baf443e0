"""The codec: round trips for every contract, and errors that name the place."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import Codec, schema_id
from schemas.contracts import TRAINING_ENROLMENT, LockFile, Schema, fingerprint, lock_file, relock, sources
from schemas.errors import BadWireFormat, ContractError, UnknownSchema

CODEC = Codec()
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
ENROLMENT = {
    "session_id": "intercarif:SE_1",
    "person": "0" * 32,
    "source": "kairos",
    "source_key": "1/" + "0" * 32,
    "version": 1,
    "occurred_at": NOW,
}


def values(schema: Any) -> st.SearchStrategy[Any]:
    """Whatever fits a schema, derived from the schema alone."""
    if isinstance(schema, list):
        return st.one_of([values(one) for one in schema])
    if isinstance(schema, str):
        return {
            "null": st.none(),
            "string": st.text(max_size=20),
            "boolean": st.booleans(),
            "int": st.integers(-(2**31), 2**31 - 1),
            "long": st.integers(-(2**63), 2**63 - 1),
            "double": st.floats(allow_nan=False),
            "bytes": st.binary(max_size=20),
        }[schema]
    if "logicalType" in schema:
        days = st.dates(date(1900, 1, 1), date(2200, 1, 1))
        return (
            days
            if schema["logicalType"] == "date"
            else st.integers(0, 4_000_000_000_000).map(
                lambda ms: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
            )
        )
    if schema["type"] == "array":
        return st.lists(values(schema["items"]), max_size=3)
    if schema["type"] == "enum":
        return st.sampled_from(schema["symbols"])
    return st.fixed_dictionaries({field["name"]: values(field["type"]) for field in schema["fields"]})


@pytest.mark.parametrize("name", sorted(sources()))
def test_every_record_comes_back_as_it_went(name: str) -> None:
    @given(values(sources()[name]))
    def round_trip(record: dict[str, Any]) -> None:
        assert CODEC.decode(CODEC.encode(name, record)) == (name, record)

    round_trip()


def test_a_field_left_out_takes_its_default() -> None:
    record = CODEC.read(TRAINING_ENROLMENT, CODEC.encode(TRAINING_ENROLMENT, ENROLMENT))
    assert record["withdrawn"] is False
    assert record["status"] is None


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"version": "one"}, "version"),
        ({"colour": "red"}, "colour"),
        ({"person": None}, "person"),
        ({"status": "GONE"}, "status"),
    ],
)
def test_a_record_that_does_not_fit_names_the_field(changed: dict[str, Any], named: str) -> None:
    with pytest.raises(ContractError, match=named):
        CODEC.encode(TRAINING_ENROLMENT, ENROLMENT | changed)


def test_an_error_never_shows_the_value() -> None:
    with pytest.raises(ContractError) as caught:
        CODEC.encode(TRAINING_ENROLMENT, ENROLMENT | {"version": "DUPONT"})
    assert "DUPONT" not in str(caught.value)


def test_bytes_cut_anywhere_are_no_record() -> None:
    wire = CODEC.encode(TRAINING_ENROLMENT, ENROLMENT)
    for length in range(len(wire)):
        with pytest.raises(BadWireFormat):
            CODEC.decode(wire[:length])


def test_an_unknown_id_is_retriable() -> None:
    with pytest.raises(UnknownSchema) as caught:
        CODEC.decode(b"\x00\x00\x01\x00\x00rest")
    assert caught.value.retriable


def test_the_header_is_confluents() -> None:
    wire = CODEC.encode(TRAINING_ENROLMENT, ENROLMENT)
    assert wire[0] == 0
    assert schema_id(wire) == int.from_bytes(wire[1:5], "big") == lock_file().by_name(TRAINING_ENROLMENT).id


def test_a_reader_copes_with_a_newer_minor_version() -> None:
    newer: Schema = {**sources()[TRAINING_ENROLMENT]}
    newer["fields"] = [*newer["fields"], {"name": "note", "type": ["null", "string"], "default": None}]
    entries = relock([], sources())
    both = LockFile(relock(entries, {TRAINING_ENROLMENT: newer}))
    wire = Codec(both).encode(TRAINING_ENROLMENT, ENROLMENT | {"note": "new"})
    assert (
        Codec(both).read(TRAINING_ENROLMENT, Codec(LockFile(entries)).encode(TRAINING_ENROLMENT, ENROLMENT))["note"]
        is None
    )
    with pytest.raises(UnknownSchema):
        Codec(LockFile(entries)).decode(wire)


def test_ids_once_given_stay() -> None:
    entries = relock([], sources())
    changed = {name: {**schema, "doc": "other"} for name, schema in list(sources().items())[:1]}
    again = relock(entries, {**sources(), **changed})
    assert again[: len(entries)] == entries
    assert [entry["id"] for entry in again] == list(range(1, len(entries) + 2))


def test_the_lock_file_knows_every_schema_as_it_is() -> None:
    assert {name: lock_file().by_name(name).fingerprint for name in sources()} == {
        name: fingerprint(schema) for name, schema in sources().items()
    }
