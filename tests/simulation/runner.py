"""Runs seeds, and finds the shortest schedule that still fails."""

import gc
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from tests.simulation.checks import Invariants, healed
from tests.simulation.schedule import Step, schedule
from tests.simulation.world import Broken, world


@dataclass(frozen=True)
class Outcome:
    """How one schedule ended.

    Attributes:
        digest: Of the trace: the same schedule gives the same one.
        failure: What was broken; None when all was well.
        trace: Line by line, when it was asked for.
    """

    digest: str
    failure: str | None
    trace: tuple[str, ...] = ()


def simulate(steps: Iterable[Step], coverage: Counter[str] | None = None, *, trace: bool = False) -> Outcome:
    """Play a schedule in a new world, heal it, and compare everything with the oracle."""
    failure = None
    with world(Counter() if coverage is None else coverage) as made:
        made.lines = [] if trace else None
        invariants = Invariants(made)
        try:
            for step in steps:
                made.take(step)
                invariants.check()
            made.heal()
            invariants.check()
            healed(made)
        except Broken as broken:
            failure = str(broken)
        return Outcome(made.digest, failure, tuple(made.lines or ()))


def failures(seeds: Iterable[int], coverage: Counter[str] | None = None) -> Iterator[tuple[int, str]]:
    """The seeds that fail, and why.

    What lives before is kept out of the collector's way, for it would look at it again and again.
    """
    gc.freeze()
    try:
        for seed in seeds:
            failure = simulate(schedule(seed), coverage).failure
            if failure:
                yield seed, failure
    finally:
        gc.unfreeze()


def shrink(steps: Sequence[Step], fails: Callable[[Sequence[Step]], bool]) -> list[Step]:
    """Leave out steps, large pieces first, as long as what is left still fails; at the end no single step can go."""
    left, piece = list(steps), len(steps) // 2
    while piece:
        at, before = 0, len(left)
        while at < len(left):
            shorter = left[:at] + left[at + piece :]
            if fails(shorter):
                left = shorter
            else:
                at += piece
        if piece > 1 or len(left) == before:
            piece //= 2
    return left


def told(seed: int, failure: str) -> str:
    """A failure, the shortest schedule that shows it, and how to play it again."""
    shortest = shrink(schedule(seed), lambda steps: simulate(steps).failure is not None)
    lines = [f"  {step.action} {step.pick}" for step in shortest]
    return "\n".join([
        f"seed {seed}: {failure}",
        f"play it again, bit for bit: python -m tests.simulation --seeds 1 --first {seed} --trace",
        f"the shortest that fails has {len(shortest)} steps: {simulate(shortest).failure}",
        *lines,
    ])  # fmt: skip
