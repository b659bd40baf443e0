"""A full disk under a broker: what was acknowledged is kept, and all goes on once there is space again."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import time

from tests.faults.cluster import Cluster
from tests.faults.figures import Figure, at_least, exactly, no_difference
from tests.faults.stage import stage
from tests.waiting import until

#: Room for an empty broker and some thousand events.
DISK_MB = 160
#: What is left once the ballast lies on the disk.
LEFT_MB = 1


@dataclass(frozen=True)
class Plan:
    """How much of it.

    Attributes:
        times: The disk fills up.
        rate: Events per second all the while.
    """

    times: int = 3
    rate: float = 300


SHORT = Plan(times=1)


def mountable() -> bool:
    """Whether a disk of limited size can be had here: root on Linux, as in CI."""
    return hasattr(os, "geteuid") and os.geteuid() == 0 and Path("/proc/filesystems").exists()


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A disk of limited size in a folder."""
    folder.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def run(folder: Path, seed: int, plan: Plan) -> list[Figure]:
    """The campaign; what it measured."""
    with (
        small_disk(folder / "disk") as disk,
        Cluster(folder, 1, logs=disk) as cluster,
        stage(cluster.kafka, folder, seed=seed, rate=plan.rate, session_timeout_s="10") as found,
    ):
        (broker,) = cluster.brokers
        for _ in range(plan.times):
            ballast = _fill(disk)
            found.traffic.burst(5_000)
            until(broker.ended, 120, "the broker ends for want of space", 0.5)
            ballast.unlink()
            broker.start()
            found.checkpoints.takeover(frozenset(range(found.partitions)), time(), 180)
        differences = found.differences()
        said = broker.log.read_text("utf-8", "replace").count("No space left on device")
        return [
            at_least("writes that failed with: No space left on device", said, plan.times),
            Figure("events published", f"{found.journal.sent:,}"),
            exactly("acknowledged events lost", found.journal.lost(found.partitions), 0),
            no_difference("once there was space again", differences),
            Figure("workers that ended and were started again", str(len(found.fleet.exits))),
        ]


def _fill(disk: Path) -> Path:
    """Lay a file on the disk that leaves nearly nothing."""
    ballast = disk / "ballast"
    usage = os.statvfs(disk)
    with ballast.open("wb") as file:
        left = usage.f_bavail * usage.f_frsize - LEFT_MB * 1024 * 1024
        os.posix_fallocate(file.fileno(), 0, max(1, left))
    return ballast
