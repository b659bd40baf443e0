"""Encoders compiled from a schema, for flat records: straight Python for one contract, its values in their order.

Source of the encoding: Avro 1.12 specification, "Binary Encoding". For the records that the engine writes by the
thousand; what they write is compared with fastavro's in the tests.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, Final

#: Writes the wire bytes of a record whose values are given in the order of the schema's fields.
Encoder = Callable[..., bytes]

_LONG_BITS: Final = 63
_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()


@lru_cache(maxsize=65_536)
def zigzag(number: int) -> bytes:
    """An integer as Avro writes it; raises OverflowError for one of more than 64 bits."""
    if not -(1 << _LONG_BITS) <= number < 1 << _LONG_BITS:
        raise OverflowError("an integer of more than 64 bits")
    left, out = (number << 1) ^ (number >> _LONG_BITS), bytearray()
    while left > 127:  # noqa: PLR2004  # seven bits a byte, the eighth says that more follow
        out.append(left & 127 | 128)
        left >>= 7
    out.append(left)
    return bytes(out)


def compile_encoder(schema: Mapping[str, Any], header: bytes) -> Encoder:
    """An encoder for records of one schema, of texts, bytes, integers, booleans, dates, lists of texts, or null.

    Args:
        schema: The record's.
        header: Put before each record.

    Raises:
        ValueError: A field is of another type; names it.
    """
    names = [f"v{number}" for number in range(len(schema["fields"]))]
    parts, lines = ["header"], list[str]()
    for name, one in zip(names, schema["fields"], strict=True):
        lines += _lines(name, one)
        parts.append(name)
    text = "\n".join(
        [f"def encode({', '.join(names)}):", *(f"    {one}" for one in lines), f"    return {'+'.join(parts)}"]
    )
    scope: dict[str, Any] = {"Z": zigzag, "T": _texts, "len": len, "header": header}
    exec(compile(text, f"<encoder of {schema['name']}>", "exec"), scope)  # noqa: S102  # our own text, made from a schema we parsed
    encode: Encoder = scope["encode"]
    return encode


def _texts(items: Sequence[str]) -> bytes:
    """A list of texts: one block, and the mark of its end."""
    parts = [zigzag(len(items))] if items else []
    for item in items:
        data = item.encode()
        parts += (zigzag(len(data)), data)
    return b"".join((*parts, b"\x00"))


def _lines(name: str, one: Mapping[str, Any]) -> Iterator[str]:
    """Lines that replace a value by its bytes."""
    kind = one["type"]
    if isinstance(kind, list):
        yield from _optional(name, one)
        return
    for taken, line in _WRITES:
        if kind == taken:
            yield f"{name} = {line.replace('v', name)}"
            return
    raise ValueError(f"{one['name']} is of a type that flat records do not have")


#: What replaces a value ``v`` of each type.
_WRITES: Final[tuple[tuple[object, str], ...]] = (
    ("int", "Z(v)"),
    ("long", "Z(v)"),
    ("bytes", "Z(len(v)) + v"),
    ("boolean", "b'\\x01' if v else b'\\x00'"),
    ("string", "Z(len(v := v.encode())) + v"),
    ({"type": "int", "logicalType": "date"}, f"Z(v.toordinal() - {_EPOCH_ORDINAL})"),
    ({"type": "array", "items": "string"}, "T(v)"),
)


def _optional(name: str, one: Mapping[str, Any]) -> Iterator[str]:
    """Null or one other type."""
    null, *others = one["type"]
    if null != "null" or len(others) != 1:
        raise ValueError(f"{one['name']} is a union that flat records do not have")
    yield f"if {name} is None: {name} = b'\\x00'"
    yield "else:"
    yield from (f"    {line}" for line in _lines(name, {**one, "type": others[0]}))
    yield f"    {name} = b'\\x02' + {name}"
