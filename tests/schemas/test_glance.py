"""What a glance tells is what reading tells, again and again; whatever it cannot tell is left to who reads."""

from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from fastavro import schemaless_writer
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import Codec
from schemas.compiled import compile_glance
from schemas.contracts import JOB_OFFER, TRAINING_ENROLMENT, TRAINING_HEADCOUNT, TRAINING_SESSION, sources
from schemas.errors import BadWireFormat
from schemas.glances import Glance
from schemas.glancing import GlanceReader
from streams.domains.facts import COUNTS, ITSELF, READS, TrainingReader
from tests.values import values

CODEC = Codec()
THINGS: dict[str, str | bytes] = {TRAINING_ENROLMENT: "person", TRAINING_SESSION: ITSELF, TRAINING_HEADCOUNT: COUNTS}
SAYS = {name: tuple(one for one in READS[name][4:] if one != THINGS[name]) for name in THINGS}
SLOT = ("source", "source_key")
LOOKING = GlanceReader(
    CODEC,
    {
        name: Glance("session_id", thing, SLOT, "version", ("occurred_at",), tuple, SAYS[name])
        for name, thing in THINGS.items()
    },
)
READING = CODEC.reading(SAYS)
EXAMPLES = {name: values(sources()[name]) for name in (*THINGS, JOB_OFFER)}
#: So many that they are looked at together.
MANY = 256


@pytest.mark.parametrize("name", sorted(THINGS))
def test_a_glance_tells_what_was_written(name: str) -> None:
    thing = THINGS[name]

    @given(values(sources()[name]))
    def look(record: dict[str, Any]) -> None:
        wire = CODEC.encode(name, record)
        for _ in range(2):  # the second time its end is known
            (seen,) = LOOKING.look([wire])
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
        first, second = LOOKING.look([CODEC.encode(name, {**record, **one}) for one in (named, other)])
        assert first is not None
        assert second is not None
        assert (first[0] == second[0]) == (named == other)

    compare()


@pytest.mark.parametrize("name", sorted(THINGS))
def test_bytes_that_are_too_many_or_too_few_tell_nothing_also_behind_a_known_end(name: str) -> None:
    @given(values(sources()[name]), st.data())
    def refused(record: dict[str, Any], data: st.DataObject) -> None:
        wire = CODEC.encode(name, record)
        LOOKING.look([wire])
        cut = data.draw(st.integers(0, len(wire) - 1))
        for broken in (wire[:cut], wire + b"\x00"):
            assert LOOKING.look([broken]) == [None]
            with pytest.raises(BadWireFormat):
                READING.decode(broken)

    refused()


@st.composite
def wires(draw: st.DrawFn) -> bytes:
    """An event, whole or broken, of this contract or that; or no event at all."""
    name = draw(st.sampled_from([*THINGS, JOB_OFFER]))
    wire = CODEC.encode(name, draw(EXAMPLES[name]))
    at, byte = draw(st.integers(0, len(wire) - 1)), draw(st.binary(min_size=1, max_size=1))
    return draw(st.sampled_from([wire, wire, wire[:at], wire + byte, wire[:at] + byte + wire[at + 1 :], b""]))


@given(st.lists(wires(), min_size=1, max_size=10))
def test_many_tell_together_what_each_tells_alone(some: list[bytes]) -> None:
    alone = [one for wire in some for one in LOOKING.look([wire])]
    assert LOOKING.look(some * MANY) == alone * MANY


@pytest.mark.parametrize("size", [63, 64, 127, 128, 8_191, 8_192, 20_000])
@pytest.mark.parametrize("version", [0, -1, 63, -64, 64, 2**62 - 1, -(2**62), 2**62, 2**63 - 1, -(2**63)])
def test_many_tell_together_however_long_their_parts_are(size: int, version: int) -> None:
    texts = {"session_id": "a" * size, "person": "b" * (size + 1), "source": "c", "source_key": "d" * (size - 1)}
    record = {**texts, "version": version, "occurred_at": datetime(2026, 11, 26, tzinfo=UTC), "withdrawn": True}
    wire = CODEC.encode(TRAINING_ENROLMENT, record)
    seen = LOOKING.look([wire] * MANY)
    assert seen == LOOKING.look([wire]) * MANY
    assert seen[0] is not None
    assert (seen[0][1], wire.startswith(seen[0][0])) == (version, True)


@pytest.mark.parametrize("count", [1, MANY])
def test_a_version_that_no_64_bits_hold_tells_nothing(count: int) -> None:
    reader = TrainingReader(CODEC)
    record = dict.fromkeys(("session_id", "person", "source", "source_key"), "xx")
    wire = CODEC.encode(TRAINING_ENROLMENT, {**record, "version": -(2**63), "occurred_at": 0, "withdrawn": False})
    last = wire.index(b"\xff" * 9) + 9
    assert wire[last] == 1
    for byte in (2, 0x7F):
        broken = wire[:last] + bytes([byte]) + wire[last + 1 :]
        assert reader.look([broken] * count) == [None] * count
        with pytest.raises(BadWireFormat):
            reader.read(broken)


def test_texts_that_are_no_text_are_found_out() -> None:
    reader = TrainingReader(CODEC)
    record = dict.fromkeys(("session_id", "person", "source", "source_key"), "xx")
    wire = CODEC.encode(TRAINING_ENROLMENT, {**record, "version": 1, "occurred_at": 0, "withdrawn": False})
    for at in range(4):
        broken = bytearray(wire)
        broken[6 + 3 * at] = 0xFF
        (seen,) = reader.look([bytes(broken)])
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
