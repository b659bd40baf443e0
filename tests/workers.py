"""Real worker processes for tests."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Self

from beffroi.stack.supervisor import healthy
from connectors.kafka.settings import KafkaSettings
from tests.ports import free_port
from tests.waiting import until


class Worker:
    """``beffroi worker`` as a process of its own.

    Args:
        kafka: The broker.
        prefix: Of the topics.
        folder: Its data folder.
        settings: More settings, by name.
    """

    def __init__(self, kafka: KafkaSettings, prefix: str, folder: Path, **settings: str) -> None:
        self.port = free_port()
        self.log = folder / f"worker-{self.port}.log"
        made = {
            "KAFKA": kafka.bootstrap,
            "TOPIC_PREFIX": prefix,
            "DATA_DIR": str(folder),
            "WORKER_PORT": str(self.port),
        }
        names = {f"BEFFROI_{name.upper()}": value for name, value in (made | settings).items()}
        self._environment = os.environ | names
        self.command = [sys.executable, "-m", "beffroi", "worker"]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> Self:
        """Start it, or start it again."""
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(self.command, env=self._environment, stdout=out, stderr=out)
        return self

    def ready(self) -> Self:
        """Wait until it holds its partitions."""
        until(lambda: healthy("127.0.0.1", self.port), 60, f"worker ready, see {self.text()[-2000:]}")
        return self

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def kill(self) -> None:
        """kill -9."""
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
        self.process.wait()

    def text(self) -> str:
        """What it logged."""
        return self.log.read_text("utf-8", "replace") if self.log.exists() else ""


class ClockedWorker(Worker):
    """A worker whose clock the test sets: a file says how many seconds it is off.

    Args:
        kafka: The broker.
        prefix: Of the topics.
        folder: Its data folder.
        off_s: Seconds to begin with.
    """

    def __init__(self, kafka: KafkaSettings, prefix: str, folder: Path, off_s: float) -> None:
        super().__init__(kafka, prefix, folder)
        self._clock = folder / "clock"
        self.command = [sys.executable, "-m", "tests.clocked", str(self._clock)]
        self.set(off_s)

    def set(self, off_s: float) -> None:
        """Set its clock, at once."""
        fresh = self._clock.with_suffix(".new")
        fresh.write_text(str(off_s))
        fresh.replace(self._clock)
