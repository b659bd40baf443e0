"""Fuzzing: ``python -m tests.hostile.fuzz [TARGET ...] --tries N --seed S [--evidence]``.

Each try is drawn from the seed and its own number, so that any of them can be repeated alone; how far a target has come
is kept in a folder, from where the same command goes on. Several targets may be tried by several processes at once.
``--evidence`` writes docs/evidence when no target is left to try; with ``--tries 0`` it says how far they came. A
finding is shrunk and written to a file.
"""

import argparse
import gc
import json
import platform
import re
import shlex
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from time import perf_counter, process_time
from typing import Any, Final

import lxml.etree
import orjson

from connectors.delivery import Delivery
from connectors.formats.base import Format
from connectors.ledger import Ledger
from connectors.verdicts import Judge, Rules
from schemas.errors import FileRefused
from schemas.territory.areas import Territory
from tests.faults.figures import Figure, exactly, table
from tests.hostile import cuts
from tests.hostile.collecting import Collector
from tests.hostile.mutations import mutated, shrunk
from tests.hostile.samples import Sample, samples

#: Of the processor, for a few kilobytes: a thousand times what they take.
SLOW_S: Final = 1.0
#: Tries between two notes of how far a target has come: a second or so.
_NOTED_EVERY: Final = 10_000
_NOTHING: Final = "Nothing. What earlier runs found is mended, each with its test in `tests/hostile/test_fuzz.py`."
#: What the issue wants of each parser.
WANTED: Final = 1_000_000


@dataclass(frozen=True)
class Finding:
    """An input that raised what nobody declared, or took too long."""

    seed: str
    why: str
    content: bytes


class Target:
    """One way from bytes to verdicts.

    Args:
        form: The format.
        territory: Tells places.
    """

    def __init__(self, form: Format, territory: Territory) -> None:
        self._collector = Collector(form, territory)

    def fault(self, content: bytes, counts: Counter[str] | None = None) -> str | None:
        """What went wrong; None when the content was taken or refused as declared, which is counted by its kind."""
        began = perf_counter()  # read without a call of the system, which costs more than a try where cores are shared
        try:
            answer = kind_of(self._judged(content))
        except FileRefused as error:
            answer = f"refused whole: {_sentence(error)}"
        except Exception as error:  # noqa: BLE001  # the finding itself
            return repr(error)[:300]
        if counts is not None:
            counts[answer] += 1
        return "slow" if perf_counter() - began > SLOW_S and self._is_slow(content) else None

    def _is_slow(self, content: bytes) -> bool:
        """Whether it is the content that takes long, and not a neighbour of this process."""
        began = process_time()
        with suppress(FileRefused):
            self._judged(content)
        return process_time() - began > SLOW_S

    def _judged(self, content: bytes) -> Delivery:
        delivery = self._collector.delivery(content)
        tally = delivery.tally(Judge(delivery, Ledger(), self._collector.codec).judge(Rules()).found)
        assert delivery.received == sum(tally) + len(delivery.refused), "received = accepted + duplicate + refused"
        return delivery


def kind_of(delivery: Delivery) -> str:
    """The kind of answer to what was not refused whole."""
    if not delivery.refused:
        return "taken, with fields left out" if delivery.warnings else "taken as it is"
    codes = sorted({problem.code for one in delivery.refused for problem in one.problems})
    return f"{'some records' if delivery.lines else 'every record'} refused: {' '.join(codes)}"


def _sentence(error: FileRefused) -> str:
    """The answer without what differs from file to file: its numbers, and names of columns."""
    return re.sub(r"missing columns? .*", "missing columns", re.sub(r"\d+", "9", str(error)))[:80]


@dataclass
class Progress:
    """How far a target has come.

    Attributes:
        seed: Of its tries.
        tries: Done.
        seconds: That they took, on the clock.
        answers: How often which kind of answer was given.
        findings: What was found, shrunk or not.
    """

    seed: int
    tries: int = 0
    seconds: float = 0.0
    answers: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)

    @classmethod
    def kept(cls, path: Path, seed: int) -> "Progress":
        """As it was noted, or from the start."""
        held: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {"seed": None}
        return cls(**{**held, "answers": Counter(held["answers"])}) if held["seed"] == seed else cls(seed)

    def keep(self, path: Path) -> None:
        """Note it."""
        path.write_text(json.dumps(vars(self), indent=1, ensure_ascii=False), "utf-8")


def findings(  # what, in which way, how far, from where
    name: str, sample: Sample, territory: Territory, progress: Progress, tries: int
) -> Iterator[Finding]:  # fmt: skip
    """Each finding of the tries that are left, shrunk; the progress learns every answer."""
    target = Target(sample.form, territory)
    for number in range(progress.tries, tries):
        random = Random(f"{name}/{progress.seed}/{number}")  # noqa: S311  # a change that can be repeated, no secret
        content = mutated(sample.some(random), random)
        why = target.fault(content, progress.answers)
        progress.tries = number + 1
        if why is not None:
            progress.findings.append(f"{progress.seed}/{number}: {why}")
            kind = why.partition("(")[0]
            least = shrunk(content, lambda one, kind=kind: (target.fault(one) or "").partition("(")[0] == kind)  # type: ignore[misc]  # bound now
            yield Finding(f"{progress.seed}/{number}", why, least)


def fuzz(name: str, sample: Sample, territory: Territory, folder: Path, asked: argparse.Namespace) -> Progress:
    """Try a target, from where it was left."""
    path = folder / f"{name}.json"
    progress = Progress.kept(path, asked.seed)
    while progress.tries < asked.tries:
        began, end = perf_counter(), min(asked.tries, progress.tries + _NOTED_EVERY)
        for one in findings(name, sample, territory, progress, end):
            (folder / f"{name}-{progress.tries}").write_bytes(one.content)
            sys.stdout.write(f"{name} {one.seed}: {one.why}; {len(one.content)} bytes in {folder}\n")
        progress.seconds += perf_counter() - began
        progress.keep(path)
    sys.stdout.write(f"{name}: {progress.tries:,} tries in {progress.seconds:,.0f} s\n")
    sys.stdout.flush()
    return progress


def main() -> int:
    """Fuzz a target, or all of them; exit code 1 when something was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="all when left out")
    parser.add_argument("--tries", type=int, default=10_000, help="of each target")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=Path("fuzz"), help="where progress and findings are kept")
    parser.add_argument("--evidence", action="store_true", help="write docs/evidence/<date>-fuzz.md")
    asked = parser.parse_args()
    asked.folder.mkdir(exist_ok=True)
    territory, known = Territory.load(), samples()
    gc.freeze()  # or each collection goes through the tables of all communes
    done = {name: fuzz(name, known[name], territory, asked.folder, asked) for name in asked.targets or known}
    if asked.evidence:
        command = shlex.join(["python", "-m", "tests.hostile.fuzz", *sys.argv[1:]])
        kept = {name: asked.folder / f"cut-{name}.json" for name in sorted(cuts.NAMES)}
        cut = [_cut(name, path) for name, path in kept.items() if asked.tries or path.exists()]
        path = Path(__file__).parents[2] / f"docs/evidence/{datetime.now(UTC).date()}-fuzz.md"
        path.write_text(report(command, done, cut), "utf-8")
    return 1 if any(one.findings for one in done.values()) else 0


def _cut(name: str, path: Path) -> cuts.Cut:
    """Every cut of a format, as it was kept or made now: some take minutes."""
    if path.exists():
        return cuts.Cut(*json.loads(path.read_text("utf-8")))
    found = cuts.figures(name)
    path.write_text(json.dumps(found), "utf-8")
    return found


def report(command: str, done: dict[str, Progress], cut: list[cuts.Cut]) -> str:
    """The evidence."""
    libraries = f"orjson {orjson.__version__}, lxml {lxml.etree.__version__}"
    found = [f"* {name} {one}" for name, progress in done.items() for one in progress.findings]
    least = min(one.tries for one in done.values())
    figures = [
        *(exactly(f"{name}: undeclared exceptions in {one.tries:,} tries", len(one.findings), 0)
          for name, one in done.items()),
        Figure("tries of the target that was tried least", f"{least:,}", f"≥ {WANTED:,}", least >= WANTED),
        *(exactly(f"{one.name}: wrong answers to {one.cuts:,} cuts of {one.size:,} bytes", one.wrong, 0)
          for one in cut),
    ]  # fmt: skip
    return "\n".join([
        "# Fuzzing of each parser, and cuts at every byte", "",
        f"{datetime.now(UTC).date()} · `{command}` · one core, Python {platform.python_version()}, {libraries}", "",
        "Each try changes a record or two of a target's own sample, by a seed and the number of the try; it goes the",
        "whole way from bytes to verdicts, and ends within 1 s of the processor. Undeclared is every exception but the",
        "refusal of the whole. A file of 20 kB is cut at every byte: a document is refused whole, a table is refused",
        "whole or, cut behind a line, taken as the shorter table that it is.", "",
        table(figures), "## Answers", "", *_answers(done), "",
        "## Found", "", *(found or [_NOTHING]), "",
        "## Cuts", "", "| format | bytes | cuts | refused whole | taken as a shorter table | s |",
        "|---|---:|---:|---:|---:|---:|",
        *(f"| {one.name} | {one.size:,} | {one.cuts:,} | {one.whole:,} | {one.shorter:,} | {one.seconds:.0f} |"
          for one in cut), "",
    ])  # fmt: skip


def _answers(done: dict[str, Progress]) -> Iterator[str]:
    heads = (
        "taken as it is",
        "taken, with fields left out",
        "some records refused",
        "every record refused",
        "refused whole",
    )
    yield f"| target | {' | '.join(heads)} | kinds | tries | s | µs each |"
    yield f"|---|{'---:|' * (len(heads) + 4)}"
    for name, one in done.items():
        counted = [sum(times for kind, times in one.answers.items() if kind.startswith(head)) for head in heads]
        cells = [*counted, len(one.answers), one.tries]
        each = one.seconds / max(1, one.tries) * 1e6
        yield f"| {name} | {' | '.join(f'{cell:,}' for cell in cells)} | {one.seconds:,.0f} | {each:.0f} |"


if __name__ == "__main__":
    sys.exit(main())
