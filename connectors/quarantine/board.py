"""What lies in quarantine now: a fold over its topic, in which records come again and are dealt with; pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from connectors.sealing import Sealed
from schemas.contracts import QUARANTINE_OUTCOME

_ID_DIGITS: Final = 32
#: How a worker calls what it read: see ``PartitionLog`` in the streams' room.
_EVENT: Final = "avro"


@dataclass(frozen=True, slots=True)
class Aside:
    """A record that waits for somebody.

    Attributes:
        record_id: Which one.
        source: The feed; for events that a worker set aside, their domain.
        format: How it was read.
        file: Where it came from.
        line: Its place there.
        pointer: The field concerned.
        code: Cause.
        shape: What the value looks like.
        message: What happened.
        fix: What to do about it.
        problems: How many problems it has; the first one is told here.
        content: Its codes that have their form, and pseudonyms, as JSON.
        data_as_of: Instant of the newest data it came with; None for what no partner sent.
        sealed: The record itself; None when it was not kept.
        first_at: When it was first set aside.
        last_at: When it came last.
        times: How often it came.
    """

    record_id: str
    source: str
    format: str
    file: str | None
    line: int | None
    pointer: str
    code: str
    shape: str
    message: str
    fix: str
    problems: int
    content: str | None
    data_as_of: datetime | None
    sealed: Sealed | None
    first_at: datetime
    last_at: datetime
    times: int = 1

    @property
    def is_event(self) -> bool:
        """Whether a worker set it aside: it lies on the bus itself, and nothing of it can be mended here."""
        return self.data_as_of is None and self.format == _EVENT


def aside(record: Mapping[str, Any], *, whole: bool = True) -> Aside:
    """What a record of the contract Quarantined says.

    Args:
        record: Decoded.
        whole: With its sealed content.
    """
    same = {
        name: record[name]
        for name in (
            "source", "format", "file", "line", "pointer", "code", "shape", "message", "fix", "problems", "data_as_of",
        )
    }  # fmt: skip
    sealed = Sealed(record["key_id"] or "", record["sealed"]) if whole and record["sealed"] else None
    at = record["received_at"]
    return Aside(
        record["record_id"] or _by_place(record), **same, content=record["content"], sealed=sealed, first_at=at,
        last_at=at,
    )  # fmt: skip


def _by_place(record: Mapping[str, Any]) -> str:
    """For what has no name of its own."""
    place = "\x1f".join(str(record[name]) for name in ("source", "format", "file", "line", "pointer", "code"))
    return sha256(place.encode()).hexdigest()[:_ID_DIGITS]


class Board:
    """The records that are open, in the order in which they were first set aside.

    Args:
        whole: Keep sealed contents; what only counts does without.
    """

    def __init__(self, *, whole: bool = True) -> None:
        self.open: dict[str, Aside] = {}
        self._whole = whole
        self._closed: dict[str, datetime | None] = {}

    def take(self, contract: str, record: Mapping[str, Any]) -> None:
        """Take a record of the topic, in the order of its offsets."""
        if contract == QUARANTINE_OUTCOME:
            found = self.open.pop(record["record_id"], None)
            if found is not None:
                self._closed[found.record_id] = found.data_as_of
            return
        one = aside(record, whole=self._whole)
        if self._is_settled(one):
            return
        known = self.open.get(one.record_id)
        self.open[one.record_id] = one if known is None else _again(known, one)

    def _is_settled(self, one: Aside) -> bool:
        """Whether it was dealt with already as it is: a file sent once more brings no work back, newer data do."""
        closed = self._closed.get(one.record_id)
        return closed is not None and one.data_as_of is not None and one.data_as_of <= closed


def _again(known: Aside, one: Aside) -> Aside:
    """A record that came before: told with the newest data it came with."""
    newest = max(known, one, key=lambda each: (each.data_as_of is not None, each.data_as_of or each.last_at))
    return replace(newest, first_at=known.first_at, last_at=one.last_at, times=known.times + 1)


@dataclass(frozen=True, slots=True)
class Group:
    """Open records with the same cause in the same field of a source.

    Attributes:
        source: The feed.
        field: The field concerned.
        code: Cause.
        message: What happened.
        count: How many records.
        sealed: How many of them were kept, so that they can be mended here.
        first_at: When the first of them came.
        last_at: When one came last.
    """

    source: str
    field: str
    code: str
    message: str
    count: int
    sealed: int
    first_at: datetime
    last_at: datetime


def grouped(records: Iterable[Aside]) -> list[Group]:
    """Open records by source, field and code; the most frequent first."""
    groups: dict[tuple[str, str, str], list[Aside]] = {}
    for one in records:
        field = "" if one.is_event else one.pointer
        groups.setdefault((one.source, field, one.code), []).append(one)
    found = [
        Group(
            source, field, code, members[0].message, len(members), sum(one.sealed is not None for one in members),
            min(one.first_at for one in members), max(one.last_at for one in members),
        )
        for (source, field, code), members in groups.items()
    ]  # fmt: skip
    return sorted(found, key=lambda group: (-group.count, group.source, group.field, group.code))
