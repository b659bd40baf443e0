"""A network that cuts, delays and resets, between the brokers and everybody else."""

import random
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from time import time

from tests.faults.cluster import Cluster
from tests.faults.figures import Figure, at_least, exactly, no_difference
from tests.faults.proxy import Proxy
from tests.faults.stage import stage
from tests.ports import free_port
from tests.waiting import elapse


@dataclass(frozen=True)
class Plan:
    """How much of it.

    Attributes:
        rounds: Of a reset, a delay and a cut each.
        brokers: 1 or 3, each behind a proxy of its own.
        cut_s: A cut lasts this long; longer than a session the workers are given up.
        rate: Events per second all the while.
    """

    rounds: int = 8
    brokers: int = 3
    cut_s: float = 14
    rate: float = 150


SHORT = Plan(rounds=1, brokers=1, cut_s=5)


def run(folder: Path, seed: int, plan: Plan) -> list[Figure]:
    """The campaign; what it measured."""
    chance = random.Random(seed)  # noqa: S311  # a seed, so that a failure can be played again
    pairs = {free_port(): free_port() for _ in range(plan.brokers)}
    with ExitStack() as open_:
        proxies = [open_.enter_context(Proxy(target, port)) for target, port in pairs.items()]
        cluster = open_.enter_context(Cluster(folder, plan.brokers, advertised=pairs, ports=list(pairs)))
        found = open_.enter_context(
            stage(cluster.kafka, folder, seed=seed, replication=plan.brokers, rate=plan.rate, session_timeout_s="10")
        )
        for _ in range(plan.rounds):
            _round(chance, proxies, plan.cut_s)
            found.checkpoints.takeover(frozenset(range(found.partitions)), time(), 180)
        differences = found.differences()
        return [
            at_least("connections reset", sum(one.resets for one in proxies), plan.rounds),
            at_least("bytes delayed", sum(one.delayed_bytes for one in proxies), 1),
            at_least(f"bytes held back by cuts of {plan.cut_s:.0f} s", sum(one.held_bytes for one in proxies), 1),
            Figure("events published", f"{found.journal.sent:,}"),
            exactly("acknowledged events lost", found.journal.lost(found.partitions), 0),
            no_difference("once the network was whole again", differences),
            Figure("workers that ended and were started again", str(len(found.fleet.exits))),
        ]


def _round(chance: random.Random, proxies: list[Proxy], cut_s: float) -> None:
    """One of each fault, before a broker drawn anew."""
    chance.choice(proxies).reset()
    elapse(chance.uniform(0.5, 2))
    slow = chance.choice(proxies)
    slow.delay_s = 0.2
    elapse(chance.uniform(2, 4))
    slow.delay_s = 0.0
    cut = chance.choice(proxies)
    cut.cut()
    elapse(cut_s)
    cut.heal()
