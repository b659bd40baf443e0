"""Who depends on which field of which contract: from the code, and from the readers' register."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from connectors.formats import formats
from portal.readmodel import CONTRACTS
from schemas.contracts import (
    CELL,
    CHECKPOINT,
    GENERATION,
    HEARTBEAT,
    LEDGER_ENTRY,
    POLL_CURSOR,
    QUARANTINE_OUTCOME,
    QUARANTINED,
    SESSION_FACTS,
    SOURCE_FAILURE,
    SOURCE_STATUS,
)
from schemas.evolution import Reader
from schemas.registers import readers_register
from streams.domains.facts import READS

_ALL = frozenset({"*"})
#: Contracts of our own that are read whole.
_INSIDE: Mapping[str, tuple[str, ...]] = {
    CELL: ("release",),
    SESSION_FACTS: ("release",),
    CHECKPOINT: ("worker's checkpoint",),
    GENERATION: ("workers", "release", "portal's epochs"),
    HEARTBEAT: ("release", "the watch over sources"),
    LEDGER_ENTRY: ("intake's ledger",),
    POLL_CURSOR: ("pollers' cursors",),
    SOURCE_FAILURE: ("the watch over sources", "portal: /sources"),
    SOURCE_STATUS: ("the watch over sources",),
    QUARANTINED: ("operators' quarantine",),
    QUARANTINE_OUTCOME: ("operators' quarantine",),
}


def readership(register: Path | None = None) -> list[Reader]:
    """Everybody who reads or fills a field.

    Args:
        register: The operator's own readers' register.
    """
    return [*_inside(), *_formats(), *_subscribers(register)]


def _inside() -> Iterator[Reader]:
    for contract, fields in READS.items():
        yield Reader("views exits and sessions", contract, frozenset(fields))
    for contract in CONTRACTS.values():
        yield Reader("portal: pages, /v1/views and feeds", contract, _ALL)
    for contract, names in _INSIDE.items():
        yield from (Reader(name, contract, _ALL) for name in names)


def _formats() -> Iterator[Reader]:
    for form in formats().values():
        for contract, fields in form.writes.items():
            yield Reader(f"format {form.name}, which fills it", contract, fields)


def _subscribers(register: Path | None) -> Iterable[Reader]:
    for one in readers_register(register):
        for contract, fields in one.reads.items():
            yield Reader(f"{one.name} ({one.organisation})", contract, frozenset(fields))
