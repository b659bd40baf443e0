"""What the log and the views must hold after a journal, by naive code that shares nothing with the engine."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from typing import Any, NamedTuple

from connectors.kafka.clients import reader
from connectors.kafka.reading import read_to_end
from connectors.kafka.settings import KafkaSettings
from schemas.codec import Codec
from schemas.topics import CELLS, TRAINING_ENTITIES, VIEW_EXITS, VIEW_SESSIONS
from tests.journal import Journal, Said
from tests.oracle import areas, disclosed, windows

CODEC = Codec()
communes = cache(areas)
#: In these states a person is expected to finish.
COMING = {"ADMITTED", "ENTERED"}


class Differences(NamedTuple):
    """How many keys hold something else than they must, those that are missing or too many included."""

    view: int
    entities: int
    cells: int

    def __str__(self) -> str:
        return f"{self.view} / {self.entities} / {self.cells}"


def leavers(journal: Journal) -> Iterable[tuple[int, Said | None, date | None]]:
    """Each person expected to finish, whose session nobody took back: session number, session, day."""
    for (number, _), (_, _, person) in journal.enrolments.items():
        session = journal.sessions.get(number)
        gone = person["withdrawn"] or (session is not None and session.record["withdrawn"])
        if not gone and person["status"] in COMING:
            last = session.record["ends_on"] if session else None
            yield number, session, person["actual_end_on"] or person["planned_end_on"] or last


def place(session: Said | None) -> tuple[str, str]:
    """Commune and trade under which the people of a session count."""
    if session is None:
        return "?", ""
    code = session.record["place"]["commune"]["code"]
    formacodes = session.record["formacodes"]
    return code if code in communes() else "?", f"formacode:{formacodes[0]}" if formacodes else ""


def exits(journal: Journal) -> dict[str, int]:
    """Persons by cell ``commune|trade|day`` of the view exits."""
    counts: Counter[str] = Counter()
    for _, session, day in leavers(journal):
        if day is not None:
            counts["|".join([*place(session), str(day)])] += 1
    return dict(counts)


def cells(journal: Journal) -> dict[tuple[str, str], Any]:
    """Every cell that is not zero: persons, and the facts of a session."""
    found: dict[tuple[str, str], Any] = {("exits", cell): (n, None) for cell, n in exits(journal).items()}
    people = Counter(number for number, _, _ in leavers(journal))
    for number, session in journal.sessions.items():
        if not session.record["withdrawn"]:
            commune = place(session)[0]
            dates = (session.record["starts_on"], session.record["ends_on"])
            facts = (None if commune == "?" else commune, *dates)
            found["sessions", f"intercarif:{number}"] = (people[number], facts)
    return found


def entities(journal: Journal) -> dict[bytes, bytes]:
    """The newest event of each thing, by its key in the log."""
    found = {}
    for kind, things in (("TrainingSession", journal.sessions), ("TrainingEnrolment", journal.enrolments)):
        for said in things.values():
            key = [said.record["session_id"], kind, "kairos", said.record["source_key"]]
            found["\x1f".join(key).encode()] = said.wire
    return found


def views(journal: Journal, today: date) -> dict[str, str]:
    """What is said by key of the views exits and sessions."""
    counts: Counter[str] = Counter()
    for _, session, day in leavers(journal):
        commune, trade = place(session)
        for area in communes().get(commune, ["outside:unknown"]):
            for ref in {"all", trade} - {""}:
                counts.update(f"{area}|{ref}|{window}" for window in (windows(day, today) if day else []))
    people = Counter(number for number, _, _ in leavers(journal))
    said = {key: disclosed(n) for key, n in counts.items()}
    for number, session in journal.sessions.items():
        dates = [day for day in (session.record["starts_on"], session.record["ends_on"]) if day and day >= today]
        if not session.record["withdrawn"] and dates and (min(dates) - today).days <= 180:
            said[f"intercarif:{number}"] = disclosed(people[number]) if people[number] else "0"
    return said


def last(kafka: KafkaSettings, topic: str, partitions: int) -> dict[tuple[int, bytes], bytes]:
    """The last record of each partition and key; tombstones delete."""
    found: dict[tuple[int, bytes], bytes] = {}
    consumer = reader(kafka)
    try:
        for one in read_to_end(consumer, [(topic, number) for number in range(partitions)]):
            key, value = (one.partition() or 0, one.key() or b""), one.value()
            if value is None:
                found.pop(key, None)
            else:
                found[key] = value
    finally:
        consumer.close()
    return found


def held_cells(kafka: KafkaSettings, prefix: str, partitions: int) -> dict[tuple[str, str], Any]:
    """The cells in the log that are not zero, summed over partitions."""
    found: dict[tuple[str, str], Any] = {}
    for wire in last(kafka, prefix + CELLS, partitions).values():
        cell = CODEC.decode(wire)[1]
        key = (cell["view"], cell["cell"])
        before = found.get(key, (0, None))
        facts = before[1]
        if cell["row"] is not None:
            row = CODEC.decode(cell["row"])[1]
            facts = (row["commune"], row["starts_on"], row["ends_on"])
        found[key] = (before[0] + cell["n"], facts)
    return {key: value for key, value in found.items() if value != (0, None)}


def held_exits(kafka: KafkaSettings, prefix: str, partitions: int) -> dict[str, int]:
    """The cells of the view exits alone."""
    found = held_cells(kafka, prefix, partitions)
    return {cell: n for (view, cell), (n, _) in found.items() if view == "exits"}


def held_entities(kafka: KafkaSettings, prefix: str, partitions: int) -> dict[bytes, bytes]:
    """The entities in the log; one that lies in two partitions holds both."""
    found: dict[bytes, bytes] = {}
    for (_, key), wire in last(kafka, prefix + TRAINING_ENTITIES, partitions).items():
        if not key.startswith(b"\x00"):
            found[key] = found.get(key, b"") + wire
    return found


def held_views(kafka: KafkaSettings, prefix: str) -> dict[str, str]:
    """What readers are told by key."""
    said = {}
    for topic, count in ((VIEW_EXITS, "count"), (VIEW_SESSIONS, "leavers")):
        for (_, key), wire in last(kafka, prefix + topic, 1).items():
            value = CODEC.decode(wire)[1][count]
            said[key.decode()] = "< 5" if value["value"] is None else str(value["value"])
    return said


def differing(held: Mapping[Any, Any], wanted: Mapping[Any, Any]) -> int:
    """Keys whose values are not the same."""
    return sum(held.get(key) != wanted.get(key) for key in held.keys() | wanted.keys())


def compare(kafka: KafkaSettings, prefix: str, partitions: int, journal: Journal, today: date) -> Differences:
    """Everything in the log and in the views against the journal."""
    return Differences(
        differing(held_views(kafka, prefix), views(journal, today)),
        differing(held_entities(kafka, prefix, partitions), entities(journal)),
        differing(held_cells(kafka, prefix, partitions), cells(journal)),
    )
