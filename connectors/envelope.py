"""What every contract of a partner has in common: its root, its provenance, its id, its retraction.

A record is encoded once with an empty provenance; that is its content, by which duplicates are known. The version and
the instant are put in afterwards, when it is known which they are.
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache
from hashlib import sha1
from typing import Any, Final

from schemas.clock import EPOCH
from schemas.codec import Codec
from schemas.compiled import varint
from schemas.contracts import sources
from schemas.flat import zigzag
from schemas.topics import topics_of
from schemas.validation import take

#: RFC 9562 §6.6: ids of events are made from names in a namespace of our own.
EVENT_NAMESPACE: Final = uuid.UUID("b0b5d3b4-7a0c-5f0e-9a55-6f3c2c1d8e10")
_NAMESPACE_BYTES: Final = EVENT_NAMESPACE.bytes
#: The fields that the intake fills; ``source_key`` is the format's.
PROVENANCE: Final = ("source", "version", "occurred_at", "withdrawn")
_HEADER_BYTES: Final = 5
#: Version 0 and instant 0, one byte each.
_BLANK_BYTES: Final = 2
#: The provenance as it is put into a content: the source and whether it is withdrawn are given with the record.
BLANK: Final = (("source", None), ("version", b"\x00"), ("occurred_at", b"\x00"), ("withdrawn", None))
#: What stands in a content for whether it is withdrawn.
WITHDRAWN: Final = {False: b"\x00", True: b"\x01"}
_LOW_BITS: Final = 0x7F


@dataclass(frozen=True, slots=True)
class Shape:
    """How records of one contract are kept together.

    Attributes:
        contract: Full name.
        topic: Where they are published.
        root: Name of the field that is the key on the bus.
        needed: The fields besides the root that even a retraction must have.
        before: Number of texts that stand before the version on the wire.
        kind: Short name of the contract.
        mark: The contract as an attribute of CloudEvents.
    """

    contract: str
    topic: str
    root: str
    needed: tuple[str, ...]
    before: int
    kind: str
    mark: tuple[str, bytes]

    def thing(self, record: Mapping[str, Any]) -> str:
        """What a retraction needs besides the root: the value itself when it is one text, else several as JSON."""
        if not self.needed:
            return ""
        values = [record[name] for name in self.needed]
        if len(values) == 1 and isinstance(values[0], str):
            return values[0]
        return json.dumps(values, default=_as_text, ensure_ascii=False)

    def retraction(self, root: str, thing: str, source_key: str) -> dict[str, Any]:
        """The record that takes a thing back, without its provenance."""
        record: dict[str, Any] = {self.root: root, "source_key": source_key}
        values = json.loads(thing) if thing.startswith("[") else [thing]
        if self.needed:
            record.update(zip(self.needed, values, strict=True))
        return record

    def offset(self, wire: bytes) -> int:
        """Where version and instant stand."""
        at = _HEADER_BYTES
        for _ in range(self.before):
            size = wire[at]
            at += 1
            if size > _LOW_BITS:
                size, at = varint(wire, at - 1)
            at += size >> 1
        return at

    def stamped(self, content: bytes, stamp: bytes) -> bytes:
        """The content with a version and an instant."""
        at = self.offset(content)
        return content[:at] + stamp + content[at + _BLANK_BYTES :]


@cache
def shape(contract: str) -> Shape:
    """The shape of a contract by its full name."""
    schema = sources()[contract]
    names = [one["name"] for one in schema["fields"]]
    kept = {schema["root"], "source_key", *PROVENANCE}
    needed = tuple(one["name"] for one in schema["fields"] if "default" not in one and one["name"] not in kept)
    topic = next(topic.name for topic in topics_of(contract) if ".events." in topic.name)
    kind, mark = contract.rpartition(".")[2], ("ce_type", contract.encode())
    return Shape(contract, topic, schema["root"], needed, names.index("version"), kind, mark)


def blank(record: Mapping[str, Any], source: str, *, withdrawn: bool) -> dict[str, Any]:
    """A record with the provenance of which only the source is known yet."""
    return {**record, "source": source, "version": 0, "occurred_at": EPOCH, "withdrawn": withdrawn}


@lru_cache(maxsize=256)
def source_on_wire(source: str) -> bytes:
    """What stands for the source in a content."""
    text = source.encode()
    return zigzag(len(text)) + text


def retracted(codec: Codec, form: Shape, root: str, thing: str, source_key: str, source: str) -> bytes:
    """The content that takes a thing back."""
    record = blank(form.retraction(root, thing, source_key), source, withdrawn=True)
    return codec.encode(form.contract, take(sources()[form.contract], record).record)


def stamp(version: int, instant: int) -> bytes:
    """Version and instant as they stand on the wire; both milliseconds."""
    return zigzag(version) + zigzag(instant)


def event_id(source: str, kind: str, source_key: str, version: int) -> str:
    """UUIDv5 of source, key and version: the same event has the same id whenever and however often it is sent.

    As ``uuid.uuid5``, which takes three times as long (RFC 9562 §5.5).
    """
    name = f"{source}\x1f{kind}\x1f{source_key}\x1f{version}".encode()
    text = sha1(_NAMESPACE_BYTES + name, usedforsecurity=False).hexdigest()
    variant = "89ab"[int(text[16], 16) & 3]
    return f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{variant}{text[17:20]}-{text[20:32]}"


def _as_text(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(f"a {type(value).__name__} has no text")
