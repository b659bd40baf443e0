"""What is measured: the real worker, its wiring and its transactions, without the release role.

Usage: ``python -m bench.peers.worker BOOTSTRAP PREFIX NOTES``; ends with SIGTERM, and writes down when its flow began
and when each flush was committed.
"""

import json
import os
import sys
import tempfile
from pathlib import Path
from time import monotonic, process_time, time
from typing import Any

from prometheus_client import CollectorRegistry

from connectors.kafka.settings import KafkaSettings
from monitoring.logs import configure
from monitoring.release import ReleaseMetrics
from monitoring.streams import StreamMetrics, WorkerHealth
from streams.settings import StreamSettings
from streams.worker import run_worker


class _Notes(WorkerHealth):
    """Notes the clock and the processor time when the first partition is taken over, and whenever one was committed."""

    def __init__(self) -> None:
        super().__init__(monotonic)
        self.turns: list[tuple[float, float]] = []

    def update(self, **details: Any) -> None:  # noqa: ANN401  # as in the parent
        """Called at the end of each restore and of each flush."""
        super().update(**details)
        if details.get("partitions"):
            self.turns.append((time(), process_time()))


class _NoRelease:
    """Nobody reads views here: the peers do not publish any."""

    def start(self) -> None:
        """Nothing to do."""

    def pause(self) -> None:
        """Nothing to hold back."""

    def resume(self) -> None:
        """Nothing to go on with."""

    def stop(self) -> None:
        """Nothing to end."""


def main(bootstrap: str, prefix: str, notes: Path) -> None:
    """Run until a signal."""
    registry, health = CollectorRegistry(), _Notes()
    try:
        with tempfile.TemporaryDirectory() as folder:
            settings = StreamSettings(kafka=KafkaSettings(bootstrap=bootstrap), prefix=prefix, data_dir=Path(folder))
            run_worker(
                settings,
                metrics=StreamMetrics(registry),
                release_metrics=ReleaseMetrics(registry),
                health=health,
                release=_NoRelease,
            )
    finally:
        notes.write_text(json.dumps(health.turns))


if __name__ == "__main__":
    if os.environ.get("BENCH_VERBOSE"):
        configure("INFO", json=False)
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
