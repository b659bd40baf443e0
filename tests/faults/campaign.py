"""Runs a fault campaign and prints what it measured: ``python -m tests.faults.campaign NAME [--short] [--seed N]``.

Ends with 1 when a figure does not hold. With ``--evidence FOLDER`` the table also goes into a dated file there.
"""

import argparse
import os
import platform
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from time import monotonic
from types import ModuleType

from beffroi.embedded.install import KAFKA_VERSION
from tests.faults import brokers, disk, kill, proxied, storm, zombies
from tests.faults.cluster import Cluster
from tests.faults.figures import Figure, table

Campaign = Callable[[Path, argparse.Namespace], list[Figure]]


def _on_cluster(module: ModuleType) -> Campaign:
    """A campaign that is given its brokers."""

    def campaign(folder: Path, asked: argparse.Namespace) -> list[Figure]:
        plan = replace(module.SHORT if asked.short else module.Plan(), replication=asked.brokers)
        with Cluster(folder, asked.brokers) as cluster:
            return list(module.run(cluster.kafka, folder, asked.seed, plan))

    return campaign


def _by_itself(module: ModuleType) -> Campaign:
    """A campaign that does harm to its brokers and makes them itself."""
    return lambda folder, asked: list(module.run(folder, asked.seed, module.SHORT if asked.short else module.Plan()))


CAMPAIGNS: Mapping[str, tuple[str, Campaign]] = {
    "kill": ("kill -9 of workers", _on_cluster(kill)),
    "zombies": ("workers paused for longer than their session", _on_cluster(zombies)),
    "storm": ("workers join or leave every 2 to 5 s", _on_cluster(storm)),
    "brokers": ("kill -9 of brokers", _by_itself(brokers)),
    "proxy": ("a network that cuts, delays and resets", _by_itself(proxied)),
    "disk": ("a full disk under the broker", _by_itself(disk)),
}


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Run a fault campaign.")
    parser.add_argument("name", choices=sorted(CAMPAIGNS))
    parser.add_argument("--short", action="store_true", help="as in the tests")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--brokers", type=int, default=3, choices=(1, 3), help="where workers are harmed, not brokers")
    parser.add_argument("--evidence", type=Path, help="folder of the dated file")
    asked = parser.parse_args()
    title, campaign = CAMPAIGNS[asked.name]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that brokers and workers end with us
    began = monotonic()
    with tempfile.TemporaryDirectory(prefix="beffroi-") as folder:
        figures = campaign(Path(folder), asked)
    switches = " --short" * asked.short + " --brokers 1" * (asked.brokers == 1)
    command = f"python -m tests.faults.campaign {asked.name}{switches} --seed {asked.seed}"
    text = _report(title, command, figures, monotonic() - began)
    sys.stdout.write(text)
    if asked.evidence:
        asked.evidence.mkdir(parents=True, exist_ok=True)
        (asked.evidence / f"{date.today()}-{asked.name}.md").write_text(text)  # noqa: DTZ011  # the operator's own day
    return 0 if all(one.holds for one in figures) else 1


def _report(title: str, command: str, figures: list[Figure], seconds: float) -> str:
    load = os.getloadavg()[0]
    machine = f"{os.cpu_count()} cores shared with other work (load {load:.0f} at the end), {platform.system()}"
    return (
        f"# Campaign: {title}\n\n"
        f"{date.today()} · `{command}` · {seconds / 60:.0f} minutes\n\n"  # noqa: DTZ011  # the operator's own day
        f"{machine}, Apache Kafka {KAFKA_VERSION}, Python {platform.python_version()}\n\n{table(figures)}"
    )


if __name__ == "__main__":
    sys.exit(main())
