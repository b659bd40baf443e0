"""Workers paused for longer than their session: others take over, and the woken one may write nothing."""

import random
import signal
from dataclasses import dataclass
from pathlib import Path
from time import time

from connectors.kafka.settings import KafkaSettings
from tests.faults.figures import Figure, at_least, exactly, no_difference
from tests.faults.fleet import owned
from tests.faults.stage import Stage, stage
from tests.waiting import elapse

#: How a worker ends that was fenced.
FENCED = 70


@dataclass(frozen=True)
class Plan:
    """How much of it.

    Attributes:
        pauses: Workers put to sleep, one after the other.
        rate: Events per second all the while.
        session_s: Session timeout.
        replication: Copies of each partition.
    """

    pauses: int = 20
    rate: float = 250
    session_s: int = 10
    replication: int = 3


SHORT = Plan(pauses=2, session_s=3, replication=1)


def run(kafka: KafkaSettings, folder: Path, seed: int, plan: Plan) -> list[Figure]:
    """The campaign; what it measured."""
    with stage(
        kafka, folder, seed=seed, replication=plan.replication, rate=plan.rate, session_timeout_s=str(plan.session_s)
    ) as found:
        chance = random.Random(seed)  # noqa: S311  # a seed, so that a failure can be played again
        codes = [_one(found, chance, plan.session_s) for _ in range(plan.pauses)]
        before = found.differences()
        removed, after = found.compacted()
        return [
            exactly("workers paused for longer than their session", len(codes), plan.pauses),
            exactly("of these fenced and gone when woken (exit 70)", codes.count(FENCED), plan.pauses),
            exactly("other workers that ended", len(found.fleet.exits) - len(codes), 0),
            Figure("events published", f"{found.journal.sent:,}"),
            exactly("acknowledged events lost", found.journal.lost(found.partitions), 0),
            no_difference("before compaction", before),
            at_least("records that full compaction removed", removed, 1),
            no_difference("after full compaction", after),
        ]


def _one(found: Stage, chance: random.Random, session_s: int) -> int:
    """Pause a worker in the middle of work until others have its partitions, wake it; how it ended."""
    fleet = found.fleet
    fleet.settled()
    victim = chance.choice([worker for worker in fleet.workers if owned(worker)])
    partitions, before = owned(victim), len(fleet.exits)
    found.traffic.burst(500)
    elapse(chance.uniform(0, 0.4))
    at = time()
    victim.signal(signal.SIGSTOP)
    elapse(session_s + chance.uniform(1, 5))
    found.checkpoints.takeover(partitions, at)
    found.traffic.burst(500)
    victim.signal(signal.SIGCONT)
    return fleet.ended(victim, before, 60).code
