"""What the views must say, recomputed from the published files by naive code that shares nothing with the engine.

It parses the files with ``csv``, reads the committed table of areas as text, and counts with dictionaries.
"""

import csv
import gzip
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

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
