"""The whole of Beffroi on one machine: starts in order, restarts what ends, stops in reverse order."""

import os
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from http.client import HTTPConnection, HTTPException
from types import TracebackType
from typing import Self

import structlog

from beffroi import compose
from beffroi.embedded import EmbeddedKafka, Identity
from beffroi.settings import EMBEDDED_PARTITIONS, ENV_PREFIX, Settings
from beffroi.stack.cast import roles
from beffroi.stack.children import Child
from beffroi.stack.steps import Steps
from connectors.kafka.settings import KafkaSettings
from schemas.errors import BeffroiError

#: A role on a slow laptop with a cold disk is ready well within this.
READY_PATIENCE_S = 60.0
#: How often the supervisor looks whether everything still runs.
WATCH_PERIOD_S = 0.5
#: A role that ends at once is started again after 1, 2, 4 … seconds, at most this.
MAX_BACKOFF_S = 30.0

log = structlog.get_logger(__name__)


class RoleFailed(BeffroiError):
    """A role ended before it was ready."""


class Stack:
    """Kafka, topics, worker and portal; a context manager.

    Args:
        settings: Of this deployment.
        steps: Where progress is printed.
    """

    def __init__(self, settings: Settings, steps: Steps) -> None:
        self._settings = settings
        self._steps = steps
        self._open = ExitStack()
        self._children: list[Child] = []
        self._restarts: dict[str, int] = {}
        self._broker: EmbeddedKafka | None = None
        self.cluster: KafkaSettings | None = None

    def __enter__(self) -> Self:
        """Start everything; what was started is stopped again when a later part fails."""
        try:
            self._start()
        except BaseException:
            self._open.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop everything, last started first."""
        self._open.close()

    def _start(self) -> None:
        self.cluster = self._kafka()
        self._topics(self.cluster)
        started = [(self.add(role.name, role.command, role.settings), role) for role in roles(self._settings)]
        for child, role in started:
            with self._steps.under_way(f"starting the {child.name}"):
                self._await_ready(child, role.host, role.port)
            self._steps.say(f"{child.name} ready")

    def _kafka(self) -> KafkaSettings:
        if not self._settings.embedded:
            found = compose.kafka(self._settings)
            self._steps.say(f"Kafka answers at {found.bootstrap}")
            return found
        with self._steps.under_way("starting Kafka") as tell:
            self._broker = EmbeddedKafka(
                self._settings.data_dir / "kafka", self._settings.cache_dir, self._settings.kafka_port, on_step=tell
            )
            address = self._broker.start()
            self._open.callback(self._broker.stop)
        self._steps.say(f"Kafka runs at {address}")
        return self._settings.kafka_settings(address)

    def _topics(self, cluster: KafkaSettings) -> None:
        with self._steps.under_way("creating topics"):
            plan = compose.apply_topics(self._settings, cluster)
        created = sum(line.startswith("+") for line in plan.lines())
        self._steps.say(f"{created} topics created" if created else "topics as they should be")

    def environment(self) -> dict[str, str]:
        """What a child process inherits: ours, with the cluster's address made explicit."""
        made = {"KAFKA": self.cluster.bootstrap if self.cluster else self._settings.kafka}
        made["DATA_DIR"] = str(self._settings.data_dir)
        if self._settings.trade_table:
            made["TRADE_TABLE"] = str(self._settings.trade_table)
        if self._settings.embedded:
            made |= {"PARTITIONS": str(self._settings.partitions or EMBEDDED_PARTITIONS), "REPLICATION": "1"}
        return os.environ | {ENV_PREFIX + name: value for name, value in made.items()}

    def add(self, name: str, command: Sequence[str], settings: Mapping[str, str] | None = None) -> Child:
        """Start one more child that lives as long as the stack; ``settings`` are its own, by variable."""
        child = Child(
            name,
            list(command),
            self.environment() | dict(settings or {}),
            self._settings.data_dir / "logs" / f"{name}.log",
        )
        child.start()
        self._open.callback(child.stop)
        self._children.append(child)
        return child

    def _await_ready(self, child: Child, host: str, port: int) -> None:
        pause = threading.Event()
        deadline = self._steps.elapsed_s + READY_PATIENCE_S
        while not healthy(host, port):
            if child.exit_code is not None or self._steps.elapsed_s > deadline:
                raise RoleFailed(
                    f"the {child.name} did not get ready: {' / '.join(child.last_words(3))}",
                    fix=f"its log is {child.log}",
                )
            pause.wait(0.1)

    def watch(self) -> None:
        """Keep everything running until a signal interrupts: what ends is started again, and said."""
        pause = threading.Event()
        while not pause.wait(WATCH_PERIOD_S):
            if self._broker and not self._broker.alive:
                self._steps.say("Kafka ended; starting it again")
                self._broker.start()
            for child in self._children:
                self._revive(child, pause.wait)

    def _revive(self, child: Child, wait: Callable[[float], object]) -> None:
        code = child.exit_code
        if code is None:
            return
        again = self._restarts.get(child.name, 0)
        self._restarts[child.name] = again + 1
        self._steps.say(f"the {child.name} ended with {code}; starting it again (its log: {child.log})")
        if again:
            wait(min(MAX_BACKOFF_S, 2.0 ** (again - 1)))
        child.start()


def healthy(host: str, port: int) -> bool:
    """Whether a process answers 200 on ``/health``."""
    connection = HTTPConnection(host, port, timeout=1.0)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200  # noqa: PLR2004  # HTTP's own number for OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def stop_running(holder: Identity, wait: Callable[[float], object], patience_s: float = 15.0) -> bool:
    """Ask a running stack to stop and wait for its end; False when it did not end in time."""
    os.kill(holder.pid, signal.SIGTERM)
    for _ in range(int(patience_s / 0.1)):
        wait(0.1)
        if not holder.alive:
            return True
    return False
