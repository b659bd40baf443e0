"""What every campaign plays on: topics, a partner who publishes all the while, workers, and the checkpoints."""

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from connectors.kafka.settings import KafkaSettings
from schemas.clock import paris_day, system_clock
from tests.faults.checkpoints import Checkpoints
from tests.faults.compaction import Compaction, create
from tests.faults.fleet import Fleet
from tests.journal import Journal
from tests.truth import Differences, compare
from tests.waiting import until

_NONE = Differences(0, 0, 0)
#: A worker that was killed last must still be taken over, and the release catch up.
SETTLE_S = 180.0
_TICK_S = 0.25


class Traffic:
    """Sends events at a rate, in a thread of its own; bursts on demand.

    Args:
        journal: Who sends.
        rate: Events per second.
    """

    def __init__(self, journal: Journal, rate: float) -> None:
        self._journal = journal
        self._rate = rate
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._send, name="traffic", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def burst(self, count: int) -> None:
        """Some events at once."""
        with self._lock:
            self._journal.produce(count)

    def _send(self) -> None:
        began, due = monotonic(), 0
        while not self._stop.wait(_TICK_S):
            owed = int((monotonic() - began) * self._rate) - due
            due += owed
            self.burst(owed)

    def stop(self) -> None:
        """Cease; what was sent may not be acknowledged yet."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()


@dataclass
class Stage:
    """A deployment under test.

    Attributes:
        kafka: The cluster.
        prefix: Of its topics.
        partitions: Of events, entities and cells.
        journal: What was said.
        traffic: Who says it.
        fleet: The workers.
        checkpoints: What the workers wrote when.
    """

    kafka: KafkaSettings
    prefix: str
    partitions: int
    journal: Journal
    traffic: Traffic
    fleet: Fleet
    checkpoints: Checkpoints

    def compare(self) -> Differences:
        """The log and the views against the journal, now."""
        return compare(self.kafka, self.prefix, self.partitions, self.journal, paris_day(system_clock()))

    def differences(self, patience_s: float = SETTLE_S) -> Differences:
        """The same once the workers had time to catch up: what still differs then differs for good."""
        self.traffic.stop()
        self.journal.settle(patience_s)
        last = [self.compare()]

        def none() -> bool:
            last[0] = self.compare() if last[0] != _NONE else last[0]
            return last[0] == _NONE

        try:
            until(none, patience_s, "no difference", 1.0)
        except AssertionError:
            return last[0]
        return last[0]

    def compacted(self, patience_s: float = SETTLE_S) -> tuple[int, Differences]:
        """Wait for full compaction; offsets that the cleaner removed, and what differs afterwards."""
        removed = Compaction(self.kafka, self.prefix, self.partitions).complete(self._nudge, patience_s)
        return removed, self.differences(patience_s)

    def _nudge(self) -> None:
        self.journal.send(100 * self.partitions)


@contextmanager
def stage(  # noqa: PLR0913  # a deployment has that many sides
    kafka: KafkaSettings, folder: Path, *, seed: int, partitions: int = 6, replication: int = 1, workers: int = 2,
    rate: float = 250, sessions: int = 2000, make: Callable[[int], dict[str, str]] = lambda _: {}, **settings: str,
) -> Iterator[Stage]:  # fmt: skip
    """Topics of one's own, workers that hold all partitions, and a partner at work."""
    prefix = f"f{secrets.token_hex(5)}."
    create(kafka, prefix, partitions, replication)
    journal = Journal(kafka, prefix, seed, sessions=sessions)
    with (
        Fleet(kafka, prefix, folder, partitions, **settings) as fleet,
        Checkpoints(kafka, prefix, partitions) as checkpoints,
    ):
        traffic = Traffic(journal, rate)
        for number in range(workers):
            fleet.add(**make(number))
        fleet.settled()
        traffic.start()
        try:
            yield Stage(kafka, prefix, partitions, journal, traffic, fleet, checkpoints)
        finally:
            traffic.stop()
