"""Who still writes and reads an older major or version of a contract."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from connectors.kafka.settings import KafkaSettings
from connectors.kafka.usage import UNKNOWN, Written, groups_of, written
from schemas.contracts import SchemaIds, lock_file
from schemas.majors import CONVERSIONS, Conversion
from schemas.registers import Subscriber, readers_register
from schemas.topics import CATALOGUE


@dataclass(frozen=True, slots=True)
class Usage:
    """What was found on the bus.

    Attributes:
        written: By topic, contract, version and source.
        superseded: Full names of contracts that have a newer major.
        newest: The newest id of each contract.
        groups: Topics by consumer group.
        subscribers: Of the readers' register.
    """

    written: tuple[Written, ...]
    superseded: frozenset[str]
    newest: Mapping[str, int]
    groups: Mapping[str, frozenset[str]]
    subscribers: tuple[Subscriber, ...]

    def age(self, one: Written) -> str:
        """How a version stands: current, older version, older major, unknown."""
        if one.contract not in self.newest:
            return "unknown here"
        if one.contract in self.superseded:
            return "older major"
        return "current" if self.newest[one.contract] == one.schema_id else "older version"

    def readers(self, one: Written) -> tuple[str, ...]:
        """Who reads it: consumer groups of its topic, and subscribers that name the contract."""
        named = tuple(who.name for who in self.subscribers if one.contract in who.reads)
        ours = {who.group: who.name for who in self.subscribers if who.group}
        groups = (
            group for group, topics in self.groups.items() if one.topic in topics and ours.get(group) not in named
        )
        return (*named, *(f"group {group}" for group in groups))


def look(
    settings: KafkaSettings,
    prefix: str,
    since: datetime,
    register: Path | None = None,
    *,
    ids: SchemaIds | None = None,
    conversions: tuple[Conversion, ...] = CONVERSIONS,
) -> Usage:  # fmt: skip
    """Look through the topics of events and views.

    Args:
        settings: The cluster.
        prefix: Of its topics.
        since: From when on.
        register: The operator's own readers' register.
        ids: What ids mean; the lock file when left out.
        conversions: Between majors.
    """
    topics = [prefix + topic.name for topic in CATALOGUE if topic.is_shared]
    known = ids or lock_file()
    found = tuple(written(settings, topics, known, since))
    newest = {name: known.by_name(name).id for name in {one.contract for one in found} - {UNKNOWN}}
    superseded = frozenset(one.older for one in conversions)
    return Usage(found, superseded, newest, groups_of(settings, topics), readers_register(register))


def as_text(usage: Usage) -> str:
    """A line for each topic, version and source; then who reads it."""
    if not usage.written:
        return "nothing was written in that time"
    lines = []
    for one in usage.written:
        lines.append(
            f"{usage.age(one):<14} {one.contract} (id {one.schema_id}) in {one.topic}: "
            f"{one.records:,} records of {one.source}, last {one.last_at:%Y-%m-%d %H:%M} UTC"
        )
        lines.append(f"{'':<14} read by {', '.join(usage.readers(one)) or 'nobody we know of'}")
    return "\n".join(lines)


def as_json(usage: Usage) -> str:
    """The same for programs."""
    rows = [
        {
            "topic": one.topic,
            "contract": one.contract,
            "schema_id": one.schema_id,
            "age": usage.age(one),
            "source": one.source,
            "records": one.records,
            "last_at": one.last_at.isoformat(),
            "readers": usage.readers(one),
        }
        for one in usage.written
    ]
    return json.dumps(rows, ensure_ascii=False, indent=1)
