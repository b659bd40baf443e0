"""Inboxes for tests: a folder with sources, one in this process or one of its own, and what they leave behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import Any, Self

import httpx2
import orjson
from prometheus_client import CollectorRegistry

from connectors.inbox import OUTCOMES, Inbox, Pace, Route, Settled
from connectors.intake import Intake
from connectors.kafka import admin
from connectors.kafka.settings import KafkaSettings
from connectors.privacy import Pseudonymiser
from monitoring.inbox import InboxHealth, InboxMetrics
from schemas.clock import system_clock
from schemas.territory.areas import Territory
from schemas.topics import LEDGER, TRAINING_EVENTS
from tests.bus import records
from tests.conftest import PARTITIONS
from tests.kairos import row, write
from tests.ports import free_port
from tests.waiting import until

EARLY, LATE = "stagiaires_2026-11-20.csv", "stagiaires_2026-11-21.csv"


class Box:
    """A folder with one source, and inboxes over it in this process."""

    def __init__(self, kafka: KafkaSettings, prefix: str, folder: Path, *, snapshot: bool = False) -> None:
        self.root = folder / "inbox"
        self.source = self.root / "kairos"
        self.source.mkdir(parents=True)
        self.health = InboxHealth()
        self._kafka = kafka
        until(lambda: admin.existing(kafka, [prefix + LEDGER]), 10, "every broker knows the topics")
        self._prefix = prefix
        self._locks = folder / "locks"
        self.metrics = InboxMetrics(CollectorRegistry(), OUTCOMES)
        self._routes = {"kairos": Route("kairos", "kairos-csv", snapshot)}

    def inbox(
        self, settle_s: float = 0, ticks: Callable[[], float] = monotonic, keep: timedelta | None = None
    ) -> Inbox:  # fmt: skip
        """One that has just started."""
        intake = Intake(
            self._kafka,
            prefix=self._prefix,
            pseudonyms=Pseudonymiser(b"k"),
            territory=Territory.load(),
            clock=system_clock,
        )
        return Inbox(
            self.root, self._routes, intake, self._locks,
            metrics=self.metrics, health=self.health,
            pace=Pace(settle_s, 0.2, ticks, keep), clock=system_clock,
        )  # fmt: skip

    def once(self) -> list[str]:
        """What one that has just started does with what lies there."""
        return [one.outcome for one in self.settled()]

    def settled(self) -> list[Settled]:
        """The same, with receipts."""
        return self.inbox().once(Event())

    @contextmanager
    def running(self) -> Iterator[None]:
        """One that works all the while, in a thread."""
        stop, woken = Event(), Event()
        thread = Thread(target=self.inbox().always, args=(stop, woken))
        thread.start()
        try:
            yield
        finally:
            stop.set()
            woken.set()
            thread.join()

    def drop(self, name: str, people: Iterable[int]) -> Path:
        """A file of these trainees."""
        return write(self.source / name, [row(number) for number in people])

    def receipt(self, folder: str, name: str) -> dict[str, Any]:
        """Of a file that was set aside."""
        found: dict[str, Any] = orjson.loads((self.source / folder / f"{name}.receipt.json").read_bytes())
        return found

    def events(self) -> list[dict[str, Any]]:
        """On the bus."""
        return records(self._kafka, self._prefix + TRAINING_EVENTS, PARTITIONS)


class InboxProcess:
    """``beffroi inbox`` as a process of its own."""

    def __init__(self, bootstrap: str, prefix: str, folder: Path, *arguments: str, **settings: str) -> None:
        self.port = free_port()
        made = {
            "KAFKA": bootstrap, "TOPIC_PREFIX": prefix, "DATA_DIR": str(folder / "data"), "LOG_FORMAT": "json",
            "INBOX_PORT": str(self.port), "INBOX_SETTLE_S": "0.3", "INBOX_SCAN_S": "0.3", **settings,
        }  # fmt: skip
        self._log = folder / f"inbox-{self.port}.log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "beffroi", "inbox", str(folder / "inbox"), *arguments],
                env=os.environ | {f"BEFFROI_{name}": value for name, value in made.items()},
                stdout=log,
                stderr=log,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()

    def log(self) -> str:
        """What it said."""
        return self._log.read_text("utf-8")

    def page(self, path: str) -> str:
        """Of its monitoring port; empty while it does not answer."""
        try:
            return httpx2.get(f"http://127.0.0.1:{self.port}{path}", timeout=2).text
        except httpx2.HTTPError:
            return ""

    def ended(self) -> int:
        """Told to stop, how it ended."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(15)
