"""A relay process, and what a partner who speaks Kafka does, for tests."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import httpx2
from confluent_kafka import TopicPartition

from beffroi.stack.supervisor import healthy
from connectors.kafka import admin
from connectors.kafka.clients import producer, reader
from connectors.kafka.settings import KafkaSettings
from schemas.topics import INBOX_PARTITIONS, inbox_topic, partner_topics, verdicts_topic
from tests.bus import messages
from tests.ports import free_port
from tests.waiting import until

PARTNER = "france-travail"
REGISTER = """
[france-travail]
organisation = "France Travail"
sources = ["offres", "kairos"]
"""
Headers = Mapping[str, str | bytes]


class Office:
    """A partner's topics, and relays over them.

    Args:
        kafka: The broker.
        prefix: Of the topics.
        folder: Data folder of the relays.
    """

    def __init__(self, kafka: KafkaSettings, prefix: str, folder: Path) -> None:
        self._kafka = kafka
        self._prefix = prefix
        admin.apply(kafka, admin.plan({}, partner_topics(PARTNER, prefix)), 1)
        self._producer = producer(kafka)
        self._listener, self._heard = reader(kafka), 0
        topic = prefix + verdicts_topic(PARTNER)
        self._listener.assign([TopicPartition(topic, number, 0) for number in range(INBOX_PARTITIONS)])
        self._folder = folder
        (folder / "partners.toml").write_text(REGISTER)
        self.port = free_port()

    def write(self, content: Any, headers: Headers, partition: int = 0, key: bytes | None = b"k") -> None:
        """One record of the partner: bytes as they are, all else as JSON."""
        value = content if isinstance(content, bytes | None) else json.dumps(content).encode()
        self._producer.produce(
            self._prefix + inbox_topic(PARTNER),
            key=key,
            value=value,
            headers=list(headers.items()),
            partition=partition,
        )

    def sent(self) -> None:
        """Everything that was written is on the broker."""
        assert self._producer.flush(30) == 0

    def verdicts(self) -> list[dict[str, Any]]:
        """What came back, partition by partition."""
        found = messages(self._kafka, self._prefix + verdicts_topic(PARTNER), INBOX_PARTITIONS)
        return [json.loads(one.value() or b"") for one in found]

    def heard(self) -> int:
        """How many answers came so far; each time only what is new is read."""
        self._heard += sum(one.error() is None for one in self._listener.consume(1_000, 0.01))
        return self._heard

    def answered(self, count: int, timeout_s: float = 30) -> list[dict[str, Any]]:
        """The same, once there are so many."""
        return until(lambda: found if len(found := self.verdicts()) >= count else [], timeout_s, f"{count} verdicts")

    def relay(self, **settings: str) -> "RelayProcess":
        """One that is started."""
        made = {
            "KAFKA": self._kafka.bootstrap, "TOPIC_PREFIX": self._prefix, "DATA_DIR": str(self._folder / "data"),
            "PARTNERS_REGISTER": str(self._folder / "partners.toml"), "RELAY_PORT": str(self.port),
            "SESSION_TIMEOUT_S": "6", "INSTANCE_ID": "one", "LOG_FORMAT": "json", **settings,
        }  # fmt: skip
        return RelayProcess(made, self._folder / "relay.log", self.port)


class RelayProcess:
    """``beffroi relay`` as a process of its own."""

    def __init__(self, settings: Mapping[str, str], log: Path, port: int) -> None:
        self._log = log
        self._port = port
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "beffroi", "relay"],
                env=os.environ | {f"BEFFROI_{name}": value for name, value in settings.items()}, stdout=out, stderr=out,
            )  # fmt: skip

    def __enter__(self) -> Self:
        until(lambda: healthy("127.0.0.1", self._port), 30, "relay ready")
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def health(self) -> dict[str, Any]:
        """What it says of itself, well or not."""
        found: dict[str, Any] = httpx2.get(f"http://127.0.0.1:{self._port}/health", timeout=5).json()
        return found

    def ended(self) -> int:
        """Told to stop, how it ended."""
        self.process.terminate()
        return self.process.wait(20)

    def text(self) -> str:
        """What it logged."""
        return self._log.read_text("utf-8")


def offsets(verdicts: list[dict[str, Any]]) -> Counter[tuple[int, int]]:
    """How many answers each record of the partner got."""
    return Counter((one["record"]["partition"], one["record"]["offset"]) for one in verdicts)
