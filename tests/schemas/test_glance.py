"""What a glance tells is what reading tells, again and again; whatever it cannot tell is left to who reads."""

from io import BytesIO
from typing import Any

import pytest
from fastavro import schemaless_writer
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import Codec
from schemas.compiled import Glance, compile_glance
from schemas.contracts import TRAINING_ENROLMENT, TRAINING_HEADCOUNT, TRAINING_SESSION, sources
from schemas.errors import BadWireFormat
from streams.domains.facts import COUNTS, ITSELF, READS, TrainingReader
from tests.values import values

CODEC = Codec()
THINGS: dict[str, str | bytes] = {TRAINING_ENROLMENT: "person", TRAINING_SESSION: ITSELF, TRAINING_HEADCOUNT: COUNTS}
SAYS = {name: tuple(one for one in READS[name][4:] if one != THINGS[name]) for name in THINGS}
SLOT = ("source", "source_key")
LOOKING = CODEC.glancing(
    {
        name: Glance("session_id", thing, SLOT, "version", ("occurred_at",), tuple, SAYS[name])
        for name, thing in THINGS.items()
    }
)
READING = CODEC.reading(SAYS)


@pytest.mark.parametrize("name", sorted(THINGS))
def test_a_glance_tells_what_was_written(name: str) -> None:
    thing = THINGS[name]

    @given(values(sources()[name]))
    def look(record: dict[str, Any]) -> None:
        wire = CODEC.encode(name, record)
        for _ in range(2):  # the second time its end is known
            seen = LOOKING.look(wire)
            assert seen is not None
            assert wire.startswith(seen[0])
            assert seen[1:] == (record["version"], tuple(record[one] for one in SAYS[name]))
            assert LOOKING.is_text(seen[0])
            root, *slot = (record[one].encode() for one in ("session_id", *SLOT))
            named = (root, record[thing].encode() if isinstance(thing, str) else thing, *slot)
            assert LOOKING.names(seen[0]) == LOOKING.names(wire) == (name, named)

    look()


@pytest.mark.parametrize("name", sorted(THINGS))
def test_two_records_have_the_same_slot_exactly_when_all_that_names_it_is_equal(name: str) -> None:
    thing = THINGS[name]
    names = ["session_id", *SLOT, *([thing] if isinstance(thing, str) else [])]
    short = st.text("ab\u00e9\x00", max_size=2)

    @given(values(sources()[name]), st.fixed_dictionaries(dict.fromkeys(names, short)), st.data())
    def compare(record: dict[str, Any], named: dict[str, str], data: st.DataObject) -> None:
        other = {**named, **data.draw(st.fixed_dictionaries({}, optional=dict.fromkeys(names, short)))}
        first, second = (LOOKING.look(CODEC.encode(name, {**record, **one})) for one in (named, other))
        assert first is not None
        assert second is not None
        assert (first[0] == second[0]) == (named == other)

    compare()


@pytest.mark.parametrize("name", sorted(THINGS))
def test_bytes_that_are_too_many_or_too_few_tell_nothing_also_behind_a_known_end(name: str) -> None:
    @given(values(sources()[name]), st.data())
    def refused(record: dict[str, Any], data: st.DataObject) -> None:
        wire = CODEC.encode(name, record)
        LOOKING.look(wire)
        cut = data.draw(st.integers(0, len(wire) - 1))
        for broken in (wire[:cut], wire + b"\x00"):
            assert LOOKING.look(broken) is None
            with pytest.raises(BadWireFormat):
                READING.decode(broken)

    refused()


def test_texts_that_are_no_text_are_found_out() -> None:
    reader = TrainingReader(CODEC)
    record = dict.fromkeys(("session_id", "person", "source", "source_key"), "xx")
    wire = CODEC.encode(TRAINING_ENROLMENT, {**record, "version": 1, "occurred_at": 0, "withdrawn": False})
    for at in range(4):
        broken = bytearray(wire)
        broken[6 + 3 * at] = 0xFF
        seen = reader.look(bytes(broken))
        assert seen is not None
        assert not reader.is_text(seen[0])
        with pytest.raises(BadWireFormat):
            reader.read(bytes(broken))


@given(st.text(max_size=5), st.integers(-9, 9), st.none() | st.text(max_size=5))
def test_a_writer_with_its_fields_in_another_order_tells_nothing_at_a_glance(
    key: str, version: int, word: str | None
) -> None:
    reader = _record("root", "key", "version", "word")
    for order in (("word", "root", "key", "version"), ("root", "version", "key", "word"), ("root", "key", "word")):
        assert compile_glance(_record(*order), reader, _GLANCE) is None
    look = compile_glance(reader, reader, _GLANCE)
    assert look is not None
    wire = b"\x00" * 5 + _avro(reader, {"root": "r", "key": key, "version": version, "word": word})
    assert look.look(wire)[1:] == (version, (word,))


_GLANCE = Glance("root", b"", ("key",), "version", (), tuple, ("word",))


def _record(*names: str) -> dict[str, Any]:
    kinds = {"root": "string", "key": "string", "version": "long", "word": ["null", "string"]}
    return {"type": "record", "name": "R", "fields": [{"name": name, "type": kinds[name]} for name in names]}


def _avro(schema: dict[str, Any], record: dict[str, Any]) -> bytes:
    out = BytesIO()
    schemaless_writer(out, schema, record)
    return out.getvalue()
