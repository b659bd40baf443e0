"""What records are about and what they say, told at a glance; of many records at once.

What they begin with is found in arrays (``schemas.heads``), what they end with was met before, nearly always. Whatever
does not tell that way is looked at by itself.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from schemas.codec import Codec, schema_id
from schemas.compiled import RECORD_AT, GlancingReader, compile_glance
from schemas.errors import ContractError
from schemas.glances import Glance, Glanced
from schemas.heads import PADDING, heads

#: Fewer records are looked at one by one: a microsecond each, and setting out to look at many takes as long.
_FEW: Final = 256
#: A contract's full name, and what reads records that were written with one of its schemas.
_Reader: TypeAlias = tuple[str, GlancingReader]


class GlanceReader:
    """Tells at a glance what records are about.

    Args:
        codec: Knows the contracts.
        glances: What to look for, by the contract's full name.
    """

    def __init__(self, codec: Codec, glances: Mapping[str, Glance]) -> None:
        self._codec = codec
        self._glances = glances
        self._readers: dict[bytes, _Reader | None] = {}

    def look(self, records: Sequence[bytes]) -> list[Glanced | None]:
        """What records are about and say; None for whatever does not tell: read that, and learn why."""
        if len(records) < _FEW:
            return [self._look(one) for one in records]
        slot_ends, versions, head_ends, known = self._heads(records)
        slots = [one[:end] for one, end in zip(records, slot_ends, strict=True)]
        said = [of(one[end:]) for of, one, end in zip(known, records, head_ends, strict=True)]
        found = list[Glanced | None](zip(slots, versions, said, strict=True))
        for number in [number for number, one in enumerate(said) if one is None]:
            found[number] = self._look(records[number])
        return found

    def _heads(self, records: Sequence[bytes]) -> "_Heads":
        sizes = np.fromiter(map(len, records), np.int64, len(records))
        data, until = np.frombuffer(b"".join((*records, PADDING)), np.uint8), np.cumsum(sizes)
        at = until - sizes
        slots, versions, ends = np.zeros((3, len(records)), np.int64)
        known = np.full(len(records), _unknown, object)
        for these in _alike(data, at, sizes):
            reader = self._reader(records[these[0]])
            if reader is None or reader[1].head is None:
                continue
            found = heads(reader[1].head, data, at[these] + RECORD_AT, until[these])
            slots[these], versions[these], ends[these] = found.slots - at[these], found.versions, found.ends - at[these]
            known[these[found.sure]] = reader[1].known
        return _Heads(slots.tolist(), versions.tolist(), ends.tolist(), known.tolist())

    def _look(self, record: bytes) -> Glanced | None:
        try:
            reader = self._reader(record)
            return reader and reader[1].look(record)
        except Exception:  # noqa: BLE001  # broken bytes, or one record's bug: reading it tells
            return None

    def is_text(self, slot: bytes) -> bool:
        """Whether the texts that name a slot that a look told are UTF-8, which nobody checked so far."""
        if slot[RECORD_AT:].isascii():
            return True
        try:
            return all(one.decode() is not None for one in self.names(slot)[1])
        except UnicodeDecodeError:
            return False

    def names(self, slot: bytes) -> tuple[str, tuple[bytes, ...]]:
        """The full name of its contract and what names a slot that a look told: root, thing and the other texts."""
        name, reader = cast("_Reader", self._readers[slot[:RECORD_AT]])  # the look met it
        return name, reader.names(slot)

    def _reader(self, record: bytes) -> _Reader | None:
        header = record[:RECORD_AT]
        if header not in self._readers:
            try:
                self._readers[header] = self._compiled(schema_id(record))
            except ContractError:  # not the wire format, or a schema that may be known later
                return None
        return self._readers[header]

    def _compiled(self, number: int) -> _Reader | None:
        """What looks at records of a schema; None where its records must be read."""
        written = self._codec.ids.by_id(number)
        glance = self._glances.get(written.name)
        if glance is None or self._codec.majors.is_old(written.name):
            return None
        try:
            reader = compile_glance(written.schema, self._codec.ids.by_name(written.name).schema, glance)
        except ValueError:
            return None
        return reader and (written.name, reader)


class _Heads(NamedTuple):
    """Of each record: where its slot ends, its version, where its head ends, and what knows the end behind it."""

    slots: list[int]
    versions: list[int]
    ends: list[int]
    known: list[Callable[[bytes], Any]]


def _unknown(_end: bytes) -> None:
    """Knows no end: of a record whose head is not sure."""


def _alike(data: NDArray[np.uint8], at: NDArray[np.int64], sizes: NDArray[np.int64]) -> "list[NDArray[np.intp]]":
    """The records that are longer than a header, by schema."""
    schemas = np.zeros(len(at), np.int64)
    for byte in range(RECORD_AT):
        schemas = schemas << 8 | data[at + byte]
    found, left = [], np.flatnonzero(sizes > RECORD_AT)
    while left.size:
        alike = schemas[left] == schemas[left[0]]
        found.append(left[alike])
        left = left[~alike]
    return found
