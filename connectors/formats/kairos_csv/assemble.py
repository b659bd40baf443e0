"""From the rows of a file to one event a thing: whatever the order of the rows, the same events."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

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
    if not first:
        return None
    winner = max(first)
    if len(first) > 1:
        reading.contradictions.append(Contradiction(tuple(sorted(first.values())), column, first[winner]))
    return winner


def _place(members: list[Row], reading: Reading) -> dict[str, Any] | None:
    """The place as one value: code, postcode and town of one row are never mixed with another's."""
    first: dict[tuple[str, str, str], int] = {}
    for row in members:
        place = (row.part.insee or "", row.part.postcode or "", row.part.city or "")
        first[place] = min(first.get(place, row.line), row.line)
    winner = max(first)
    if len(first) > 1:
        reading.contradictions.append(
            Contradiction(tuple(sorted(first.values())), "dc_insee_lieuformation", first[winner])
        )
    insee, postcode, city = winner
    if not any(winner):
        return None
    commune = {"code": insee, "vintage": None} if insee else None
    return {"commune": commune, "postcode": postcode or None, "label": city or None}


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
    certifications = _union(row.part.certifications for row in members)
    formacodes = _union(row.part.formacodes for row in members)
    funders = _union(row.funders for row in members)
    starts = [row.starts_on for row in members if row.starts_on]
    record = {
        "session_id": root,
        "source_key": session,
        "title": single["title"],
        "provider": provider if any(provider.values()) else None,
        "place": _place(members, reading),
        "formacodes": formacodes or None,
        "certifications": [{"scheme": "CERTIFINFO", "code": code} for code in certifications] or None,
        "starts_on": min(starts, default=None),
        "ends_on": max(row.ends_on for row in members),
        "funders": [{"code": code, "seats": None} for code in funders] or None,
    }
    return Event(TRAINING_SESSION, "", record, min(row.line for row in members))


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
