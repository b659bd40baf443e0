"""From the rows of a file to one event a thing: whatever the order of the rows, the same events."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any, TypeVar

from connectors.formats.base import Contradiction, Event, Reading
from connectors.formats.kairos_csv.rows import Row
from schemas.contracts import TRAINING_ENROLMENT, TRAINING_SESSION

#: What rows of one session must agree on: attribute, column.
_SINGLE = (
    ("title", "dc_lblformation"),
    ("provider", "dc_lblorganisme"),
    ("siret", "dc_siret"),
)


def assemble(rows: Iterable[Row], source: str, reading: Reading) -> None:
    """Add to a reading the enrolments and the sessions that its rows tell."""
    sessions: dict[str, list[Row]] = defaultdict(list)
    for row in _winners(rows, reading):
        sessions[row.part.session].append(row)
    for session, members in sessions.items():
        root = _root(session, members, source, reading)
        reading.events.append(_session(root, session, members, reading))
        reading.events.extend(_enrolment(root, row) for row in members)


def _winners(rows: Iterable[Row], reading: Reading) -> list[Row]:
    """One row for each person and session: the one with the greatest content, whatever their order."""
    held: dict[tuple[str, str], Row] = {}
    for row in rows:
        other = held.get(row.key)
        if other is None:
            held[row.key] = row
            continue
        reading.repeated += 1
        winner = max(row, other, key=lambda one: one.content)
        if row.content != other.content:
            lines = (min(row.line, other.line), max(row.line, other.line))
            reading.contradictions.append(Contradiction(lines, "dates or funding of one trainee", winner.line))
        held[row.key] = winner
    return list(held.values())


def _root(session: str, members: list[Row], source: str, reading: Reading) -> str:
    """``intercarif:<number>`` when any row of the session gives it, else ``<source>:<Kairos' number>``."""
    number = _single(members, "number", "dc_numeroicsession", reading)
    return f"intercarif:{number}" if number else f"{source}:{session}"


def _single(members: list[Row], attribute: str, column: str, reading: Reading) -> str | None:
    """The greatest value that any row gives; rows that differ are told."""
    first: dict[str, int] = {}
    for row in members:
        value = getattr(row.part, attribute)
        if value:
            first[value] = min(first.get(value, row.line), row.line)
    return _greatest(first, column, reading) if first else None


def _place(members: list[Row], reading: Reading) -> dict[str, Any] | None:
    """The place as one value: code, postcode and town of one row are never mixed with another's."""
    first: dict[tuple[str, ...], int] = {}
    for row in members:
        place = tuple(value or "" for value in (row.part.insee, row.part.postcode, row.part.city))
        first[place] = min(first.get(place, row.line), row.line)
    insee, postcode, city = (value or None for value in _greatest(first, "dc_insee_lieuformation", reading))
    commune = insee and {"code": insee, "vintage": None}
    place_of = {"commune": commune, "postcode": postcode, "label": city}
    return place_of if any(place_of.values()) else None


Value = TypeVar("Value", str, tuple[str, ...])


def _greatest(first: dict[Value, int], column: str, reading: Reading) -> Value:
    """The greatest of some values, by value and first line; when there are several, that is told."""
    winner = max(first)
    if len(first) > 1:
        reading.contradictions.append(Contradiction(tuple(sorted(first.values())), column, first[winner]))
    return winner


def _union(values: Iterable[tuple[str, ...]]) -> list[str]:
    """Each value once; those that rows put first come first, ties by value."""
    ranks: dict[str, int] = {}
    for row in values:
        for rank, value in enumerate(row):
            ranks[value] = min(rank, ranks.get(value, rank))
    return sorted(ranks, key=lambda value: (ranks[value], value))


def _session(root: str, session: str, members: list[Row], reading: Reading) -> Event:
    single = {name: _single(members, name, column, reading) for name, column in _SINGLE}
    provider = {"name": single["provider"], "siret": single["siret"], "nda": None}
    formacodes = _union(row.part.formacodes for row in members)
    record = {
        "session_id": root,
        "source_key": session,
        "title": single["title"],
        "provider": provider if any(provider.values()) else None,
        "place": _place(members, reading),
        "formacodes": formacodes or None,
        "certifications": _certifications(members),
        **_span(members),
        "funders": _funders(members),
    }
    return Event(TRAINING_SESSION, "", record, min(row.line for row in members))


def _span(members: list[Row]) -> dict[str, date | None]:
    """From the first start to the last end that its rows plan."""
    starts = [row.starts_on for row in members if row.starts_on]
    return {"starts_on": min(starts, default=None), "ends_on": max(row.ends_on for row in members)}


def _certifications(members: list[Row]) -> list[dict[str, str]] | None:
    codes = _union(row.part.certifications for row in members)
    return [{"scheme": "CERTIFINFO", "code": code} for code in codes] or None


def _funders(members: list[Row]) -> list[dict[str, str | None]] | None:
    codes = _union(row.funders for row in members)
    return [{"code": code, "seats": None} for code in codes] or None


def _enrolment(root: str, row: Row) -> Event:
    record = {
        "session_id": root,
        "person": row.person,
        "source_key": f"{row.part.session}/{row.person}",
        "status": "ENTERED",
        "planned_start_on": row.starts_on,
        "planned_end_on": row.ends_on,
        "scheme": row.scheme,
        "funders": list(row.funders) or None,
    }
    return Event(TRAINING_ENROLMENT, row.person, record, row.line)
