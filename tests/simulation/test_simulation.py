"""Two thousand worlds, each with its own faults: no row, no entity and no cell differs from the naive recount."""

import gc
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.simulation.bugs import BUGS
from tests.simulation.runner import failures, shrink, simulate, told
from tests.simulation.schedule import POINTS, Step, schedule

#: Only for a run that hangs: a busy machine may be ten times slower.
pytestmark = pytest.mark.timeout(900)

SEEDS_PER_TEST = 200
#: What every couple of hundred seeds must meet, beside a kill and a pause at each point.
MET = (
    "a worker missed a generation and came back", "died: FencedError", "died: KafkaException", "expired transaction",
    "lost answer of a commit", "midnight", "partition: another process took over", "partition: fenced while it wrote",
    "release: another process took over", "release: fenced while it wrote", "woke",
)  # fmt: skip


@pytest.mark.parametrize("part", range(10))
def test_nothing_differs_after_any_faults(part: int) -> None:
    coverage = Counter[str]()
    seeds = range(part * SEEDS_PER_TEST, (part + 1) * SEEDS_PER_TEST)
    failed = next(failures(seeds, coverage), None)
    assert failed is None, told(*failed)
    wanted = [*MET, *(f"{fault} {point}" for fault in ("kill at", "pause at") for point in POINTS)]
    assert [what for what in wanted if not coverage[what]] == []
    assert {what.removeprefix("reached ") for what in coverage if what.startswith("reached ")} == set(POINTS)


def test_a_seed_is_played_again_bit_for_bit_by_another_process() -> None:
    told_by = {trace_of(7, hash_seed) for hash_seed in ("1", "2")}
    (trace,) = told_by
    assert "digest" in trace


def trace_of(seed: int, hash_seed: str) -> str:
    command = [sys.executable, "-m", "tests.simulation", "--seeds", "1", "--first", str(seed), "--trace"]
    done = subprocess.run(
        command, cwd=Path(__file__).parents[2], env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.partition("digest")[0] + done.stdout.partition("digest")[2][:65] + "digest"


def test_what_was_collected_meanwhile_changes_nothing() -> None:
    for seed in range(10):
        steps = schedule(seed)
        first = simulate(steps)
        gc.collect()
        assert simulate(steps) == first


def test_a_failing_schedule_is_shortened_to_what_matters() -> None:
    def fails(steps: Sequence[Step]) -> bool:
        return simulate(steps).failure is not None

    with BUGS["checkpoint_past_an_unapplied_batch"]():
        seed, _ = next(failures(range(100)))
        shortest = shrink(schedule(seed), fails)
        assert fails(shortest)
        assert len(shortest) < len(schedule(seed)) / 4
        assert not any(fails([*shortest[:at], *shortest[at + 1 :]]) for at in range(len(shortest)))
