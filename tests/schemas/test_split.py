"""Reading records in two parts gives what reading them whole gives, again and again, cut short or not."""

from io import BytesIO
from typing import Any

import pytest
from fastavro import schemaless_writer
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import Codec
from schemas.compiled import Split, compile_split_reader
from schemas.contracts import TRAINING_ENROLMENT, TRAINING_HEADCOUNT, TRAINING_SESSION, sources
from schemas.errors import BadWireFormat
from streams.domains.facts import READS
from tests.values import values

CODEC = Codec()
OWN = {TRAINING_ENROLMENT: 6, TRAINING_SESSION: 5, TRAINING_HEADCOUNT: 5}
READING = CODEC.reading(READS, {name: Split(own, "source_key", tuple) for name, own in OWN.items()})


@pytest.mark.parametrize("name", sorted(OWN))
def test_both_parts_are_what_was_written(name: str) -> None:
    own, wanted = OWN[name], READS[name]

    @given(values(sources()[name]))
    def read(record: dict[str, Any]) -> None:
        wire = CODEC.encode(name, record)
        for _ in range(2):  # the second time its end is known
            _, found = READING.decode(wire)
            assert found[:own] == tuple(record[one] for one in wanted[:own])
            assert found[-1] == tuple(record[one] for one in wanted[own:])
            assert record["source_key"].encode() in wire[: found[own]]

    read()


@pytest.mark.parametrize("name", sorted(OWN))
def test_bytes_that_are_too_many_or_too_few_are_refused_also_behind_a_known_end(name: str) -> None:
    @given(values(sources()[name]), st.data())
    def refused(record: dict[str, Any], data: st.DataObject) -> None:
        wire = CODEC.encode(name, record)
        READING.decode(wire)
        cut = data.draw(st.integers(5, len(wire) - 1))
        for broken in (wire[:cut], wire + b"\x00"):
            with pytest.raises(BadWireFormat):
                READING.decode(broken)

    refused()


@given(st.text(max_size=5), st.integers(-9, 9), st.none() | st.text(max_size=5))
def test_a_writer_with_its_fields_in_another_order_is_read_without_the_short_cuts(
    key: str, version: int, word: str | None
) -> None:
    writer = _record("word", "version", "key")
    read = compile_split_reader(writer, _record("key", "version", "word"), ("key", "version", "word"), _SPLIT)
    wire = _avro(writer, {"word": word, "version": version, "key": key})
    assert read(wire, 0)[0] == (key, version, len(wire), (word,))


_SPLIT = Split(2, "key", tuple)


def _record(*names: str) -> dict[str, Any]:
    kinds = {"key": "string", "version": "long", "word": ["null", "string"]}
    return {"type": "record", "name": "R", "fields": [{"name": name, "type": kinds[name]} for name in names]}


def _avro(schema: dict[str, Any], record: dict[str, Any]) -> bytes:
    out = BytesIO()
    schemaless_writer(out, schema, record)
    return out.getvalue()
