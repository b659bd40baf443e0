"""The sources: sessions, persons and headcounts as partners publish them, with all that partners do wrong.

Corrections, withdrawals, moved dates, several sources for one thing, equal versions with other content, older versions
that come late, repeats, records that nobody can read, and records of a schema that only the next release knows.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from random import Random
from typing import Any, Final

from schemas.codec import Codec
from schemas.contracts import (
    HEARTBEAT,
    TRAINING_ENROLMENT,
    TRAINING_HEADCOUNT,
    TRAINING_SESSION,
    LockFile,
    lock_file,
    relock,
    sources,
)
from tests.oracle import Sent

FIRST_DAY: Final = date(2026, 11, 23)
#: Some soon, some beyond every window, one over already.
DAYS: Final = tuple(FIRST_DAY + timedelta(ahead) for ahead in (-3, 0, 9, 29, 30, 75, 170, 200))
#: Lens, Lille, and a place outside the region.
COMMUNES: Final = ("62498", "59350", "91521")
TRADES: Final[tuple[dict[str, list[str]], ...]] = ({"formacodes": ["31816"]}, {"rome_codes": ["N4101"]}, {})
STATUSES: Final = ("ENTERED", "ENTERED", "ADMITTED", "DROPPED_OUT", None)
SESSIONS: Final = 5
PERSONS: Final = 6
OUTCOME_RATE: Final = "beffroi.training.v1.OutcomeRate"
GARBAGE: Final = b"\x00\xff\xff"


@cache
def codecs() -> tuple[Codec, Codec]:
    """Of this release, and of the next one, which knows one schema more."""
    newer = {**sources()[TRAINING_ENROLMENT]}
    newer["fields"] = [*newer["fields"], {"name": "note", "type": ["null", "string"], "default": None}]
    known = [one.entry() for one in lock_file().all()]
    return Codec(), Codec(LockFile(relock(known, {TRAINING_ENROLMENT: newer})))


@dataclass
class Sources:
    """Makes events; everything is decided by the numbers it is given."""

    made: list[Sent] = field(default_factory=list)
    versions: dict[tuple[Any, ...], int] = field(default_factory=dict)

    def events(self, random: Random, count: int) -> Iterator[Sent]:
        """Some events in the order in which they arrive."""
        for _ in range(count):
            if self.made and random.random() < 0.1:
                yield random.choice(self.made)  # a repeat, however old
            else:
                sent = self._new(random)
                if sent.record:
                    self.made.append(sent)
                yield sent

    def _new(self, random: Random) -> Sent:
        root = f"intercarif:{random.randrange(SESSIONS)}"
        kind = random.random()
        if kind < 0.03:
            return Sent("", root, {}, GARBAGE[: random.randrange(4)])
        if kind < 0.05:
            return Sent("", root, {}, _rate())
        if kind < 0.3:
            return self._session(random, root)
        if kind < 0.38:
            return self._headcount(random, root)
        return self._enrolment(random, root)

    def _common(self, random: Random, root: str, kind: str, source: str, key: str) -> dict[str, Any]:
        """A new version, or the same again with other content, or an older one."""
        slot = (root, kind, source, key)
        last = self.versions.get(slot, 1)
        version = max(1, last + random.choice((1, 1, 1, 1, 0, 0, -1, -2)))
        self.versions[slot] = max(last, version)
        return {
            "session_id": root, "source": source, "source_key": key, "version": version,
            "occurred_at": datetime(2026, 11, 23, tzinfo=UTC), "withdrawn": random.random() < 0.12,
        }  # fmt: skip

    def _session(self, random: Random, root: str) -> Sent:
        source = random.choice(("kairos", "kairos", "region"))
        place = {"commune": {"code": random.choice(COMMUNES)}, "postcode": None, "label": None}
        record = {
            **self._common(random, root, "TrainingSession", source, root[-1]),
            "place": place if random.random() < 0.8 else None,
            "title": random.choice(("Soudage", "Cuisine", None)),
            "starts_on": random.choice((*DAYS, None)), "ends_on": random.choice((*DAYS, None)),
            **random.choice(TRADES),
        }  # fmt: skip
        return self._sent("TrainingSession", TRAINING_SESSION, record)

    def _headcount(self, random: Random, root: str) -> Sent:
        record = {
            **self._common(random, root, "TrainingHeadcount", random.choice(("tally", "region")), root[-1]),
            "admitted": random.choice((2, None)), "entered": random.choice((0, 9, None)),
            "completed": 4, "ends_on": random.choice((*DAYS, None)),
        }  # fmt: skip
        return self._sent("TrainingHeadcount", TRAINING_HEADCOUNT, record)

    def _enrolment(self, random: Random, root: str) -> Sent:
        person = f"{random.randrange(PERSONS):032x}"
        source = random.choice(("kairos", "kairos", "kairos", "region", "ouiform"))
        record = {
            **self._common(random, root, "TrainingEnrolment", source, person),
            "person": person, "status": random.choice(STATUSES),
            "planned_end_on": random.choice((*DAYS, None)), "actual_end_on": random.choice((None, None, *DAYS)),
        }  # fmt: skip
        if random.random() < 0.06:
            record = {**record, "note": "of the next release"}
        return self._sent("TrainingEnrolment", TRAINING_ENROLMENT, record)

    @staticmethod
    def _sent(kind: str, name: str, record: dict[str, Any]) -> Sent:
        return Sent(kind, record["session_id"], record, codecs()["note" in record].encode(name, record))


@cache
def _rate() -> bytes:
    """An event of the domain that no view reads."""
    record = {
        "rate_id": "DEPARTEMENT:62|ALL:ALL|2025|6|ACCESS", "source": "sortants", "source_key": "1", "version": 1,
        "occurred_at": datetime(2026, 11, 23, tzinfo=UTC), "area": {"type": "DEPARTEMENT", "code": "62"},
        "activity": {"type": "ALL", "code": "ALL"}, "period": "2025", "horizon_months": 6,
    }  # fmt: skip
    return codecs()[0].encode(OUTCOME_RATE, record)


def heartbeat(random: Random, now: datetime) -> tuple[str, dict[str, Any], bytes]:
    """A source's sign of life: its name, what readers are to see of it, and the record."""
    source = random.choice(("kairos", "region"))
    shown = {"source": source, "data_as_of": now, "heard_at": now, "accepted": random.randrange(9), "refused": 1}
    record = {**shown, "format": "kairos-csv", "duplicates": 0}
    return source, shown, codecs()[0].encode(HEARTBEAT, record)
