"""Encoders that check as they write: a record that fits its contract in, its bytes out; made as straight Python.

One pass instead of two, for the records that partners hand over by the hundred thousand. What they take is what
:mod:`schemas.fits` passes, what they write is what fastavro writes; both are compared in the tests. Source of the
encoding: Avro 1.12 specification, "Binary Encoding".
"""

import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import InvalidOperation
from functools import lru_cache
from io import BytesIO
from typing import Any, Final

from fastavro import schemaless_writer

from schemas.clock import EPOCH, to_millis
from schemas.fields import branches, kind_of, logical, named_types, nullable
from schemas.fits import Checks
from schemas.flat import zigzag
from schemas.plain import turning

#: The wire bytes of a record, and of the fields that it does not hold; None for one that does not fit.
CheckedEncoder = Callable[..., bytes | None]
#: Fields that a record does not hold: the bytes that stand for each, or None when they are given with the record.
Put = tuple[tuple[str, bytes | None], ...]

_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()
#: What a value of another kind than the contract's makes the encoder raise.
_UNFIT: Final = (TypeError, AttributeError, ValueError, OverflowError, InvalidOperation)


def compile_checked_encoder(
    schema: Mapping[str, Any], header: bytes, put: Put = (), *, json: bool = False
) -> CheckedEncoder:  # fmt: skip
    """An encoder for the records of a contract.

    Args:
        schema: As written by hand, with its hints.
        header: Put before each record.
        put: Fields that are not looked for in the record. Bytes given with each come behind it, in this order.
        json: Values come in JSON's forms, and fields that are put in may stand there as well, whatever their value;
            what only the validation can explain does not fit.
    """
    made = _Source(Checks(named_types(schema)), json)
    name = made.record(schema, put=put)
    scope: dict[str, Any] = {**made.checks.scope(), **_RUNTIME, **made.constants}
    text = "\n".join([*made.checks.lines, *made.lines])
    exec(compile(text, f"<checked encoder of {schema['name']}>", "exec"), scope)  # noqa: S102  # our own text, made from our own schema
    write: CheckedEncoder = scope[name]

    def encode(record: Mapping[str, Any], *given: bytes) -> bytes | None:
        try:
            found = write(record, *given)
        except _UNFIT:
            return None
        return None if found is None else header + found

    return encode


@lru_cache(maxsize=65_536)
def _day(value: date) -> bytes:
    return zigzag(value.toordinal() - _EPOCH_ORDINAL)


def _instant(value: datetime) -> bytes:
    return b"\x00" if value is EPOCH else zigzag(to_millis(value))


_RUNTIME: Final = {"Z": zigzag, "D": _day, "T": _instant, "P": struct.Struct("<d").pack, "J": b"".join}


def _rest(kind: Any) -> Callable[[Any], bytes]:  # noqa: ANN401  # a type in Avro's JSON, a value
    """Writes values of a type that is rare."""

    def write(value: Any) -> bytes:  # noqa: ANN401  # the same
        out = BytesIO()
        schemaless_writer(out, kind, value, strict_allow_default=True)
        return out.getvalue()

    return write


def _arguments(put: Put) -> list[str]:
    """Names for the bytes that are given with each record."""
    return [f"x{number}" for number, (_, fixed) in enumerate(put) if fixed is None]


def _parts(kind: Mapping[str, Any], put: Put) -> dict[str, str]:
    """What stands for each field in the text: a name, or the bytes themselves."""
    parts = {one["name"]: f"p{number}" for number, one in enumerate(kind["fields"])}
    return parts | {one: f"x{number}" if fixed is None else repr(fixed) for number, (one, fixed) in enumerate(put)}


@dataclass(slots=True)
class _Source:
    """Writes the functions of one contract."""

    checks: Checks
    json: bool = False
    lines: list[str] = field(default_factory=list)
    constants: dict[str, Any] = field(default_factory=dict)
    count: int = 0

    def record(self, kind: Mapping[str, Any], hints: Mapping[str, Any] | None = None, put: Put = ()) -> str:
        """A function for a record; gives its name."""
        del hints
        name, absent = self._name("w"), dict(put)
        held = [one for one in kind["fields"] if one["name"] not in absent]
        parts = _parts(kind, put)
        body = [line for one in held for line in self._field(one, parts[one["name"]])]
        # Counted down: what is put in and stands in the record nevertheless.
        there = "".join(f" - ({one!r} in r)" for one in absent) if self.json else ""
        self.lines += [
            f"def {name}({', '.join(['r', *_arguments(put)])}):",
            "    if r.__class__ is not dict: return None",
            f"    g = r.get; absent = 0{there}",
            *(f"    {line}" for line in body),
            f"    if len(r) + absent != {len(held)}: return None",  # what is neither a field nor absent
            f"    return J(({', '.join(parts.values())},))",
        ]
        return name

    def _field(self, one: Mapping[str, Any], target: str) -> Iterator[str]:
        yield f"v = g({one['name']!r}, M)"
        if "default" in one:
            default = _rest(self._parsed(one["type"]))(one["default"])
            yield f"if v is M: absent += 1; {target} = {default!r}"
        else:
            yield "if v is M: return None"
        yield from self._union(one["type"], one, target, "elif")

    def _union(self, kind: Any, hints: Mapping[str, Any], target: str, word: str) -> Iterator[str]:  # noqa: ANN401  # the same
        wanted = branches(kind)
        if len(wanted) > 1:
            yield "else:" if word == "elif" else "if True:"
            others = ["return None"] if self.json else self._others(kind, hints, target)
            yield from (f"    {line}" for line in others)
            return
        index = b""
        if nullable(kind):
            null, other = kind.index("null"), kind.index(wanted[0])
            yield f"{word} v is None: {target} = {zigzag(null)!r}"
            index, word = zigzag(other), "elif"
        yield "else:" if word == "elif" else "if True:"
        only = self.checks.known(wanted[0])
        yield from (f"    {line}" for line in (*self._turned(only), *self._one(only, hints, target, index)))

    def _turned(self, kind: Any) -> Iterator[str]:  # noqa: ANN401  # the same
        """Turns JSON's form of a value into the codec's."""
        if self.json and kind_of(kind) not in _COMPOUND and (turn := turning(kind, self.checks.names)):
            yield f"v = {self._constant(turn)}(v)"

    def _one(self, kind: Any, hints: Mapping[str, Any], target: str, index: bytes) -> Iterator[str]:  # noqa: ANN401  # the same
        before = f"{index!r} + " if index else ""
        special, name = logical(kind), kind_of(kind)
        if name == "enum":
            symbols = {symbol: index + zigzag(number) for number, symbol in enumerate(kind["symbols"])}
            yield f"{target} = {self._constant(symbols)}.get(v)"
            yield f"if {target} is None: return None"
        elif name in _COMPOUND:
            made = _COMPOUND[name](self, kind, hints)
            yield f"{target} = {made}(v)"
            yield f"if {target} is None: return None"
            yield f"{target} = {before}{target}"
        elif line := _WRITES.get(special or name):
            yield f"if not ({self.checks.condition(kind, hints)}): return None"
            yield f"{target} = {line.format(before=before)}"
        else:
            yield from self._others(kind, hints, target, before)

    def _others(self, kind: Any, hints: Mapping[str, Any], target: str, before: str = "") -> Iterator[str]:  # noqa: ANN401  # the same
        yield f"if not ({self.checks.condition(kind, hints)}): return None"
        yield f"{target} = {before}{self._constant(_rest(self._parsed(kind)))}(v)"

    def array(self, kind: Mapping[str, Any], hints: Mapping[str, Any]) -> str:
        """A function for an array; gives its name."""
        name = self._name("a")
        body = self._union(kind["items"], hints, "p", "if")
        self.lines += [
            f"def {name}(l):", "    if l.__class__ is not list: return None", "    if not l: return b'\\x00'",
            "    o = [Z(len(l))]", "    for v in l:", *(f"        {line}" for line in body), "        o.append(p)",
            "    o.append(b'\\x00')", "    return J(o)",
        ]  # fmt: skip
        return name

    def _parsed(self, kind: Any) -> Any:  # noqa: ANN401  # the same
        """A type with every name in it written out, as fastavro wants it."""
        names = self.checks.names
        if isinstance(kind, list):
            return [self._parsed(one) for one in kind]
        return names.get(kind.rpartition(".")[2], kind) if isinstance(kind, str) else kind

    def _name(self, prefix: str) -> str:
        self.count += 1
        return f"{prefix}{self.count}"

    def _constant(self, value: object) -> str:
        name = self._name("c")
        self.constants[name] = value
        return name


#: What writes a value ``v`` that fits, with the branch of its union before it.
_WRITES: Final = {
    "string": "{before}Z(len(e := v.encode())) + e",
    "int": "{before}Z(v)",
    "long": "{before}Z(v)",
    "double": "{before}P(v)",
    "boolean": "{before}(b'\\x01' if v else b'\\x00')",
    "date": "{before}D(v)",
    "timestamp-millis": "{before}T(v)",
}
_COMPOUND: Final[Mapping[str, Callable[[_Source, Mapping[str, Any], Mapping[str, Any]], str]]] = {
    "record": _Source.record, "array": _Source.array,
}  # fmt: skip
