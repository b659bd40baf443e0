"""The rules of counting, written a second time and as plainly as can be: whole records in dictionaries, no increments.

Nothing of ``streams`` may be imported here, so that an error there cannot hide itself.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from schemas.contracts import TRAINING_ENROLMENT, TRAINING_HEADCOUNT, TRAINING_SESSION
from schemas.territory.areas import UNKNOWN_COMMUNE, Territory
from schemas.territory.trades import Trades

Record = Mapping[str, Any]
#: A cell's view and key.
Cell = tuple[str, str]
#: A session, what is spoken of in it, by which contract, by which source and under which of its keys.
_Slot = tuple[str, str, str, str, str]
_COMING = ("ADMITTED", "ENTERED")


class Claim(NamedTuple):
    """The newest record of one slot."""

    version: int
    wire: bytes
    record: Record


@dataclass(slots=True)
class Session:
    """All that is said of one session, by contract."""

    described: list[Claim] = field(default_factory=list)
    counted: list[Claim] = field(default_factory=list)
    people: dict[str, list[Claim]] = field(default_factory=lambda: defaultdict(list))


class Recount:
    """Counts the events of one partition.

    Args:
        sources: In the order in which they are believed; others follow by name.
        territory: Resolves places.
        trades: Resolves codes.
    """

    def __init__(self, sources: Sequence[str], territory: Territory, trades: Trades) -> None:
        self._sources = list(sources)
        self._territory = territory
        self._trades = trades
        self._newest: dict[_Slot, Claim] = {}

    def hear(self, name: str, record: Record, wire: bytes) -> None:
        """Take one event in; of equal versions the greater bytes hold."""
        if name not in {TRAINING_SESSION, TRAINING_ENROLMENT, TRAINING_HEADCOUNT}:
            return
        person = record["person"] if name == TRAINING_ENROLMENT else ""
        slot = (record["session_id"], person, name, record["source"], record["source_key"])
        new, old = Claim(record["version"], wire, record), self._newest.get(slot)
        if old is None or new[:2] > old[:2]:
            self._newest[slot] = new

    def cells(self) -> dict[Cell, tuple[int, Record | None]]:
        """Every cell that is not zero: the number, and the facts of a session's row."""
        exits: Counter[str] = Counter()
        rows: dict[Cell, tuple[int, Record | None]] = {}
        for key, session in self._sessions().items():
            held = self._believed(session.described)
            if session.described and not held:
                continue  # every source took the session back
            days, facts = self._days(session), self._facts(key, held)
            exits.update(_exits(days, facts))
            if held:
                rows["sessions", key] = (sum(days.values()), facts)
        return rows | {("exits", cell): (n, None) for cell, n in exits.items()}

    def _sessions(self) -> Mapping[str, Session]:
        sessions: dict[str, Session] = defaultdict(Session)
        for (key, person, name, *_), claim in self._newest.items():
            if name == TRAINING_SESSION:
                sessions[key].described.append(claim)
            elif name == TRAINING_HEADCOUNT:
                sessions[key].counted.append(claim)
            else:
                sessions[key].people[person].append(claim)
        return sessions

    def _believed(self, claims: list[Claim]) -> list[Record]:
        """Records that are not withdrawn, the one to believe first at the front."""
        known = {source: at for at, source in enumerate(self._sources)}

        def rank(claim: Claim) -> tuple[int, str, int, bytes]:
            source = claim.record["source"]
            return known.get(source, len(known)), source, -claim.version, claim.wire

        return [claim.record for claim in sorted(claims, key=rank) if not claim.record["withdrawn"]]

    def _days(self, session: Session) -> Counter[date | None]:
        """Persons by day; None for those who finish with the session."""
        people = [held for claims in session.people.values() if (held := self._believed(claims))]
        if not people:
            return self._tallied(session)
        coming = [held for held in people if _first(held, "status") in _COMING]
        return Counter(_first(held, "actual_end_on") or _first(held, "planned_end_on") for held in coming)

    def _tallied(self, session: Session) -> Counter[date | None]:
        """The headcount to believe first, where nobody knows the persons one by one."""
        tallies = self._believed(session.counted)[:1]
        return +Counter({tally["ends_on"]: (tally["admitted"] or 0) + (tally["entered"] or 0) for tally in tallies})

    def _facts(self, key: str, held: list[Record]) -> dict[str, Any]:
        commune = self._territory.resolve(*(_inner(held, path) for path in ("place.commune.code", "place.postcode",
                                                                            "place.label")))  # fmt: skip
        seats = _first(held, "seats") or {}
        return {
            "session_id": key,
            "title": _first(held, "title"),
            "provider": _inner(held, "provider.name"),
            "commune": commune.code if commune else None,
            "postcode": _inner(held, "place.postcode"),
            "place": _inner(held, "place.label"),
            "trades": list(self._trades.of(_first(held, "rome_codes") or (), _first(held, "formacodes") or ())),
            "starts_on": _first(held, "starts_on"),
            "ends_on": _first(held, "ends_on"),
            "recruitment": _inner(held, "recruitment.state"),
            "seats": seats.get("count"),
            "seats_basis": seats.get("basis"),
            "url": _inner(held, "public_contact.url"),
            "sources": sorted({record["source"] for record in held}),
        }


def _exits(days: Mapping[date | None, int], facts: Record) -> Counter[str]:
    """Persons by cell; those without a day of their own finish with the session, if its day is known."""
    place = f"{facts['commune'] or UNKNOWN_COMMUNE}|{','.join(facts['trades'])}"
    found: Counter[str] = Counter()
    for day, n in days.items():
        if day or facts["ends_on"]:
            found[f"{place}|{(day or facts['ends_on']).isoformat()}"] += n
    return found


def _first(records: list[Record], name: str) -> Any:  # noqa: ANN401  # whatever Avro holds
    return next((record[name] for record in records if record[name] is not None), None)


def _inner(records: list[Record], path: str) -> Any:  # noqa: ANN401  # whatever Avro holds
    """The first value at a dotted path."""
    return next(_values(records, path.split(".")), None)


def _values(records: list[Record], names: list[str]) -> Iterator[Any]:
    for record in records:
        value: Any = record
        for name in names:
            value = value[name] if value else None
        if value is not None:
            yield value
