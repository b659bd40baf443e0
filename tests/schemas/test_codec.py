"""The codec: round trips for every contract, and errors that name the place."""

from contextlib import suppress
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from fastavro import parse_schema, schemaless_reader, schemaless_writer
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import Codec, schema_id
from schemas.compiled import compile_decoder
from schemas.contracts import TRAINING_ENROLMENT, Contract, LockFile, Schema, fingerprint, lock_file, relock, sources
from schemas.errors import BadWireFormat, ContractError, UnknownSchema
from schemas.examples import examples
from schemas.validation import take
from tests.values import values

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


@pytest.mark.parametrize("name", sorted(sources()))
def test_every_record_comes_back_as_it_went(name: str) -> None:
    @given(values(sources()[name]))
    def round_trip(record: dict[str, Any]) -> None:
        assert CODEC.decode(CODEC.encode(name, record)) == (name, record)

    round_trip()


@pytest.mark.parametrize("name", sorted(sources()))
def test_a_record_of_a_newer_minor_version_comes_back_without_what_is_new(name: str) -> None:
    newer = {**sources()[name]}
    newer["fields"] = [*newer["fields"], {"name": "note", "type": ["null", "string"], "default": None}]
    entries = relock([], sources())
    both = LockFile(relock(entries, {name: newer}))
    ours = LockFile(entries)
    knows_newer = Codec(Known(ours, both))

    @given(values(newer))
    def round_trip(record: dict[str, Any]) -> None:
        found, decoded = knows_newer.decode(Codec(both).encode(name, record))
        assert (found, decoded) == (name, {key: value for key, value in record.items() if key != "note"})

    round_trip()


class Known:
    """Ids of a registry that already holds a newer version than this package."""

    def __init__(self, package: LockFile, registry: LockFile) -> None:
        self._package, self._registry = package, registry

    def by_name(self, name: str) -> Contract:
        return self._package.by_name(name)

    def by_id(self, schema_id: int) -> Contract:
        return self._registry.by_id(schema_id)


@pytest.mark.parametrize("name", sorted(sources()))
def test_only_the_fields_asked_for_are_read_and_they_are_the_same(name: str) -> None:
    wanted = [field["name"] for field in sources()[name]["fields"][::-2]]
    some = CODEC.reading({name: wanted})

    @given(values(sources()[name]))
    def read(record: dict[str, Any]) -> None:
        assert some.decode(CODEC.encode(name, record)) == (name, tuple(record[key] for key in wanted))

    read()


#: Pairs of a written and a wanted schema that resolve, with a value.
RESOLVED: list[tuple[Any, Any, Any]] = [
    ("int", "long", -3),
    ("int", "double", 7),
    ("long", "float", 2**33),
    ("float", "double", 1.5),
    ("string", "bytes", "é"),
    ("bytes", "string", b"abc"),
    ("int", ["null", "long"], 64),
    (["null", "int"], ["null", "double"], -65),
    (["null", "int"], ["null", "double"], None),
    (["int", "string"], ["string", "long"], "x"),
    ({"type": "map", "values": "int"}, {"type": "map", "values": "long"}, {"a": 1, "b": -200}),
    ({"type": "array", "items": "int"}, {"type": "array", "items": "double"}, [1, 2]),
    (
        {"type": "enum", "name": "E", "symbols": ["A", "B"]},
        {"type": "enum", "name": "E", "symbols": ["A", "U"], "default": "U"},
        "B",
    ),
    (
        {"type": "record", "name": "R", "fields": [{"name": "a", "type": "int"}, {"name": "gone", "type": "string"}]},
        {
            "type": "record",
            "name": "R",
            "fields": [
                {"name": "b", "type": "long", "aliases": ["a"]},
                {"name": "c", "type": {"type": "array", "items": "int"}, "default": []},
            ],
        },
        {"a": 300, "gone": "x" * 200},
    ),
]


@pytest.mark.parametrize(("written", "wanted", "value"), RESOLVED)
def test_schemas_resolve_as_fastavro_resolves_them(written: Any, wanted: Any, value: Any) -> None:
    writer, reader = (
        {"type": "record", "name": "T", "fields": [{"name": "v", "type": one}]} for one in (written, wanted)
    )
    out = BytesIO()
    schemaless_writer(out, parse_schema(writer), {"v": value})
    expected = schemaless_reader(BytesIO(out.getvalue()), parse_schema(writer), parse_schema(reader))
    assert compile_decoder(writer, reader)(out.getvalue(), 0) == (expected, len(out.getvalue()))


def test_what_was_not_written_and_has_no_default_is_an_error() -> None:
    writer = {"type": "record", "name": "T", "fields": []}
    with pytest.raises(ValueError, match="a is not written and has no default"):
        compile_decoder(writer, {**writer, "fields": [{"name": "a", "type": "int"}]})


@pytest.mark.parametrize("name", sorted(sources()))
def test_any_bytes_are_a_record_or_an_error_of_ours(name: str) -> None:
    header = CODEC.encode(name, {**examples_record(name)})[:5]

    @given(st.binary(max_size=60))
    def read(body: bytes) -> None:
        with suppress(BadWireFormat):
            CODEC.decode(header + body)

    read()


def examples_record(name: str) -> dict[str, Any]:
    record: dict[str, Any] = take(sources()[name], examples(name).valid[0]).record
    return record


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
