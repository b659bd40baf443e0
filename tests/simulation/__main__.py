"""``python -m tests.simulation --seeds 2000 --first 0``: run seeds, say what was met and how fast it went."""

import argparse
import sys
from collections import Counter
from time import process_time

from tests.simulation.bugs import BUGS
from tests.simulation.runner import failures, simulate, told
from tests.simulation.schedule import schedule


def main() -> int:
    """Run seeds; 1 when one fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description="deterministic simulation")
    parser.add_argument("--seeds", type=int, default=2000, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first one")
    parser.add_argument("--trace", action="store_true", help="print what happened, line by line")
    parser.add_argument("--bug", choices=sorted(BUGS), help="with a seeded bug")
    chosen = parser.parse_args()
    if chosen.bug:
        with BUGS[chosen.bug]():
            return run(chosen.first, chosen.seeds, trace=chosen.trace)
    return run(chosen.first, chosen.seeds, trace=chosen.trace)


def run(first: int, count: int, *, trace: bool) -> int:
    """Run seeds and print what came of it."""
    seeds = range(first, first + count)
    out = sys.stdout.write
    if trace:
        for seed in seeds:
            outcome = simulate(schedule(seed), trace=True)
            out("\n".join([*outcome.trace, f"digest {outcome.digest}", ""]))
    coverage, began, failed = Counter[str](), process_time(), 0
    for seed, failure in failures(seeds, coverage):
        failed += 1
        out(told(seed, failure) + "\n")
    spent = process_time() - began
    for what, times in sorted(coverage.items()):
        out(f"{times:9} {what}\n")
    out(f"{count} seeds, {failed} failed, {count / spent:.1f} seeds a second of CPU\n")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
