"""A partner that publishes random training events and keeps a journal of what Kafka acknowledged.

Corrections, withdrawals, repeats and late arrivals are among them. The journal also holds, found by brute force, the
newest that was said of each thing: the highest version, equal versions decided by the bytes.
"""

import hashlib
import random
from collections import deque
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from confluent_kafka import KafkaError, Message, Producer

from connectors.kafka.clients import producer
from connectors.kafka.settings import KafkaSettings
from schemas.clock import paris_day, system_clock
from schemas.codec import Codec
from schemas.contracts import TRAINING_ENROLMENT, TRAINING_SESSION
from schemas.topics import TRAINING_EVENTS
from tests.bus import messages

CODEC = Codec()
#: Shares of what is sent: known already, and older than what was said before.
DUPLICATES, LATE = 0.10, 0.05
#: Communes of the region, and one that no table holds.
COMMUNES = ("62498", "59350", "80021", "02691", "60057", "62041", "59178", "59606", "62119", "62160", "99999")
FORMACODES = ("31816", "42752", "22254", None)
_STATUSES = ("ENTERED", "ENTERED", "ADMITTED", "ENTERED", "COMPLETED", "DROPPED_OUT")
_WHEN = datetime(2026, 11, 23, tzinfo=UTC)
#: Versions of a thing lie this far apart, so that there is room for late ones between.
_STEP = 10
#: A repeat is one of the last so many.
_REMEMBERED = 2_000
#: Longer than any outage here: a record is either acknowledged in the end, or the campaign fails.
_UNTIL_ACKNOWLEDGED_MS = 300_000


class Said(NamedTuple):
    """The newest that was said of one thing: compared by version, then by bytes."""

    version: int
    wire: bytes
    record: dict[str, Any]


class Journal:
    """Publishes random events.

    Args:
        kafka: The cluster.
        prefix: Of the topics.
        seed: The same gives the same events.
        sessions: How many there are.
        people: In each.
        today: Dates are around it.
    """

    def __init__(
        self, kafka: KafkaSettings, prefix: str, seed: int, *,
        sessions: int = 120, people: int = 9, today: date | None = None,
    ) -> None:  # fmt: skip
        patient = {
            "delivery.report.only.error": False,
            "message.timeout.ms": _UNTIL_ACKNOWLEDGED_MS,
            "log_level": 0,  # that brokers are away is what campaigns are about
        }
        self._producer: Producer = producer(kafka, **patient)
        self._kafka = kafka
        self.topic = prefix + TRAINING_EVENTS
        self._random = random.Random(seed)  # noqa: S311  # a seed, so that a failure can be played again
        self._things = (sessions, people)
        self._today = today or paris_day(system_clock())
        self._recent: deque[tuple[int, bytes]] = deque(maxlen=_REMEMBERED)
        self.sessions: dict[int, Said] = {}
        self.enrolments: dict[tuple[int, int], Said] = {}
        self._known: list[tuple[int, int]] = []
        self.acknowledged: dict[tuple[int, int], bytes] = {}
        self.refused: list[str] = []
        self.sent = self.duplicates = self.late = 0

    def send(self, count: int) -> None:
        """Some events, acknowledged on return."""
        self.produce(count)
        self.settle(30)

    def produce(self, count: int) -> None:
        """Some events; they are acknowledged when they are."""
        for _ in range(count):
            drawn = self._random.random() if self._recent else 1.0
            if drawn < DUPLICATES:
                self.duplicates += 1
                self.put(*self._random.choice(self._recent))
            elif drawn < DUPLICATES + LATE:
                self.late += 1
                self._one(*self._random.choice(self._known), back=self._random.randrange(_STEP))
            else:
                self._one(self._random.randrange(self._things[0]), self._random.randrange(-1, self._things[1]))

    def settle(self, patience_s: float) -> None:
        """Wait until everything is acknowledged; fails when something never was."""
        left = self._producer.flush(patience_s)
        assert (left, self.refused) == (0, []), f"{left} events wait, {len(self.refused)} were refused"

    def _one(self, session: int, person: int, back: int | None = None) -> None:
        """Say something of a thing: newer than before, or so much back (0 contradicts it: the bytes decide)."""
        of_session = person < 0
        before = self.sessions.get(session) if of_session else self.enrolments.get((session, person))
        version = (before.version if before else 0) + (_STEP if back is None else -back)
        if before is None:
            self._known.append((session, person))
        record = self._session(session) if of_session else self._enrolment(session, person)
        record |= {"session_id": f"intercarif:{session}", "source": "kairos", "version": version, "occurred_at": _WHEN}
        said = Said(version, CODEC.encode(TRAINING_SESSION if of_session else TRAINING_ENROLMENT, record), record)
        if before is None or said[:2] > before[:2]:
            if of_session:
                self.sessions[session] = said
            else:
                self.enrolments[session, person] = said
        self._recent.append((session, said.wire))
        self.put(session, said.wire)

    def _session(self, session: int) -> dict[str, Any]:
        ends_on = self._day(-20, 260)
        formacode = self._random.choice(FORMACODES)
        return {
            "source_key": str(session),
            "withdrawn": self._random.random() < 0.03,
            "place": {"commune": {"code": self._random.choice(COMMUNES)}, "postcode": None, "label": None},
            "formacodes": [formacode] if formacode else None,
            "starts_on": ends_on - timedelta(self._random.randrange(20, 200)),
            "ends_on": None if self._random.random() < 0.1 else ends_on,
        }

    def _enrolment(self, session: int, person: int) -> dict[str, Any]:
        return {
            "source_key": f"{session}/{person}",
            "withdrawn": self._random.random() < 0.1,
            "person": f"{session:016x}{person:016x}",
            "status": self._random.choice(_STATUSES),
            "planned_end_on": None if self._random.random() < 0.1 else self._day(-20, 260),
            "actual_end_on": self._day(0, 20) if self._random.random() < 0.1 else None,
        }

    def _day(self, first: int, last: int) -> date:
        return self._today + timedelta(self._random.randrange(first, last))

    def put(self, session: int, wire: bytes) -> None:
        """Send the bytes of an event of a session."""
        while True:
            try:
                self._producer.produce(
                    self.topic, key=f"intercarif:{session}".encode(), value=wire, on_delivery=self._told
                )
            except BufferError:  # the cluster is away for long
                self._producer.poll(0.1)
            else:
                break
        self._producer.poll(0)
        self.sent += 1

    def _told(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self.refused.append(error.str())
        else:
            where = (message.partition() or 0, message.offset() or 0)
            self.acknowledged[where] = _digest(message.value() or b"")

    def lost(self, partitions: int) -> int:
        """Acknowledged events that the topic does not hold where Kafka said they are."""
        held = {
            (one.partition() or 0, one.offset() or 0): _digest(one.value() or b"")
            for one in messages(self._kafka, self.topic, partitions)
        }
        return sum(held.get(where) != digest for where, digest in self.acknowledged.items())


def _digest(wire: bytes) -> bytes:
    return hashlib.blake2b(wire, digest_size=8).digest()
