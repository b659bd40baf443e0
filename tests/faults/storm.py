"""Workers join or leave every few seconds: no cell differs, and no partition starves."""

import random
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, time

from connectors.kafka.settings import KafkaSettings
from tests.faults.figures import Figure, at_least, at_most, exactly, no_difference
from tests.faults.fleet import events
from tests.faults.stage import Stage, stage
from tests.waiting import elapse

#: At least one works on, at most so many.
MOST = 4


@dataclass(frozen=True)
class Plan:
    """How much of it.

    Attributes:
        seconds: How long.
        rate: Events per second all the while.
        replication: Copies of each partition.
    """

    seconds: float = 180
    rate: float = 200
    replication: int = 3


SHORT = Plan(seconds=15, replication=1)


def run(kafka: KafkaSettings, folder: Path, seed: int, plan: Plan) -> list[Figure]:
    """The campaign; what it measured."""
    with stage(kafka, folder, seed=seed, replication=plan.replication, rate=plan.rate, session_timeout_s="10") as found:
        began = time()
        joined, left = _storm(found, seed, plan.seconds)
        silence = found.checkpoints.longest_silence(began, time())
        codes = [one.code for one in found.fleet.exits]
        return [
            at_least("workers that joined", joined, 1),
            at_least("workers that left (SIGTERM)", left, 1),
            exactly("of these that ended otherwise than with 0", len([code for code in codes if code]), 0),
            at_most("longest time without a checkpoint in a partition", silence, 60, " s"),
            Figure("events published", f"{found.journal.sent:,}"),
            no_difference("after the storm", found.differences()),
        ]


def _storm(found: Stage, seed: int, seconds: float) -> tuple[int, int]:
    """Join and leave at random; how many did."""
    chance = random.Random(seed)  # noqa: S311  # a seed, so that a failure can be played again
    joined = left = 0
    end = monotonic() + seconds
    while monotonic() < end:
        elapse(chance.uniform(2, 5))
        workers = found.fleet.workers
        at_work = [worker for worker in workers if events(worker, "partitions taken over")]
        if len(at_work) > 1 and (len(workers) == MOST or (joined and chance.random() < 0.5)):
            found.fleet.leave(chance.choice(at_work))
            left += 1
        elif len(workers) < MOST:
            found.fleet.add()
            joined += 1
    return joined, left
