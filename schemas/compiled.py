"""Decoders compiled from a schema: straight Python for one contract, that reads only the fields somebody wants.

Source of the encoding: Avro 1.12 specification, "Binary Encoding". A decoder is made for a pair of schemas, the
writer's and the reader's, by the rules of "Schema Resolution". It is faster than a general one, for it knows every type
beforehand; its answers are compared with fastavro's in the tests.
"""

import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, NamedTuple

from schemas.fields import kind_of, logical, named_types
from schemas.glances import Glance, Glanced, Head, bounds_of, head_of

#: Reads a record out of bytes from a position on; gives the record and the position behind it.
Decoder = Callable[[bytes, int], tuple[dict[str, Any], int]]
#: The same, but gives the wanted fields alone, in their order.
Reader = Callable[[bytes, int], tuple[tuple[Any, ...], int]]

#: Lowest bit: negative. Highest: more bytes follow. Where neither is set, a length is one byte.
_LONG_OR_NEGATIVE: Final = 0x81
_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
#: Of a byte of an integer the bits that count: a greater byte has another one behind it. Of the last one, of ten bytes,
#: only the lowest bit is left of 64.
BITS: Final = 0x7F
_VARINT_BITS: Final = 70
_LAST_SHIFT: Final = 63


def compile_decoder(writer: Mapping[str, Any], reader: Mapping[str, Any] | None = None) -> Decoder:
    """A decoder for records of one schema.

    Args:
        writer: The schema the bytes were written with.
        reader: The schema the record should have; the writer's own when left out.

    Raises:
        ValueError: The two schemas do not resolve; names the place.
    """
    made = _Source(named_types(writer), named_types(reader or writer))
    decoder: Decoder = _compiled(made, made.record(writer, reader or writer), writer["name"])
    return decoder


def compile_reader(writer: Mapping[str, Any], reader: Mapping[str, Any], only: Sequence[str]) -> Reader:
    """A decoder that gives only these top-level fields, as a tuple in their order, and passes over the others.

    Raises:
        ValueError: As for ``compile_decoder``.
    """
    made = _Source(named_types(writer), named_types(reader))
    found: Reader = _compiled(made, made.some(writer, reader, only), writer["name"])
    return found


class GlancingReader(NamedTuple):
    """Glances at wire bytes of one schema; both raise what broken bytes may, as a decoder does.

    Attributes:
        look: What the bytes are about and say.
        names: The root, the thing and the other texts that name the slot, as they are written; of a record, or of the
            bytes that name its slot.
        known: What was built of an end of a record that was met before; None for another one.
        head: What the records begin with, to look at many at once; None where that must be done one by one.
    """

    look: Callable[[bytes], Glanced]
    names: Callable[[bytes], tuple[bytes, ...]]
    known: Callable[[bytes], Any]
    head: Head | None


#: Where a record begins behind the header of the wire format.
RECORD_AT: Final = 5
#: Ends of records that are remembered; as many again make room for others.
_ENDS_KEPT: Final = 50_000


def compile_glance(writer: Mapping[str, Any], reader: Mapping[str, Any], glance: Glance) -> GlancingReader | None:
    """A reader that looks at wire bytes; None when the writer has its fields in an order that does not allow it.

    What records are about differs; what they say of it is alike in many: the days of a session's people. Those bytes
    are read once, then known again. Texts are given as they are written, and *not* checked to be UTF-8: they mean
    something only to who finds the same bytes among those that were read before.

    Raises:
        ValueError: As for ``compile_decoder``.
    """
    made = _Source(named_types(writer), named_types(reader))
    lines = made.glance(writer, reader, glance)
    if lines is None:
        return None
    build, known = glance.build, dict[bytes, object]()
    rest: Reader = _compiled(made, lines.rest, writer["name"])

    def ending(data: bytes, at: int) -> object:
        """Read the end of a record, and remember it when it is whole."""
        found, end = rest(data, at)
        if end != len(data):
            raise ValueError("more bytes than a record")
        if len(known) >= _ENDS_KEPT:
            known.clear()
        made_of_it = known[data[at:]] = build(found)
        return made_of_it

    made.constants |= {"known": known.get, "ending": ending}
    look, names = (_function(made, "d", one, writer["name"]) for one in (lines.whole, lines.names))
    return GlancingReader(look, names, known.get, lines.head)


def _compiled(made: "_Source", body: Iterable[str], name: str) -> Any:  # noqa: ANN401  # one of the two kinds above
    return _function(made, "d, p", (*body, "return r0, p"), name)


def _function(made: "_Source", arguments: str, body: Iterable[str], name: str) -> Any:  # noqa: ANN401  # the same
    text = "\n".join((f"def decode({arguments}):", *(f"    {line}" for line in body)))
    scope = {**_RUNTIME, **made.constants}
    exec(compile(text, f"<decoder of {name}>", "exec"), scope)  # noqa: S102  # our own text, made from a schema we parsed
    return scope["decode"]


def long_or_negative(data: bytes, at: int) -> tuple[int, int]:
    """A length that is not one plain byte: its zigzag form and the position behind it; raises ValueError below 0."""
    number, at = varint(data, at)
    if number & 1:
        raise ValueError("a negative length")
    return number, at


def varint(data: bytes, at: int) -> tuple[int, int]:
    """A variable-length integer in zigzag form, and the position behind it."""
    number = shift = 0
    while shift < _VARINT_BITS:
        byte = data[at]
        at += 1
        number |= (byte & BITS) << shift
        if byte <= (BITS if shift < _LAST_SHIFT else 1):
            return number, at
        shift += 7
    raise ValueError("an integer of more than 64 bits")


def block(data: bytes, at: int) -> tuple[int, int]:
    """The number of items in an array's or map's next block, and the position of its first."""
    number, at = varint(data, at)
    count = (number >> 1) ^ -(number & 1)
    if count >= 0:
        return count, at
    _, at = varint(data, at)
    return -count, at


_RUNTIME: Final = {
    "L": long_or_negative, "B": block, "day": lru_cache(maxsize=65_536)(date.fromordinal), "EPOCH": _EPOCH,
    "span": timedelta, "ints": int.from_bytes, "Decimal": Decimal, "f4": struct.Struct("<f").unpack_from,
    "f8": struct.Struct("<d").unpack_from, "len": len, "ValueError": ValueError,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Glancing:
    """The lines of three readers: that glances at a record, that reads what it says, that reads what names its slot.

    And the head of the records, if many can be looked at together.
    """

    whole: list[str]
    rest: list[str]
    names: list[str]
    head: Head | None


@dataclass(slots=True)
class _Source:
    """Writes the lines of one decoder."""

    written: Mapping[str, Mapping[str, Any]]
    read: Mapping[str, Mapping[str, Any]]
    constants: dict[str, Any] = field(default_factory=dict)
    names: int = 0

    def record(self, writer: Mapping[str, Any], reader: Mapping[str, Any]) -> list[str]:
        """Lines that put a record into a new local variable ``r<n>``, the first of them ``r0``."""
        return list(self.fields(writer, reader, self._name("r")))

    def some(self, writer: Mapping[str, Any], reader: Mapping[str, Any], only: Sequence[str]) -> list[str]:
        """Lines that put these fields as a tuple into ``r0``."""
        target = self._name("r")
        fields = {one["name"]: one for one in reader["fields"]}
        wanted = {name: fields[name] for name in only}
        places: dict[str, str] = {}
        lines = list(self._places(writer["fields"], wanted, places))
        return [*lines, f"{target} = {self._tuple(wanted, places)}"]

    def glance(self, writer: Mapping[str, Any], reader: Mapping[str, Any], glance: Glance) -> _Glancing | None:
        """Lines that return what ``Glanced`` says, where the writer's order allows that."""
        fields = {one["name"]: one for one in reader["fields"]}
        called = _names(fields)
        order = [called.get(one["name"], "") for one in writer["fields"]]
        bounds = bounds_of(order, glance)
        if bounds is None:
            return None
        end, cut = bounds
        self._name("r")
        own, places, said = {glance.version: fields[glance.version]}, dict[str, str](), dict[str, str]()
        whole = list(self._places(writer["fields"][:end], own, places))
        whole += ["m = p", *self._places(writer["fields"][end:cut], own, places)]
        whole += ["a = known(d[p:])", "if a is None: a = ending(d, p)", f"return d[:m], {places[glance.version]}, a"]
        says = {name: fields[name] for name in glance.says}
        rest = [*self._places(writer["fields"][cut:], says, said), f"r0 = {self._tuple(says, said)}"]
        texts, named = {name: _raw(fields[name]) for name in (*glance.texts, *glance.slot)}, dict[str, str]()
        names = list(self._places(writer["fields"][:end], texts, named))
        thing = named[glance.thing] if isinstance(glance.thing, str) else self._constant(glance.thing)
        others = "".join(f", {named[name]}" for name in glance.slot)
        names.append(f"return {named[glance.root]}, {thing}{others}")
        begin = f"p = {RECORD_AT}"
        head = head_of(writer["fields"][:cut], end, order.index(glance.version))
        return _Glancing([begin, *whole], rest, [begin, *names], head)

    def _values(self, wanted: Mapping[str, Mapping[str, Any]], places: Mapping[str, str]) -> str:
        return "".join(f"{places.get(name) or self._default(one)}, " for name, one in wanted.items())

    def _tuple(self, wanted: Mapping[str, Mapping[str, Any]], places: Mapping[str, str]) -> str:
        return f"({self._values(wanted, places)})"

    def _name(self, prefix: str) -> str:
        name = f"{prefix}{self.names}"
        self.names += 1
        return name

    def _constant(self, value: object) -> str:
        name = self._name("k")
        self.constants[name] = value
        return name

    def fields(self, writer: Mapping[str, Any], reader: Mapping[str, Any], target: str) -> Iterator[str]:
        wanted = {one["name"]: one for one in reader["fields"]}
        places: dict[str, str] = {}
        yield from self._places(writer["fields"], wanted, places)
        pairs = (f"{name!r}: {places.get(name) or self._default(one)}" for name, one in wanted.items())
        yield f"{target} = {{{', '.join(pairs)}}}"

    def _places(
        self, written: Sequence[Mapping[str, Any]], wanted: Mapping[str, Mapping[str, Any]], places: dict[str, str]
    ) -> Iterator[str]:
        """Lines that read the wanted fields into variables, whose names are noted in ``places``."""
        called = _names(wanted)
        for one in written:
            name = called.get(one["name"])
            if name is None:
                yield from self._skip(one["type"])
            else:
                places[name] = self._name("v")
                yield from self._read(one["type"], wanted[name]["type"], places[name])

    def _default(self, one: Mapping[str, Any]) -> str:
        if "default" not in one:
            raise ValueError(f"{one['name']} is not written and has no default")
        plain = one["default"] is None or isinstance(one["default"], bool | int | str)
        return repr(one["default"]) if plain else f"{self._constant(one['default'])}.copy()"

    def _read(self, writer: Any, reader: Any, target: str) -> Iterator[str]:  # noqa: ANN401  # types in Avro's JSON
        writer, reader = self._known(writer, self.written), self._known(reader, self.read)
        if isinstance(writer, list):
            yield from self._branches(writer, lambda one: self._read(one, reader, target))
            return
        reader = self._match(writer, reader)
        kind = kind_of(writer)
        if special := _LOGICAL.get((kind, logical(reader) or "")):
            yield from special(self, reader, target)
            return
        if compound := _COMPOUND.get(kind):
            yield from compound(self, writer, reader, target)
        else:
            yield from self._plain(kind, kind_of(reader), target)

    @staticmethod
    def _known(kind: Any, names: Mapping[str, Any]) -> Any:  # noqa: ANN401  # the same
        return names.get(kind.rpartition(".")[2], kind) if isinstance(kind, str) else kind

    def _match(self, writer: Any, reader: Any) -> Any:  # noqa: ANN401  # the same
        """The reader's type for the writer's: the first branch that can take it."""
        for one in reader if isinstance(reader, list) else [reader]:
            known = self._known(one, self.read)
            if kind_of(known) in _TAKES.get(kind_of(writer), (kind_of(writer),)):
                return known
        raise ValueError(f"a reader of {kind_of(reader)} cannot take a {kind_of(writer)}")

    def _branches(self, kinds: list[Any], lines: Callable[[Any], Iterator[str]]) -> Iterator[str]:
        """One ``if`` for each branch of a union."""
        yield "n = d[p]; p += 1"
        for number, one in enumerate(kinds):
            yield f"{'elif' if number else 'if'} n == {number * 2}:"
            yield from (f"    {line}" for line in lines(one))
        yield "else: raise ValueError('no such branch of a union')"

    def array(self, writer: Mapping[str, Any], reader: Mapping[str, Any], target: str) -> Iterator[str]:
        item = self._name("i")
        yield f"{target} = []"
        yield from self._blocks(self._read(writer["items"], reader["items"], item), f"{target}.append({item})")

    def map(self, writer: Mapping[str, Any], reader: Mapping[str, Any], target: str) -> Iterator[str]:
        key, item = self._name("i"), self._name("i")
        yield f"{target} = {{}}"
        pair = [*self._read("string", "string", key), *self._read(writer["values"], reader["values"], item)]
        yield from self._blocks(iter(pair), f"{target}[{key}] = {item}")

    def _blocks(self, lines: Iterator[str], last: str) -> Iterator[str]:
        count = self._name("c")
        yield f"{count}, p = B(d, p)"
        yield f"while {count}:"
        yield f"    if {count} > len(d): raise ValueError('more items than bytes')"
        yield f"    while {count}:"
        yield from (f"        {line}" for line in lines)
        yield f"        {last}; {count} -= 1"
        yield f"    {count}, p = B(d, p)"

    def enum(self, writer: Mapping[str, Any], reader: Mapping[str, Any], target: str) -> Iterator[str]:
        if kind_of(reader) == "enum":
            default = reader.get("default")
            symbols = tuple(one if one in reader["symbols"] else default for one in writer["symbols"])
        else:
            symbols = tuple(writer["symbols"])
        yield from self._length()
        yield f"{target} = {self._constant(symbols)}[n >> 1]"
        if None in symbols:
            yield f"if {target} is None: raise ValueError('a symbol the reader does not know')"

    @staticmethod
    def _length() -> Iterator[str]:
        """A length or index into ``n``, still in zigzag form."""
        yield "n = d[p]; p += 1"
        yield f"if n & {_LONG_OR_NEGATIVE}: n, p = L(d, p - 1)"

    def _plain(self, kind: str, wanted: str, target: str) -> Iterator[str]:
        if kind in {"string", "bytes"}:
            yield from self._length()
            yield f"e = p + (n >> 1); {target} = d[p:e]{'.decode()' if wanted == 'string' else ''}; p = e"
        elif kind in {"int", "long"}:
            yield from self._integer()
            number = "(n >> 1) ^ -(n & 1)"
            yield f"{target} = {f'float({number})' if wanted in {'float', 'double'} else number}"
        else:
            yield from _FIXED_SIZE[kind](target)

    @staticmethod
    def _integer() -> Iterator[str]:
        """An integer into ``n``, still in zigzag form; in place, for a call would take longer."""
        yield "n = d[p]; p += 1"
        yield "if n > 127:"
        for shift in range(
            7, _VARINT_BITS, 7
        ):  # one level for each byte: a byte that has a successor counts 128 too many
            indent = " " * 4 * (shift // 7)
            yield f"{indent}e = d[p]; p += 1; n += (e << {shift}) - {1 << shift}"
            yield f"{indent}if e > {BITS if shift < _LAST_SHIFT else 1}:"
        yield f"{' ' * 4 * (_VARINT_BITS // 7)}raise ValueError('an integer of more than 64 bits')"

    def date(self, reader: Mapping[str, Any], target: str) -> Iterator[str]:  # noqa: ARG002  # one call for every logical type
        """Days since 1970."""
        yield from self._integer()
        yield f"{target} = day({_EPOCH_ORDINAL} + ((n >> 1) ^ -(n & 1)))"

    def instant(self, reader: Mapping[str, Any], target: str) -> Iterator[str]:  # noqa: ARG002  # the same
        """Milliseconds since 1970 UTC."""
        yield from self._integer()
        yield f"{target} = EPOCH + span(0, 0, 0, (n >> 1) ^ -(n & 1))"

    def number(self, reader: Mapping[str, Any], target: str) -> Iterator[str]:
        """Two's complement, big-endian, with the reader's scale."""
        yield from self._plain("bytes", "bytes", target)
        yield f"{target} = Decimal(ints({target}, 'big', signed=True)).scaleb(-{reader.get('scale', 0)})"

    def _skip(self, kind: Any) -> Iterator[str]:  # noqa: ANN401  # a type in Avro's JSON
        """Lines that pass over a value."""
        kind = self._known(kind, self.written)
        if isinstance(kind, list):
            yield from self._branches(kind, self._skip)
        elif kind_of(kind) in {"record", "array", "map"}:
            yield from self._skip_parts(kind)
        elif kind_of(kind) in {"string", "bytes"}:
            yield from self._length()
            yield "p += n >> 1"
        elif kind_of(kind) in _SIZES:
            yield f"p += {_SIZES[kind_of(kind)]}"
        else:
            yield "while d[p] > 127: p += 1"
            yield "p += 1"

    def _skip_parts(self, kind: Mapping[str, Any]) -> Iterator[str]:
        if kind["type"] == "record":
            for one in kind["fields"]:
                yield from self._skip(one["type"])
            yield "pass"
        elif kind["type"] == "array":
            yield from self._blocks(self._skip(kind["items"]), "pass")
        else:
            yield from self._blocks(iter([*self._skip("string"), *self._skip(kind["values"])]), "pass")


def _raw(one: Mapping[str, Any]) -> Mapping[str, Any]:
    """A field whose text is left as it is written."""
    return {**one, "type": "bytes"} if one["type"] == "string" else one


def _names(wanted: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """The reader's name of each field that a writer may call by that name or an alias."""
    aliases = {alias: name for name, one in wanted.items() for alias in one.get("aliases", ())}
    return {**aliases, **{name: name for name in wanted}}


def _null(target: str) -> Iterator[str]:
    yield f"{target} = None"


def _boolean(target: str) -> Iterator[str]:
    yield f"{target} = d[p] == 1; p += 1"


def _float(target: str) -> Iterator[str]:
    yield f"{target} = f4(d, p)[0]; p += 4"


def _double(target: str) -> Iterator[str]:
    yield f"{target} = f8(d, p)[0]; p += 8"


_FIXED_SIZE: Final[Mapping[str, Callable[[str], Iterator[str]]]] = {
    "null": _null, "boolean": _boolean, "float": _float, "double": _double,
}  # fmt: skip
_SIZES: Final = {"null": 0, "boolean": 1, "float": 4, "double": 8}
#: What a reader may ask for where a writer has this (Avro 1.12, "Schema Resolution").
_TAKES: Final[Mapping[str, tuple[str, ...]]] = {
    "int": ("int", "long", "float", "double"), "long": ("long", "float", "double"), "float": ("float", "double"),
    "string": ("string", "bytes"), "bytes": ("bytes", "string"),
}  # fmt: skip
_LOGICAL: Final[Mapping[tuple[str, str], Callable[[_Source, Mapping[str, Any], str], Iterator[str]]]] = {
    ("int", "date"): _Source.date,
    ("long", "timestamp-millis"): _Source.instant,
    ("bytes", "decimal"): _Source.number,
}
_COMPOUND: Final[Mapping[str, Callable[[_Source, Mapping[str, Any], Mapping[str, Any], str], Iterator[str]]]] = {
    "record": _Source.fields, "array": _Source.array, "map": _Source.map, "enum": _Source.enum,
}  # fmt: skip
