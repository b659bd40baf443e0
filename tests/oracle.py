"""What the views must say, recomputed by naive code that shares nothing with the engine.

Either from the published files, which it parses with ``csv``, or from a journal of the events that were sent. It reads
the committed table of areas as text, and counts with dictionaries.
"""

import csv
import gzip
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

TABLES = Path(__file__).parents[1] / "schemas" / "territory"


@dataclass(frozen=True)
class Publication:
    """One published file: its instant, and whether it is the source's whole truth."""

    path: Path
    instant: datetime
    snapshot: bool = False


@dataclass(frozen=True)
class Person:
    """The last known place of one person in one session."""

    session: str
    number: str
    commune: str
    formacode: str
    starts_on: date
    ends_on: date


def parse(path: Path) -> Iterable[tuple[str, str, Person]]:
    """Session, person and place of each good row."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file, delimiter="|", quoting=csv.QUOTE_NONE):
            cell = {name: "" if value in {None, "NULL"} else value for name, value in row.items()}
            who = (cell["dn_individu_national"] and f"n{cell['dn_individu_national']}") or f"l{cell['c_individulocal']}"
            place = Person(
                cell["dn_session_id"],
                cell["dc_numeroicsession"],
                cell["dc_insee_lieuformation"],
                cell["dc_formacode_ppal_id"],
                date.fromisoformat(cell["dd_datedebutplanformation"][:10]),
                date.fromisoformat(cell["dd_datefinplanformation"][:10]),
            )
            yield cell["dn_session_id"], who, place


def known(publications: Iterable[Publication]) -> dict[tuple[str, str], Person]:
    """Who is in which session, once all files were heard: files in the order of their instants, whenever they came."""
    people: dict[tuple[str, str], Person] = {}
    for publication in sorted(publications, key=lambda one: one.instant):
        rows: dict[tuple[str, str], Person] = {}
        parsed = list(parse(publication.path))
        numbers: dict[str, set[str]] = {}
        for session, _, place in parsed:
            numbers.setdefault(session, set()).update({place.number} - {""})
        for session, who, place in parsed:
            agreed = next(iter(numbers[session])) if len(numbers[session]) == 1 else ""
            key = (f"intercarif:{place.number or agreed}" if place.number or agreed else f"kairos:{session}", who)
            other = rows.get(key)
            rows[key] = place if other is None else max(place, other, key=lambda one: str(one.ends_on))
        people = rows if publication.snapshot else people | rows
    return people


@cache
def areas() -> dict[str, list[str]]:
    """Every area of a commune of region 32, read from the committed text."""
    departements: dict[str, str] = {}
    found: dict[str, list[str]] = {}
    for line in gzip.decompress((TABLES / "areas.tsv.gz").read_bytes()).decode().splitlines():
        kind, *cells = line.split("\t")
        if kind == "D":
            departements[cells[0]] = cells[2]
        elif kind == "C":
            code, _, departement, arrondissement, epci, *_ = cells
            inside = [f"commune:{code}", f"departement:{departement}", "region:32"]
            inside += [f"arrondissement:{arrondissement}"] if arrondissement else []
            inside += [f"epci:{epci}"] if epci else []
            found[code] = inside if departements.get(departement) == "32" else ["outside:france"]
    return found


def windows(day: date, today: date) -> list[str]:
    """The windows a day falls into."""
    found = [f"P{length}D" for length in (30, 60, 90) if today <= day < today + timedelta(days=length)]
    month = (day.year * 12 + day.month) - (today.year * 12 + today.month)
    return [*found, f"{day:%Y-%m}"] if 0 <= month < 12 else found


def disclosed(n: int) -> str:
    """What may be said of a count of persons."""
    return "< 5" if n < 5 else str(5 * ((n + 2) // 5))


def expected_exits(
    publications: Iterable[Publication], today: date, rome: dict[str, list[str]] | None = None
) -> dict[str, str]:
    """The view ``exits``: what is said by key."""
    communes, counts = areas(), Counter[str]()
    for person in known(publications).values():
        codes = (rome or {}).get(person.formacode, [])
        trades = {"all", f"formacode:{person.formacode}", *(f"rome:{code}" for code in codes)}
        trades |= {f"rome-domain:{code[:3]}" for code in codes} | {f"rome-family:{code[0]}" for code in codes}
        for area in communes.get(person.commune, ["outside:unknown"]):
            counts.update(f"{area}|{trade}|{window}" for trade in trades for window in windows(person.ends_on, today))
    return {key: disclosed(n) for key, n in counts.items()}


def expected_leavers(publications: Iterable[Publication], today: date) -> dict[str, str]:
    """The view ``sessions``: what is said of each session that ends or starts from today on, within 180 days."""
    people = known(publications)
    days: dict[str, tuple[date, date]] = {}
    counts: Counter[str] = Counter()
    for (key, _), person in people.items():
        first, last = days.get(key, (date.max, date.min))
        days[key] = (min(first, person.starts_on), max(last, person.ends_on))
        counts[key] += 1

    def shown(key: str) -> bool:
        ahead = [(day - today).days for day in days[key] if day >= today]
        return bool(ahead) and min(ahead) <= 180

    return {key: disclosed(n) for key, n in counts.items() if shown(key)}


class Sent(NamedTuple):
    """One event as it was published; its kind is the contract's short name, empty for what no view reads."""

    kind: str
    root: str
    record: dict[str, Any]
    wire: bytes


Slot = tuple[str, str, str, str]
#: Of one cell: how many persons, and for a view of rows what is known of the session.
Counted = tuple[int, dict[str, Any] | None]


def winners(journal: Iterable[Sent]) -> dict[Slot, Sent]:
    """What each source says last of each thing: the highest version, of equal ones the greatest bytes."""
    found: dict[Slot, Sent] = {}
    for sent in journal:
        if sent.kind:
            slot = (sent.root, sent.kind, sent.record["source"], sent.record["source_key"])
            found[slot] = max(found.get(slot, sent), sent, key=lambda one: (one.record["version"], one.wire))
    return found


def expected_entities(journal: Iterable[Sent]) -> dict[bytes, bytes]:
    """The compacted topic of entities, without what the engine keeps there for itself."""
    return {"\x1f".join(slot).encode(): sent.wire for slot, sent in winners(journal).items()}


def expected_cells(journal: Iterable[Sent], sources: list[str]) -> dict[tuple[str, str], Counted]:
    """Every cell that is not zero.

    Args:
        journal: What was sent.
        sources: In the order in which they are believed.
    """
    roots: dict[str, list[Sent]] = {}
    for sent in winners(journal).values():
        roots.setdefault(sent.root, []).append(sent)
    counts, rows = Counter[str](), {}
    for root, said in roots.items():
        said.sort(key=lambda one: (_rank(one, sources), -one.record["version"], one.wire))
        leavers, row = _count(root, said, counts)
        if row is not None:
            rows["sessions", root] = (leavers, row)
    return {**{("exits", cell): (n, None) for cell, n in counts.items()}, **rows}


def _rank(sent: Sent, sources: list[str]) -> tuple[int, str]:
    source = sent.record["source"]
    return (sources.index(source) if source in sources else len(sources), source)


def _first(said: list[Sent], name: str) -> Any:
    """A fact from the first source that knows it."""
    return next((one.record[name] for one in said if one.record.get(name) is not None), None)


def _count(root: str, said: list[Sent], counts: Counter[str]) -> tuple[int, dict[str, Any] | None]:
    """Count a session's exits; how many persons finish, and what is known of the session."""
    held = [one for one in said if not one.record["withdrawn"]]
    described = [one for one in held if one.kind == "TrainingSession"]
    if not described and any(one.kind == "TrainingSession" for one in said):
        return 0, None
    days = _days(held)
    place, last = _place(described), _first(described, "ends_on")
    for day, n in days.items():
        if day or last:
            counts[f"{place}|{day or last}"] += n
    return sum(days.values()), _row(root, described) if described else None


def _days(held: list[Sent]) -> Counter[date | None]:
    """Persons who are to finish by their own day; None is the session's last."""
    persons: dict[str, list[Sent]] = {}
    for one in held:
        if one.kind == "TrainingEnrolment":
            persons.setdefault(one.record["person"], []).append(one)
    tally = next((one.record for one in held if one.kind == "TrainingHeadcount"), None)
    if not persons and tally:
        n = (tally["admitted"] or 0) + (tally["entered"] or 0)
        return Counter({tally["ends_on"]: n} if n else {})
    coming = [known for known in persons.values() if _first(known, "status") in {"ADMITTED", "ENTERED"}]
    return Counter(_first(known, "actual_end_on") or _first(known, "planned_end_on") for known in coming)


def _place(described: list[Sent]) -> str:
    """Commune and trades as a cell's name holds them."""
    if not described:
        return "?|"
    place = _first(described, "place")
    return f"{place['commune']['code'] if place else '?'}|{','.join(_trades(described))}"


def _trades(described: list[Sent]) -> list[str]:
    rome, formacodes = _first(described, "rome_codes"), _first(described, "formacodes")
    return sorted(f"rome:{code}" for code in rome) if rome else [f"formacode:{code}" for code in (formacodes or [])[:1]]


def _row(root: str, described: list[Sent]) -> dict[str, Any]:
    place = _first(described, "place")
    return {
        "session_id": root,
        "title": _first(described, "title"),
        "commune": place["commune"]["code"] if place else None,
        "trades": _trades(described),
        "starts_on": _first(described, "starts_on"),
        "ends_on": _first(described, "ends_on"),
        "sources": sorted({one.record["source"] for one in described}),
    }


def exits_of(cells: Iterable[tuple[tuple[str, str], Counted]], today: date) -> dict[str, str]:
    """The view ``exits`` from cells, those of several partitions one after the other: what is said by key."""
    counts = Counter[str]()
    for (view, cell), (n, _) in cells:
        if view != "exits":
            continue
        commune, refs, day = cell.split("|")
        trades = {"all"} | ({*refs.split(","), *_wider(refs)} if refs else set())
        for area in areas().get(commune, ["outside:unknown"]):
            for window in windows(date.fromisoformat(day), today):
                counts.update({f"{area}|{trade}|{window}": n for trade in trades})
    return {key: disclosed(n) for key, n in counts.items() if n}


def _wider(refs: str) -> set[str]:
    codes = [ref.removeprefix("rome:") for ref in refs.split(",") if ref.startswith("rome:")]
    return {f"rome-domain:{code[:3]}" for code in codes} | {f"rome-family:{code[0]}" for code in codes}


def sessions_of(cells: Iterable[tuple[tuple[str, str], Counted]], today: date) -> dict[str, dict[str, Any]]:
    """The view ``sessions`` from cells: what is said of each that ends or starts from today on, within 180 days."""
    found: dict[str, dict[str, Any]] = {}
    for (view, key), (n, facts) in cells:
        days = [day for day in (facts["starts_on"], facts["ends_on"]) if day and day >= today] if facts else []
        if view == "sessions" and facts and days and (min(days) - today).days <= 180:
            found[key] = {**facts, "leavers": disclosed(n) if n else "0"}
    return found
