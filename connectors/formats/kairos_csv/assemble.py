"""From the rows of a file to one event a thing: whatever the order of the rows, the same events."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Final, TypeVar

from connectors.formats.base import Context, Contradiction, Event, Notes, Taken
from connectors.formats.kairos_csv.rows import Row, SessionPart
from schemas.contracts import TRAINING_ENROLMENT, TRAINING_SESSION

#: The fields a file may fill; the provenance is the intake's.
WRITES: Final[Mapping[str, frozenset[str]]] = {
    TRAINING_SESSION: frozenset({
        "session_id", "source_key", "title", "provider", "place", "formacodes", "certifications", "starts_on",
        "ends_on", "funders",
    }),
    TRAINING_ENROLMENT: frozenset({
        "session_id", "person", "source_key", "status", "planned_start_on", "planned_end_on", "scheme", "funders",
    }),
}  # fmt: skip

#: What rows of one session must agree on: attribute, column.
_SINGLE = (
    ("title", "dc_lblformation"),
    ("provider", "dc_lblorganisme"),
    ("siret", "dc_siret"),
)


SESSION: Final = "TrainingSession"


def assemble(rows: list[Row], context: Context) -> Iterator[Taken]:
    """One item for each row: an enrolment, with its session at the first; no event where another row outdoes it."""
    notes = context.notes
    sessions: dict[str, list[Row]] = defaultdict(list)
    winners = _winners(rows, notes)
    for (session, _), row in winners.items():
        sessions[session].append(row)
    taken = set()
    for session, members in sessions.items():
        numbered = any(row.part.number == session for row in members)
        root = f"intercarif:{session}" if numbered else f"{context.source}:{session}"
        about: tuple[Event, ...] = (_session(root, session, members, notes),)
        for row in members:
            taken.add(row.line)
            yield Taken(row.line, (_enrolment(root, session, row), *about), row.warnings)
            about = ()
    yield from (Taken(row.line, (), row.warnings) for row in rows if row.line not in taken)


def _session_keys(rows: Iterable[Row]) -> Callable[[Row], str]:
    """How to name the session of a row.

    By its Intercarif number; without one by the number that the other rows of the same Kairos session agree on; else
    by Kairos' own number. (One Kairos number may stand for several Intercarif sessions, and the reverse.)
    """
    numbers: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.part.number:
            numbers[row.part.session].add(row.part.number)
    agreed = {session: min(found) for session, found in numbers.items() if len(found) == 1}
    return lambda row: row.part.number or agreed.get(row.part.session, row.part.session)


def _winners(rows: list[Row], notes: Notes) -> dict[tuple[str, str], Row]:
    """One row for each session and person: the one with the greatest content, whatever their order."""
    key_of = _session_keys(rows)
    held: dict[tuple[str, str], Row] = {}
    for row in rows:
        key = (key_of(row), row.person)
        other = held.setdefault(key, row)
        if other is not row:
            held[key] = _better(row, other, notes)
    return held


def _better(row: Row, other: Row, notes: Notes) -> Row:
    winner = max(row, other, key=lambda one: one.content)
    if row.content != other.content:
        lines = (min(row.line, other.line), max(row.line, other.line))
        notes.contradictions.append(Contradiction(lines, "dates or funding of one trainee", winner.line))
    return winner


#: What rows say of a session, each time that they say it otherwise, and the first line of those that say it so.
_Parts = list[tuple[SessionPart, int]]


def _parts(members: list[Row]) -> _Parts:
    found: dict[int, tuple[SessionPart, int]] = {}
    for row in members:
        known = found.get(id(row.part))  # rows that say the same share it
        if known is None or row.line < known[1]:
            found[id(row.part)] = (row.part, row.line)
    return list(found.values())


def _single(parts: _Parts, attribute: str, column: str, notes: Notes) -> str | None:
    """The greatest value that any row gives; rows that differ are told."""
    first: dict[str, int] = {}
    for part, line in parts:
        value = getattr(part, attribute)
        if value:
            first[value] = min(first.get(value, line), line)
    return _greatest(first, column, notes) if first else None


def _place(parts: _Parts, notes: Notes) -> dict[str, Any] | None:
    """The place as one value: code, postcode and town of one row are never mixed with another's."""
    first: dict[tuple[str, ...], int] = {}
    for part, line in parts:
        place = tuple(value or "" for value in (part.place.code, part.place.vintage, part.postcode, part.city))
        first[place] = min(first.get(place, line), line)
    code, vintage, postcode, city = (value or None for value in _greatest(first, "dc_insee_lieuformation", notes))
    commune = code and {"code": code, "vintage": vintage}
    place_of = {"commune": commune, "postcode": postcode, "label": city}
    return place_of if any(place_of.values()) else None


Value = TypeVar("Value", str, tuple[str, ...])


def _greatest(first: dict[Value, int], column: str, notes: Notes) -> Value:
    """The greatest of some values, by value and first line; when there are several, that is told."""
    winner = max(first)
    if len(first) > 1:
        notes.contradictions.append(Contradiction(tuple(sorted(first.values())), column, first[winner]))
    return winner


def _union(values: Iterable[tuple[str, ...]]) -> list[str]:
    """Each value once; those that rows put first come first, ties by value."""
    ranks: dict[str, int] = {}
    for row in values:
        for rank, value in enumerate(row):
            ranks[value] = min(rank, ranks.get(value, rank))
    return sorted(ranks, key=lambda value: (ranks[value], value))


def _session(root: str, session: str, members: list[Row], notes: Notes) -> Event:
    parts = _parts(members)
    single = {name: _single(parts, name, column, notes) for name, column in _SINGLE}
    provider = {"name": single["provider"], "siret": single["siret"], "nda": None}
    formacodes = _union(part.formacodes for part, _ in parts)
    record = {
        "session_id": root,
        "source_key": session,
        "title": single["title"],
        "provider": provider if any(provider.values()) else None,
        "place": _place(parts, notes),
        "formacodes": formacodes or None,
        "certifications": _certifications(parts),
        **_span(members),
        "funders": _funders(members),
    }
    return Event(TRAINING_SESSION, record, alias=min(part.session for part, _ in parts))


def _span(members: list[Row]) -> dict[str, date | None]:
    """From the first start to the last end that its rows plan."""
    starts = [row.starts_on for row in members if row.starts_on]
    return {"starts_on": min(starts, default=None), "ends_on": max(row.ends_on for row in members)}


def _certifications(parts: _Parts) -> list[dict[str, str]] | None:
    codes = _union(part.certifications for part, _ in parts)
    return [{"scheme": "CERTIFINFO", "code": code} for code in codes] or None


def _funders(members: list[Row]) -> list[dict[str, str | None]] | None:
    codes = _union({row.funders for row in members})
    return [{"code": code, "seats": None} for code in codes] or None


def _enrolment(root: str, session: str, row: Row) -> Event:
    record = {
        "session_id": root,
        "person": row.person,
        "source_key": f"{session}/{row.person}",
        "status": "ENTERED",
        "planned_start_on": row.starts_on,
        "planned_end_on": row.ends_on,
        "scheme": row.scheme,
        "funders": list(row.funders) or None,
    }
    return Event(TRAINING_ENROLMENT, record, alias=f"{row.part.session}/{row.person}")
