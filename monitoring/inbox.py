"""What an inbox tells Prometheus, and whether it is well."""

import threading
from collections.abc import Iterable
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge


class InboxMetrics:
    """Metrics of an inbox.

    Args:
        registry: Where they are collected.
        outcomes: What can become of a file; there from the start, so that the first of a kind is seen to come.
    """

    def __init__(self, registry: CollectorRegistry, outcomes: Iterable[str]) -> None:
        self._files = Counter(
            "beffroi_inbox_files_total",
            "Files by what became of them: taken, known (nothing new), held (for a human), refused, failed (by us)",
            ["outcome"],
            registry=registry,
        )
        for outcome in outcomes:
            self._files.labels(outcome)
        self._waiting = Gauge("beffroi_inbox_waiting_files", "Files that are not taken yet", registry=registry)
        self._oldest = Gauge(
            "beffroi_inbox_oldest_waiting_seconds", "For how long the first of them has been there", registry=registry
        )
        self._fetched = Counter(
            "beffroi_inbox_fetched_files_total", "Files that were fetched over SFTP", registry=registry
        )
        self._fetch_failures = Counter(
            "beffroi_inbox_fetch_failures_total",
            "Looks at an SFTP server, and files there, that failed",
            registry=registry,
        )
        self._held = Gauge("beffroi_inbox_held_files", "Files that wait for a human", registry=registry)

    def settled(self, outcome: str) -> None:
        """A file was dealt with."""
        self._files.labels(outcome).inc()

    def fetched(self) -> None:
        """A file was fetched whole."""
        self._fetched.inc()

    def fetch_failed(self) -> None:
        """A look, or a file, failed."""
        self._fetch_failures.inc()

    def lying(self, waiting: int, oldest_s: float, held: int) -> None:
        """How many files lie there."""
        self._waiting.set(waiting)
        self._oldest.set(oldest_s)
        self._held.set(held)


class InboxHealth:
    """Whether an inbox gets through; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failure = self._fetching = ""

    def well(self) -> None:
        """Everything that lay there was dealt with."""
        with self._lock:
            self._failure = ""

    def failed(self, message: str) -> None:
        """Something keeps files from being taken or moved."""
        with self._lock:
            self._failure = message

    def fetching(self, failure: str) -> None:
        """What keeps files from being fetched; empty when nothing does."""
        with self._lock:
            self._fetching = failure

    def report(self) -> tuple[bool, dict[str, Any]]:
        """Well or not, and the details for ``/health``."""
        with self._lock:
            failure = self._failure or self._fetching
            return not failure, {"last_failure": failure}
