"""kill -9 of workers in the middle of work: of dynamic members, and beside them of static ones."""

import random
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from connectors.kafka.settings import KafkaSettings
from tests.faults.figures import Figure, at_least, at_most, exactly, no_difference, quantile
from tests.faults.fleet import events_read, owned
from tests.faults.stage import Stage, stage
from tests.waiting import elapse, until

#: The figure to reach: session timeout and what a restart, a fence and a restore take.
TAKEOVER_P95_S = 15.0


@dataclass(frozen=True)
class Plan:
    """How much of it.

    Attributes:
        kills: Of dynamic and of static members together.
        events: At least.
        rate: Events per second all the while.
        session_s: Session timeout.
        takeover_s: A take-over may take so long at the 95th percentile.
        replication: Copies of each partition.
    """

    kills: int = 100
    events: int = 300_000
    rate: float = 150
    session_s: int = 10
    takeover_s: float = TAKEOVER_P95_S
    replication: int = 3


#: Tests run side by side on few cores, where starting a worker takes as long as it takes.
SHORT = Plan(kills=4, events=4_000, takeover_s=120, replication=1)


class Kills:
    """Counts what the kills did.

    Args:
        found: The deployment.
        seed: Of the choice of victims.
    """

    def __init__(self, found: Stage, seed: int) -> None:
        self._stage = found
        self._random = random.Random(seed)  # noqa: S311  # a seed, so that a failure can be played again
        self.takeovers: list[float] = []
        self.read = self.killed = 0

    def one(self) -> None:
        """Kill a worker while it works through a burst, and measure how long its partitions are nobody's."""
        fleet = self._stage.fleet
        fleet.settled()
        victim = self._random.choice([worker for worker in fleet.workers if owned(worker)])
        partitions = owned(victim)
        before = events_read(victim)
        self._stage.traffic.burst(2_000)
        until(lambda: events_read(victim) > before, 30, "the victim works", 0.01)
        elapse(self._random.uniform(0, 0.1))
        self.read += events_read(victim)
        at = fleet.kill(victim)
        self.killed += 1
        self.takeovers.append(self._stage.checkpoints.takeover(partitions, at))
        sys.stderr.write(f"kill {self.killed}: taken over after {self.takeovers[-1]:.1f} s\n")

    def replayed(self) -> int:
        """Events that were read more than once: a lower bound, for a victim is asked shortly before its end."""
        return self.read + sum(events_read(worker) for worker in self._stage.fleet.workers) - self._stage.journal.sent


def run(kafka: KafkaSettings, folder: Path, seed: int, plan: Plan) -> list[Figure]:
    """The campaign; what it measured."""
    with ThreadPoolExecutor(2) as both:
        found = both.map(lambda name: _half(kafka, folder, seed, plan, name), ("dynamic", "static"))
        return [figure for half in found for figure in half]


def _half(kafka: KafkaSettings, folder: Path, seed: int, plan: Plan, name: str) -> list[Figure]:
    with stage(
        kafka, folder, seed=seed, replication=plan.replication, rate=plan.rate,
        make=lambda number: {"instance_id": f"w{number}"} if name == "static" else {},
        session_timeout_s=str(plan.session_s),
    ) as found:  # fmt: skip
        kills = Kills(found, seed)
        for _ in range(plan.kills // 2):
            kills.one()
        found.traffic.stop()
        found.journal.produce(max(0, plan.events // 2 - found.journal.sent))
        return list(_told(name, found, kills, plan))


def _told(name: str, found: Stage, kills: Kills, plan: Plan) -> Iterator[Figure]:
    """The figures of one half."""
    differences = found.differences()
    journal, takeovers = found.journal, kills.takeovers
    members = f"{name} members:"
    yield exactly(f"{members} kill -9, each seen as signal 9", kills.killed, plan.kills // 2)
    yield at_least(f"{members} events published", journal.sent, plan.events // 2)
    ended = [one for one in found.fleet.exits if one.code != -signal.SIGKILL]
    yield exactly(f"{members} workers that ended although nobody killed them", len(ended), 0)
    yield Figure(f"{members} duplicates and late events among them", f"{journal.duplicates:,} and {journal.late:,}")
    yield at_least(f"{members} events read again after a kill", kills.replayed(), 1)
    yield exactly(f"{members} acknowledged events lost", journal.lost(found.partitions), 0)
    yield no_difference(f"with {members[:-1]}", differences)
    yield Figure(f"{members} takeover p50", f"{quantile(takeovers, 0.5):.1f} s")
    yield at_most(
        f"{members} takeover p95, session timeout {plan.session_s} s",
        round(quantile(takeovers, 0.95), 1),
        plan.takeover_s,
        " s",
    )
