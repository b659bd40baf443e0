"""Decoders compiled from a schema: straight Python for one contract, that reads only the fields somebody wants.

Source of the encoding: Avro 1.12 specification, "Binary Encoding". A decoder is made for a pair of schemas, the
writer's and the reader's, by the rules of "Schema Resolution". It is faster than a general one, for it knows every type
beforehand; its answers are compared with fastavro's in the tests.
"""

import struct
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from schemas.fields import kind_of, logical, named_types

#: Reads a record out of bytes from a position on; gives the record and the position behind it.
Decoder = Callable[[bytes, int], tuple[dict[str, Any], int]]
#: The same, but gives the wanted fields alone, in their order.
Reader = Callable[[bytes, int], tuple[tuple[Any, ...], int]]
#: Makes something of the fields at a record's end.
Build = Callable[[tuple[Any, ...]], object]

#: Lowest bit: negative. Highest: more bytes follow. Where neither is set, a length is one byte.
_LONG_OR_NEGATIVE: Final = 0x81
_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_VARINT_BITS: Final = 70


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


@dataclass(frozen=True, slots=True)
class Split:
    """How the wanted fields of a contract fall into two parts.

    Attributes:
        own: This many of the first ones differ from record to record; the others, at its end, are alike in many.
        slot: One of the former: where it ends in the bytes is told too, with all wanted fields before it.
        build: Makes something of the others, once for all records that end in the same bytes.
    """

    own: int
    slot: str
    build: Build


#: Ends of records that are remembered; as many again make room for others.
_ENDS_KEPT: Final = 50_000


def compile_split_reader(
    writer: Mapping[str, Any], reader: Mapping[str, Any], only: Sequence[str], split: Split
) -> Reader:
    """Like ``compile_reader``, in two parts: the own fields, the end of the slot field, what was built of the others.

    What records are about differs; what they say of it is alike in many: the days of a session's people. Those bytes
    are read once, then known again. The end of the slot field is 0 when the writer has its fields in another order.

    Raises:
        ValueError: As for ``compile_decoder``.
    """
    made = _Source(named_types(writer), named_types(reader))
    body = made.in_two(writer, reader, only, split)
    build, known = split.build, dict[bytes, object]()
    rest: Reader | None = _compiled(made, body.rest, writer["name"]) if body.rest else None

    def ending(data: bytes, at: int) -> object:
        """Read the end of a record, and remember it when it is whole."""
        if rest is None:
            raise ValueError("no fields are read behind the others")
        found, end = rest(data, at)
        if end != len(data):
            raise ValueError("more bytes than a record")
        if len(known) >= _ENDS_KEPT:
            known.clear()
        made_of_it = known[data[at:]] = build(found)
        return made_of_it

    made.constants |= {"known": known.get, "ending": ending, "build": build}
    found: Reader = _compiled(made, body.whole, writer["name"])
    return found


def _compiled(made: "_Source", body: Iterable[str], name: str) -> Any:  # noqa: ANN401  # one of the two kinds above
    text = "\n".join(("def decode(d, p):", *(f"    {line}" for line in body), "    return r0, p"))
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
        number |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004  # the bit that says whether more bytes follow
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
class _InTwo:
    """The lines of a reader in two parts, and of the one that reads the second part alone."""

    whole: list[str]
    rest: list[str]


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
        lines = list(self._places(writer, wanted, places))
        return [*lines, f"{target} = {self._tuple(wanted, places)}"]

    def in_two(self, writer: Mapping[str, Any], reader: Mapping[str, Any], only: Sequence[str], split: Split) -> _InTwo:
        """Lines that put the own fields, the slot's end and what is built of the others into ``r0``."""
        self._name("r")
        fields = {one["name"]: one for one in reader["fields"]}
        own, shared = ({name: fields[name] for name in names} for names in (only[: split.own], only[split.own :]))
        called = _names({**own, **shared})
        order = [called.get(one["name"]) for one in writer["fields"]]
        cut = _after_last(order, own)
        first, last = {"fields": writer["fields"][:cut]}, {"fields": writer["fields"][cut:]}
        places: dict[str, str] = {}
        lines = list(self._places(first, {**own, **shared}, places, split.slot))
        ends = _ends_the_slot(order, only, split.slot)
        head = f"r0 = ({self._values(own, places)}{'m' if ends else '0'}, a)"
        rest = list(self._places(last, shared, places))
        if not shared.keys().isdisjoint(order[:cut]):
            return _InTwo([*lines, *rest, f"a = build({self._tuple(shared, places)})", head], [])
        whole = [] if rest else ["if p > len(d): raise ValueError('fewer bytes than a record')"]
        ask = [*whole, "a = known(d[p:])", "if a is None: a = ending(d, p)"]
        return _InTwo([*lines, *ask, f"{head}; p = len(d)"], [*rest, f"r0 = {self._tuple(shared, places)}"])

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
        yield from self._places(writer, wanted, places)
        pairs = (f"{name!r}: {places.get(name) or self._default(one)}" for name, one in wanted.items())
        yield f"{target} = {{{', '.join(pairs)}}}"

    def _places(
        self, writer: Mapping[str, Any], wanted: Mapping[str, Mapping[str, Any]], places: dict[str, str],
        slot: str = "",
    ) -> Iterator[str]:  # fmt: skip
        """Lines that read the wanted fields into variables, whose names are noted in ``places``."""
        called = _names(wanted)
        for one in writer["fields"]:
            name = called.get(one["name"])
            if name is None:
                yield from self._skip(one["type"])
            else:
                places[name] = self._name("v")
                yield from self._read(one["type"], wanted[name]["type"], places[name])
            if name and name == slot:
                yield "m = p"

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
            yield f"{indent}if e > 127:"
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


def _after_last(order: Sequence[str | None], names: Collection[str]) -> int:
    """Number of fields up to the last of these names, in the order in which they were written."""
    return 1 + max((at for at, name in enumerate(order) if name in names), default=-1)


def _ends_the_slot(order: Sequence[str | None], only: Sequence[str], slot: str) -> bool:
    """Whether a writer's fields up to the slot's last one hold all wanted fields up to it."""
    before = order[: order.index(slot) + 1] if slot in order else []
    return {*only[: only.index(slot) + 1]} <= {*before}


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
