"""Events for the benchmarks: invented and seeded sessions and enrolments, and what they come to, counted naively.

One thing in thirteen is a session, the others are enrolments in it. Each event is a thing's whole state at a newer
version; 30 % move a person's last day, 5 % come late with an older version, the others say the same again, as files
that are published every day do.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from connectors.kafka.clients import producer
from connectors.kafka.settings import KafkaSettings
from schemas.codec import Codec
from schemas.contracts import TRAINING_ENROLMENT, TRAINING_SESSION
from schemas.territory.areas import Territory

PEOPLE = 12
CORRECTIONS = 0.30
LATE = 0.05
#: Half of the events are about new things, for as long as there are any.
EAGERNESS = 0.5
_FIRST = date(2026, 12, 1)
_INSTANT = datetime(2026, 11, 23, 8, tzinfo=UTC)
_ROME = [f"{letter}{number}" for letter in "FGHJKMN" for number in range(1101, 1108)]


@dataclass(slots=True)
class Event:
    """One event before it is published.

    Attributes:
        key: Key of its root.
        value: Wire bytes.
    """

    key: bytes
    value: bytes


@dataclass(slots=True)
class Region:
    """Sessions, their people, and the events about them.

    Args:
        things: Sessions and enrolments together.
        count: Events; the first of each thing among them.
        seed: The same gives the same events.
    """

    things: int
    count: int
    seed: int = 1
    random: Random = field(init=False)
    communes: list[str] = field(init=False)
    _codec: Codec = field(default_factory=Codec)
    _last: dict[int, tuple[int, date]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Draw the places."""
        self.random = Random(self.seed)  # noqa: S311  # a seed
        self.communes = sorted(one.code for one in Territory.load().communes)[:200]

    def events(self) -> Iterator[Event]:
        """All of them, in the order of publication."""
        known = 0
        for number in range(self.count):
            left, unknown = self.count - number, self.things - known
            new = unknown > 0 and (not known or unknown >= left or self.random.random() < EAGERNESS)
            known += new
            thing = known - 1 if new else self.random.randrange(known)
            yield self._event(thing, (number + 1) * 1_000, new=new)

    def _event(self, thing: int, version: int, *, new: bool) -> Event:
        session, place = divmod(thing, PEOPLE + 1)
        key = f"intercarif:SE_{session:010d}"
        if place == 0:
            return Event(key.encode(), self._codec.encode(TRAINING_SESSION, self.session(session, version)))
        draw = self.random.random()
        if new:
            self._last[thing] = version, _FIRST + timedelta(days=session % 170)
        elif draw < CORRECTIONS:
            self._last[thing] = version, _FIRST + timedelta(days=session % 170 + self.random.randrange(10))
        elif draw < CORRECTIONS + LATE:
            version = self.random.randrange(self._last[thing][0])
            return self._enrolment(key, thing, version, _FIRST)
        else:
            self._last[thing] = version, self._last[thing][1]
        return self._enrolment(key, thing, version, self._last[thing][1])

    def _enrolment(self, key: str, thing: int, version: int, last: date) -> Event:
        person = f"{thing:032x}"
        record: dict[str, Any] = {
            "session_id": key, "person": person, "source": "kairos", "source_key": f"{key[11:]}/{person}",
            "version": version, "occurred_at": _INSTANT, "withdrawn": False, "status": "ENTERED",
            "planned_start_on": _FIRST, "planned_end_on": last, "actual_end_on": None,
            "prescriber": "FRANCE_TRAVAIL", "scheme": "PRF", "funders": ["2"],
        }  # fmt: skip
        return Event(key.encode(), self._codec.encode(TRAINING_ENROLMENT, record))

    def session(self, session: int, version: int) -> dict[str, Any]:
        """What is said of a session; its place and trade never change."""
        return {
            "session_id": f"intercarif:SE_{session:010d}", "source": "kairos", "source_key": f"SE_{session:010d}",
            "version": version, "occurred_at": _INSTANT, "title": "Conducteur routier",
            "place": {"commune": {"code": self.commune(session)}, "postcode": "62300", "label": "Lens"},
            "rome_codes": [self.trade(session)], "starts_on": _FIRST, "ends_on": _FIRST + timedelta(days=session % 170),
        }  # fmt: skip

    def commune(self, session: int) -> str:
        """Where a session takes place."""
        return self.communes[session % len(self.communes)]

    @staticmethod
    def trade(session: int) -> str:
        """What it prepares for."""
        return _ROME[session % len(_ROME)]

    def expected(self) -> Counter[str]:
        """Persons by ``commune|trade|day`` once all events were published; counted from what was drawn."""
        return Counter(
            f"{self.commune(thing // (PEOPLE + 1))}|rome:{self.trade(thing // (PEOPLE + 1))}|{day}"
            for thing, (_, day) in self._last.items()
        )


def publish(kafka: KafkaSettings, topic: str, region: Region) -> Counter[str]:
    """Publish the events of a region; gives what they come to."""
    sender = producer(kafka, **{"queue.buffering.max.messages": 500_000})
    for event in region.events():
        while True:
            try:
                sender.produce(topic, key=event.key, value=event.value)
            except BufferError:
                sender.poll(0.1)
            else:
                break
    if sender.flush(60):
        raise TimeoutError(f"{topic} was not filled within a minute")
    return region.expected()
