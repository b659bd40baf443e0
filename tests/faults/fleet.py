"""Worker processes under a supervisor, as in production: whatever ends is started again, and its exit code kept."""

import json
import signal
import threading
import urllib.request
from contextlib import suppress
from pathlib import Path
from time import time
from types import TracebackType
from typing import Any, NamedTuple, Self

from prometheus_client.parser import text_string_to_metric_families

from connectors.kafka.settings import KafkaSettings
from tests.waiting import until
from tests.workers import Worker

#: An ended worker is started again after this long: a supervisor's own pace.
RESTART_S = 0.5
_LOOK_S = 0.05


class Exit(NamedTuple):
    """A process that ended: which worker's, how (negative: the signal), when (seconds since 1970)."""

    worker: Worker
    code: int
    at: float


class Fleet:
    """Some workers.

    Args:
        kafka: The cluster.
        prefix: Of the topics.
        folder: Their data folder.
        partitions: Of the events, all of them to be held.
        settings: Of every worker.
    """

    def __init__(self, kafka: KafkaSettings, prefix: str, folder: Path, partitions: int, **settings: str) -> None:
        self._kafka, self._prefix, self._folder, self._settings = kafka, prefix, folder, settings
        self._partitions = frozenset(range(partitions))
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._supervise, name="supervisor", daemon=True)
        self.workers: list[Worker] = []
        self.exits: list[Exit] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        for worker in self.workers:
            worker.kill()

    def add(self, **settings: str) -> Worker:
        """One more worker; it is not waited for."""
        worker = Worker(self._kafka, self._prefix, self._folder, **(self._settings | settings)).start()
        with self._lock:
            self.workers.append(worker)
        return worker

    def leave(self, worker: Worker) -> int:
        """SIGTERM, and not started again; its exit code."""
        with self._lock:
            self.workers.remove(worker)
        worker.signal(signal.SIGCONT)
        worker.signal(signal.SIGTERM)
        try:
            code = worker.process.wait(30)
        except BaseException:
            worker.kill()
            raise
        self.exits.append(Exit(worker, code, time()))
        return code

    def _supervise(self) -> None:
        while not self._stop.wait(_LOOK_S):
            with self._lock:
                for worker in self.workers:
                    code = worker.process.poll()
                    if code is not None:
                        self.exits.append(Exit(worker, code, time()))
                        self._stop.wait(RESTART_S)
                        worker.start()

    def kill(self, worker: Worker) -> float:
        """kill -9; when, in seconds since 1970."""
        before = len(self.exits)
        at = time()
        worker.signal(signal.SIGKILL)
        assert self.ended(worker, before, 10).code == -signal.SIGKILL
        return at

    def ended(self, worker: Worker, since: int, patience_s: float) -> Exit:
        """The first end of a worker among the exits from a number on."""

        def found() -> list[Exit]:
            return [one for one in self.exits[since:] if one.worker is worker]

        return until(found, patience_s, "the worker ends", _LOOK_S)[0]

    def settled(self, patience_s: float = 90) -> None:
        """Wait until every partition is held by one worker, and every worker is at work."""
        until(self._settled, patience_s, "every partition is held by one worker", 0.2)

    def _settled(self) -> bool:
        held = [number for worker in self.workers for number in owned(worker)]
        whole = len(held) == len(self._partitions) == len(set(held))
        return whole and all(partitions_held(worker) == len(owned(worker)) for worker in self.workers)


_NONE: frozenset[int] = frozenset()


def events(worker: Worker, name: str) -> list[dict[str, Any]]:
    """The events of a name in a worker's log, since its process began."""
    found: list[dict[str, Any]] = []
    for line in worker.text().splitlines():
        with suppress(ValueError):
            record = json.loads(line)
            if record.get("event") == "worker starts":
                found = []
            elif record.get("event") == name:
                found.append(record)
    return found


def owned(worker: Worker) -> frozenset[int]:
    """The partitions that a worker took over last."""
    last = events(worker, "partitions taken over")[-1:]
    return frozenset(last[0]["assigned"]) if last else _NONE


def partitions_held(worker: Worker) -> int:
    """How many partitions a worker holds whole; -1 while it does not answer."""
    try:
        return _sample(worker, "beffroi_stream_partitions")
    except OSError:
        return -1


def events_read(worker: Worker) -> int:
    """Events that a worker's process has read."""
    return _sample(worker, "beffroi_stream_read_events_total")


def _sample(worker: Worker, name: str) -> int:
    """The sum of a metric's samples."""
    with urllib.request.urlopen(f"http://127.0.0.1:{worker.port}/metrics", timeout=5) as answer:
        families = text_string_to_metric_families(answer.read().decode())
        return int(sum(one.value for family in families for one in family.samples if one.name == name))
