"""What a format makes of a file, all at once, for tests of one format alone."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.formats import formats
from connectors.formats.base import Context, Contradiction, Event, Notes, Problem, Refused
from connectors.inputs import Input
from connectors.privacy import Pseudonymiser
from schemas.territory.areas import Territory

TERRITORY = Territory.load()
CONTEXT = Context("kairos", datetime(2026, 11, 20, tzinfo=UTC), Pseudonymiser(b"key"), TERRITORY)


@dataclass
class Reading:
    """Everything a format said of a file."""

    rows: int = 0
    repeated: int = 0
    events: list[Event] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    notes: Notes = field(default_factory=Notes)

    @property
    def encoding(self) -> str:
        return self.notes.encoding

    @property
    def contradictions(self) -> list[Contradiction]:
        return self.notes.contradictions

    def records(self, kind: str) -> list[dict[str, Any]]:
        """The records of one kind."""
        return [dict(event.record) for event in self.events if event.kind == kind]


def read(given: Path | bytes, name: str = "kairos-csv", source: str = "kairos") -> Reading:
    """Read a file or bytes with a format."""
    if isinstance(given, bytes):
        return _read(Input.of_bytes(given), name, source)
    with Input.of_path(given) as data:
        return _read(data, name, source)


def _read(data: Input, name: str, source: str) -> Reading:
    reading = Reading()
    for item in formats()[name].read(data, replace(CONTEXT, source=source, notes=reading.notes)):
        reading.rows += 1
        if isinstance(item, Refused):
            reading.refused.append(item)
        else:
            reading.repeated += not item.events
            reading.events.extend(item.events)
            reading.warnings.extend(item.warnings)
    return reading
