"""Where the heads of many records end, found for all of them at once.

A head is the texts and integers that the records of a schema begin with. Read one record after another, each field
costs some steps of Python; in arrays of NumPy all records go each step together.

Source of the encoding: Avro 1.12 specification, "Binary Encoding".
"""

from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from schemas.compiled import BITS
from schemas.glances import Head

_Integers: TypeAlias = NDArray[np.int64]
_Bytes: TypeAlias = NDArray[np.uint8]

#: Integers of more bytes are left to who reads one by one.
_MOST_BYTES: Final = 9
#: Bytes behind the last record, where an integer that a broken one begins comes to its end.
PADDING: Final = bytes(_MOST_BYTES + 1)


class Heads(NamedTuple):
    """Of each record: where its slot ends, its version, where its head ends; False where one by one must be read."""

    slots: _Integers
    versions: _Integers
    ends: _Integers
    sure: NDArray[np.bool_]


def heads(head: Head, data: _Bytes, at: _Integers, until: _Integers) -> Heads:
    """Read the heads of records of one schema.

    Args:
        head: Of their schema.
        data: Where they lie; at least ``PADDING`` bytes follow the last.
        at: Where each begins, behind the header of the wire format.
        until: Where each ends.
    """
    cursor, slots, versions = _Cursor(data, at, until), at, at
    for number, is_text in enumerate(head.texts):
        if is_text:
            cursor.text()
        elif number == head.version:
            versions = cursor.integer()
        else:
            cursor.pass_over()
        if number + 1 == head.slot:
            slots = cursor.at
    # Whoever runs past the end of a broken record stands at it, where nothing is left for what the record says.
    return Heads(slots, versions, cursor.at, cursor.sure & (cursor.at < until))


class _Cursor:
    """Where many records are read, each of them at the same field.

    Attributes:
        at: The place in each; never behind its end.
        sure: False where one by one must be read.
    """

    def __init__(self, data: _Bytes, at: _Integers, until: _Integers) -> None:
        self._data = data
        self._until = until
        self.at = at
        self.sure = np.ones(len(at), bool)

    def text(self) -> None:
        """Pass over a text of less than 8 KB."""
        length = self._data[self.at].astype(np.int64)
        at = self.at + 1
        long = np.flatnonzero(length > BITS)
        if long.size:
            more = self._data[at[long]].astype(np.int64)
            length[long] += (more << 7) - (BITS + 1)
            at[long] += 1
            self.sure[long[more > BITS]] = False
        self.sure &= length & 1 == 0  # none is negative
        self.at = np.minimum(at + (length >> 1), self._until)

    def integer(self) -> _Integers:
        """Read an integer."""
        byte, at = self._data[self.at], self.at + 1
        number, more = (byte & BITS).astype(np.int64), byte > BITS
        for shift in range(7, 7 * _MOST_BYTES, 7):
            if not more.any():
                break
            byte = self._data[at]
            number += np.where(more, byte & BITS, 0).astype(np.int64) << shift
            at += more
            more &= byte > BITS
        self._stand(at, more)
        return (number >> 1) ^ -(number & 1)

    def pass_over(self) -> None:
        """Pass over an integer."""
        at = self.at.copy()
        more = self._data[at] > BITS
        for _ in range(1, _MOST_BYTES):
            if not more.any():
                break
            at += more
            more = self._data[at] > BITS
        self._stand(at + 1, more)

    def _stand(self, at: _Integers, more: NDArray[np.bool_]) -> None:
        self.at = np.minimum(at, self._until)
        self.sure &= ~more
