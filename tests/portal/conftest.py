"""A real portal process over views that the test writes itself."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import httpx2
import pytest

from beffroi.stack.supervisor import healthy
from connectors.kafka.clients import transactional_producer
from connectors.kafka.settings import KafkaSettings
from schemas.codec import Codec
from schemas.contracts import EXITS_ROW, FRESHNESS_ROW, SESSIONS_ROW
from schemas.topics import VIEW_EXITS, VIEW_FRESHNESS, VIEW_SESSIONS
from tests.ports import free_port
from tests.waiting import until

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
AREAS = {"region:32": "Hauts-de-France", "arrondissement:627": "Lens", "arrondissement:622": "Béthune"}


def exits_row(area: str, trade: str, window: str, value: int | None) -> dict[str, Any]:
    """A row of the view exits; None is fewer than five."""
    kind, _, code = area.partition(":")
    count = {"disclosure": "ROUNDED", "value": value, "below": None}
    return {
        "area": {"type": kind, "code": code, "vintage": "2026", "name": AREAS[area]},
        "trade": trade,
        "trade_title": "Tous métiers" if trade == "all" else "Conducteur",
        "window": window,
        "count": count if value is not None else {"disclosure": "FEWER_THAN", "value": None, "below": 5},
        "as_of": NOW,
    }


class Views:
    """Writes views as the release does."""

    def __init__(self, kafka: KafkaSettings, prefix: str) -> None:
        self._codec = Codec()
        self._prefix = prefix
        self._producer = transactional_producer(kafka, f"{prefix}test-release")
        self._producer.init_transactions(10)

    def write(self, *rows: tuple[str, str, str, dict[str, Any] | None]) -> None:
        """Rows as (topic, contract, key, row) in one transaction."""
        self._producer.begin_transaction()
        for topic, contract, key, row in rows:
            value = None if row is None else self._codec.encode(contract, row)
            self._producer.produce(self._prefix + topic, key=key.encode(), value=value, partition=0)
        self._producer.commit_transaction(10)

    def exits(self, area: str, trade: str, window: str, value: int | None, *, gone: bool = False) -> None:
        """One count."""
        row = None if gone else exits_row(area, trade, window, value)
        self.write((VIEW_EXITS, EXITS_ROW, f"{area}|{trade}|{window}", row))

    def session(self, key: str, **facts: Any) -> None:
        """One session."""
        row = {
            "session_id": key,
            "title": "Conducteur routier",
            "areas": ["region:32", "arrondissement:627"],
            "trades": ["rome:N4101"],
            "leavers": {"disclosure": "ROUNDED", "value": 10, "below": None},
            "sources": ["kairos"],
            "as_of": NOW,
        }
        self.write((VIEW_SESSIONS, SESSIONS_ROW, key, row | facts))

    def fresh(self, source: str, data_as_of: datetime, heard_at: datetime | None = None) -> None:
        """A source was heard."""
        heard = {"data_as_of": data_as_of, "heard_at": heard_at or data_as_of}
        row = {"source": source, **heard, "accepted": 1, "refused": 0}
        self.write((VIEW_FRESHNESS, FRESHNESS_ROW, source, row))


class Portal:
    """``beffroi portal`` as a process of its own; a context manager."""

    def __init__(self, kafka: KafkaSettings, prefix: str, folder: Path) -> None:
        self.port = free_port()
        made = {
            "KAFKA": kafka.bootstrap,
            "TOPIC_PREFIX": prefix,
            "DATA_DIR": str(folder),
            "PORTAL_PORT": str(self.port),
        }
        self._environment = os.environ | {f"BEFFROI_{name}": value for name, value in made.items()}
        self._log = folder / "portal.log"
        self.process = self._spawn()

    def _spawn(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "beffroi", "portal"]
        with self._log.open("ab") as out:
            process = subprocess.Popen(command, env=self._environment, stdout=out, stderr=out)
        until(lambda: healthy("127.0.0.1", self.port), 30, "portal ready")
        return process

    def restart(self) -> None:
        """kill -9, and start again at the same address."""
        self.process.kill()
        self.process.wait()
        self.process = self._spawn()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str, **headers: str) -> httpx2.Response:
        """One answer."""
        return httpx2.get(self.url + path, headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.fixture
def views(kafka: KafkaSettings, topics: str) -> Views:
    """An author of views."""
    return Views(kafka, topics)


@pytest.fixture
def portal(kafka: KafkaSettings, topics: str, tmp_path: Path) -> Iterator[Portal]:
    """A running portal."""
    with Portal(kafka, topics, tmp_path) as running:
        yield running
