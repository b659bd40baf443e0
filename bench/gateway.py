"""How fast the gateway answers: p99 for one record, seconds for 10,000, and whether one partner's haste slows another.

Usage: ``python bench/gateway.py [REQUESTS]`` (300). A real broker and a real gateway process; for fairness, the quiet
partner keeps its quota, and every 20 requests another one begins or ends to send 20 times its own.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from time import monotonic, perf_counter
from typing import Any, Final

import psutil

from beffroi.embedded import EmbeddedKafka
from beffroi.settings import user_dir
from beffroi.stack.supervisor import healthy
from connectors.gateway import TokenFile
from connectors.gateway.settings import token_file
from connectors.kafka import admin
from connectors.kafka.settings import KafkaSettings
from schemas.clock import system_clock
from schemas.examples import examples
from schemas.topics import catalogue

PORT: Final = 18_790
#: Requests of one partner in a second, as the operator set them for this measurement.
QUOTA: Final = 10
DOOR: Final = {"offres": "JobOffer", "evenements": "EmploymentEvent"}
ROOTS: Final = {"JobOffer": "offer_id", "EmploymentEvent": "event_id"}
NUMBERS = count(1)


def record(source: str, number: int) -> dict[str, Any]:
    """An invented record of a source."""
    contract = DOOR[source]
    domain = {"JobOffer": "offers", "EmploymentEvent": "agenda"}[contract]
    example = examples(f"beffroi.{domain}.v1.{contract}").valid[0]
    return {
        **example, "source": source, ROOTS[contract]: f"{source}:{number}", "source_key": str(number), "version": 1
    }  # fmt: skip


class Partner:
    """A partner with a connection that stays open."""

    def __init__(self, source: str, token: str) -> None:
        self._source = source
        self._connection = HTTPConnection("127.0.0.1", PORT, timeout=120)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def send(self, records: int = 1) -> tuple[float, int]:
        """Seconds and status of one request."""
        body = json.dumps([record(self._source, next(NUMBERS)) for _ in range(records)]).encode()
        began = perf_counter()
        self._connection.request("POST", f"/v1/contracts/{DOOR[self._source]}", body, self._headers)
        response = self._connection.getresponse()
        response.read()
        return perf_counter() - began, response.status


def p99(seconds: list[float]) -> float:
    """The 99th percentile, milliseconds."""
    return statistics.quantiles(seconds, n=100)[98] * 1_000


@contextmanager
def gateway(bootstrap: str, folder: Path, burst: int) -> Iterator[psutil.Process]:
    """A gateway process."""
    names = {
        "KAFKA": bootstrap, "DATA_DIR": str(folder), "GATEWAY_PORT": str(PORT), "LOG_LEVEL": "ERROR",
        "GATEWAY_PER_MINUTE": str(60 * QUOTA), "GATEWAY_BURST": str(burst),
    }  # fmt: skip
    environment = os.environ | {f"BEFFROI_{name}": value for name, value in names.items()}
    process = subprocess.Popen([sys.executable, "-m", "beffroi", "gateway"], env=environment)
    while not healthy("127.0.0.1", PORT):
        pass
    yield psutil.Process(process.pid)
    process.terminate()
    process.wait()


def one_and_many(quiet: Partner, process: psutil.Process, requests: int) -> None:
    """The two figures for a partner alone."""
    for _ in range(20):
        quiet.send()
    alone = [quiet.send()[0] for _ in range(requests)]
    print(f"one record: p50 {statistics.median(alone) * 1_000:.1f} ms, p99 {p99(alone):.1f} ms")
    before = sum(process.cpu_times()[:2])
    seconds, status = quiet.send(10_000)
    spent = sum(process.cpu_times()[:2]) - before
    print(f"10,000 records: {seconds:.2f} s (status {status}), {spent:.2f} s of processor time")


def fairness(quiet: Partner, loud: Partner, requests: int) -> None:
    """The quiet partner's p99 with and without a partner that sends 20 times its quota, interleaved."""
    stormy, end = threading.Event(), threading.Event()
    statuses: list[int] = []

    def storm() -> None:
        due = monotonic()
        while not end.is_set():
            stormy.wait(0.1)
            if stormy.is_set():
                due = max(due + 1 / (20 * QUOTA), monotonic() - 1)
                end.wait(max(0.0, due - monotonic()))
                statuses.append(loud.send()[1])

    thread = threading.Thread(target=storm)
    thread.start()
    calm: list[float] = []
    rough: list[float] = []
    for number in range(2 * requests):
        end.wait(1 / QUOTA)
        if number % 20 == 0:
            (stormy.clear if number % 40 == 0 else stormy.set)()
            end.wait(0.2)
        (rough if stormy.is_set() else calm).append(quiet.send()[0])
    end.set()
    thread.join()
    turned = sum(status == 429 for status in statuses)  # noqa: PLR2004  # HTTP's own number
    print(f"quiet partner alone: p99 {p99(calm):.1f} ms; beside 20 x quota: p99 {p99(rough):.1f} ms, "
          f"{p99(rough) / p99(calm) - 1:+.0%}; median {statistics.median(rough) / statistics.median(calm) - 1:+.0%} "
          f"({len(statuses)} requests of the other one, {turned} turned away)")  # fmt: skip


def main(requests: int) -> None:
    """Start everything, measure."""
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, load {os.getloadavg()[0]:.1f}")
    cache = user_dir("cache", os.environ, sys.platform, Path.home())
    with tempfile.TemporaryDirectory() as folder, EmbeddedKafka(Path(folder) / "kafka", cache) as kafka:
        admin.apply(KafkaSettings(bootstrap=kafka.bootstrap), admin.plan({}, catalogue(4)), 1)
        tokens = TokenFile(token_file(Path(folder)))
        issued = [(name, tokens.issue(name, [name], system_clock())[0]) for name in DOOR]
        with gateway(kafka.bootstrap, Path(folder), 10 * requests) as process:
            one_and_many(Partner(*issued[0]), process, requests)
        with gateway(kafka.bootstrap, Path(folder), QUOTA):
            fairness(Partner(*issued[0]), Partner(*issued[1]), requests)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
