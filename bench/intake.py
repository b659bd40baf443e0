"""How fast partners' records are taken, to the acknowledged commit; the gateway's answers; the memory of a long feed.

Usage: ``python -m bench.intake [--rows N] [--rounds N] [--requests N] [--megabytes N] [--evidence]``. Everything is
invented and seeded. Each publication is a process of its own on one core, on topics of its own, so that all is new.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Final, NamedTuple

from beffroi.simulator import write_region
from bench.machine import ROOT, Report, broker, cores, on, topics
from connectors.formats import formats
from connectors.gateway.contracts import contract_formats
from connectors.inputs import Input
from connectors.intake import Intake
from connectors.kafka.settings import KafkaSettings
from connectors.privacy import Pseudonymiser
from schemas.clock import system_clock
from schemas.contracts import JOB_OFFER, TRAINING_ENROLMENT
from schemas.examples import examples
from schemas.territory.areas import Territory
from streams.memory import spare_the_state

DAY: Final = datetime(2026, 11, 23, tzinfo=UTC)
#: What the issue wants of one core.
WANTED: Final = 20_000
_RUNS = count(1)


class Run(NamedTuple):
    """One publication: records, seconds on the clock and of its core, megabytes at the peak."""

    records: int
    clock: float
    core: float
    megabytes: float


def kairos(folder: Path, rows: int) -> Path:
    """A file of Kairos."""
    return write_region(folder / "kairos", seed=1, today=date(2026, 11, 23), rows=rows, territory=Territory.load())


def enrolments(folder: Path, rows: int) -> Path:
    """Enrolments as their own contract, 11 to a session."""
    return _lines(folder / "enrolments.ndjson", TRAINING_ENROLMENT, rows, lambda number: {
        "session_id": f"intercarif:SE_{number // 11:010d}", "person": f"{number:032x}", "source_key": f"E{number}",
    })  # fmt: skip


def offers(folder: Path, rows: int) -> Path:
    """Offers as their own contract."""
    return _lines(folder / "offers.ndjson", JOB_OFFER, rows, lambda number: {
        "offer_id": f"bench:{number}", "source_key": str(number),
    })  # fmt: skip


def _lines(path: Path, contract: str, rows: int, own: Callable[[int], dict[str, str]]) -> Path:
    example = {**examples(contract).valid[0], "source": "bench", "version": 1}
    with path.open("w", encoding="utf-8") as file:
        for number in range(rows):
            file.write(json.dumps({**example, **own(number)}, ensure_ascii=False) + "\n")
    return path


#: What is published: a name, the format and who writes the file.
FEEDS: Final[dict[str, tuple[str, Callable[[Path, int], Path]]]] = {
    "kairos-csv": ("kairos-csv", kairos),
    "NDJSON TrainingEnrolment": (TRAINING_ENROLMENT, enrolments),
    "NDJSON JobOffer": (JOB_OFFER, offers),
}


def child(bootstrap: str, prefix: str, written: str, path: str) -> None:
    """The measured part."""
    spare_the_state()
    intake = Intake(
        KafkaSettings(bootstrap=bootstrap), prefix=prefix, pseudonyms=Pseudonymiser(b"bench"),
        territory=Territory.load(), clock=system_clock,
    )  # fmt: skip
    form = formats().get(written) or contract_formats()[written]
    began, used = perf_counter(), process_time()
    with Input.of_path(Path(path)) as data:
        report = intake.publish(data, form, source=form.default_source or "bench", as_of=DAY)
    took, spent = perf_counter() - began, process_time() - used
    if report.accepted != report.rows:
        raise AssertionError(f"{report.rows - report.accepted} of {report.rows} records were not accepted")
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    print(report.rows, took, spent, kilobytes / 1024, flush=True)
    os._exit(0)  # what was read is not taken apart


def publish(kafka: KafkaSettings, written: str, path: Path) -> Run:
    """One publication in a process of its own."""
    prefix = f"intake{next(_RUNS)}."
    topics(kafka, prefix)
    with on(cores()[0]):
        command = [sys.executable, "-m", "bench.intake", "--child", kafka.bootstrap, prefix, written, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    records, clock, core, megabytes = (float(word) for word in done.stdout.split()[-4:])
    return Run(int(records), clock, core, megabytes)


def throughput(report: Report, rows: int, rounds: int) -> None:
    """Records a second of each feed; the rounds of all are interleaved."""
    runs: dict[str, list[Run]] = {name: [] for name in FEEDS}
    with broker() as kafka, tempfile.TemporaryDirectory() as folder:
        paths = {name: write(Path(folder), rows) for name, (_, write) in FEEDS.items()}
        for _ in range(rounds):
            for name, (written, _) in FEEDS.items():
                runs[name].append(publish(kafka, written, paths[name]))
                print(f"{name}: {runs[name][-1].clock:.2f} s, {runs[name][-1].core:.2f} s of its core")
        sizes = {name: path.stat().st_size / runs[name][0].records for name, path in paths.items()}
    report.say(
        f"To the acknowledged commit, medians of {rounds} interleaved. Wanted: ≥ {WANTED:,} records/s per core.\n"
    )
    head = ("feed", "records", "bytes each", "records/s per core", "records/s on the clock", "peak MB")
    report.table(head, [_row(name, found, sizes[name]) for name, found in runs.items()])


def _row(name: str, found: list[Run], size: float) -> tuple[str, ...]:
    records = found[0].records
    core, clock = median(one.core for one in found), median(one.clock for one in found)
    peak = max(one.megabytes for one in found)
    return name, f"{records:,}", f"{size:,.0f}", f"{records / core:,.0f}", f"{records / clock:,.0f}", f"{peak:,.0f}"


def told(report: Report, title: str, script: str, *arguments: str) -> None:
    """What another benchmark prints."""
    command = [sys.executable, str(ROOT / "bench" / script), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    report.say(f"## {title}\n")
    for line in done.stdout.strip().splitlines():
        report.say(f"    {line}")
    report.say()


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--requests", type=int, default=300, help="of the gateway's latency; 0 leaves it out")
    parser.add_argument("--megabytes", type=int, default=500, help="of the Intercarif feed; 0 leaves it out")
    parser.add_argument("--evidence", action="store_true", help="write docs/evidence/<date>-intake.md")
    asked = parser.parse_args()
    report = Report("intake", "Intake of partners' records", f"python -m bench.intake --rows {asked.rows}")
    throughput(report, asked.rows, asked.rounds)
    if asked.requests:
        title = "Gateway. Wanted: p99 ≤ 50 ms for one record, ≤ 2 s for 10,000; beside 20 x quota at most + 10 %"
        told(report, title, "gateway.py", str(asked.requests))
    if asked.megabytes:
        told(
            report,
            "Memory of an Intercarif feed. Wanted: ≤ 200 MB for 500 MB",
            "intercarif_memory.py",
            str(asked.megabytes),
        )
    report.keep(wanted=asked.evidence)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(*sys.argv[2:])
    else:
        main()
