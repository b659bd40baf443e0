"""kill -9 of brokers: the leader, again and again, then all three at once."""

import random
from dataclasses import dataclass
from pathlib import Path
from time import time

from schemas.topics import TRAINING_ENTITIES
from tests.faults.cluster import Cluster
from tests.faults.figures import Figure, at_least, exactly, no_difference
from tests.faults.stage import Stage, stage
from tests.waiting import elapse, until

#: 128 + 9: how a shell tells of an end by kill -9.
KILLED = 137


@dataclass(frozen=True)
class Plan:
    """How much of it.

    Attributes:
        leaders: Leaders killed, one after the other.
        together: Times all three are killed at once.
        rate: Events per second all the while.
    """

    leaders: int = 5
    together: int = 5
    rate: float = 150


SHORT = Plan(leaders=1, together=1)


def run(folder: Path, seed: int, plan: Plan) -> list[Figure]:
    """The campaign; what it measured."""
    chance = random.Random(seed)  # noqa: S311  # a seed, so that a failure can be played again
    with (
        Cluster(folder) as cluster,
        stage(cluster.kafka, folder, seed=seed, replication=3, rate=plan.rate, session_timeout_s="10") as found,
    ):
        codes = [_leader(cluster, found, chance) for _ in range(plan.leaders)]
        codes += [code for _ in range(plan.together) for code in _all_at_once(cluster, found, chance)]
        differences = found.differences()
        return [
            exactly("brokers killed, each seen as signal 9", codes.count(KILLED), plan.leaders + 3 * plan.together),
            at_least("events published meanwhile", found.journal.sent, 1),
            exactly("acknowledged events lost", found.journal.lost(found.partitions), 0),
            no_difference("after the last kill", differences),
            Figure("workers that ended and were started again", str(len(found.fleet.exits))),
        ]


def _goes_on(cluster: Cluster, found: Stage) -> None:
    """Wait until every copy is in step again and every partition got a new checkpoint."""
    until(cluster.whole, 120, "every copy is in step", 0.5)
    found.checkpoints.takeover(frozenset(range(found.partitions)), time(), 180)


def _leader(cluster: Cluster, found: Stage, chance: random.Random) -> int:
    """Kill whoever leads a partition of the entities; back after some seconds."""
    found.traffic.burst(300)
    broker = cluster.leader(found.prefix + TRAINING_ENTITIES, chance.randrange(found.partitions))
    code = broker.kill()
    elapse(chance.uniform(3, 10))
    broker.start()
    _goes_on(cluster, found)
    return code


def _all_at_once(cluster: Cluster, found: Stage, chance: random.Random) -> list[int]:
    """Kill all three; nothing answers for some seconds."""
    found.traffic.burst(300)
    codes = [broker.kill() for broker in cluster.brokers]
    assert not cluster.answers()
    elapse(chance.uniform(1, 5))
    for broker in cluster.brokers:
        broker.start()
    _goes_on(cluster, found)
    return codes
