"""The embedded broker: start, readiness, stop; safe against kills of itself and of us."""

import json
import secrets
import shutil
import socket
import subprocess
import threading
import uuid
from base64 import urlsafe_b64encode
from collections import deque
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import psutil

from beffroi.embedded.config import Node, jvm_flags, properties
from beffroi.embedded.identity import Identity
from beffroi.embedded.install import KAFKA_VERSION, _version_text, jars, java, java_version
from beffroi.guardian import guarded
from connectors.kafka import admin
from connectors.kafka.settings import KafkaSettings
from schemas.errors import EmbeddedKafkaError, KafkaUnavailable

HOST: Final = "127.0.0.1"
#: Segments, indexes and the transaction log of an empty broker, with room for a region's data.
MINIMUM_FREE_BYTES: Final = 500 * 1024 * 1024
#: 2 s on a laptop; a cold disk or a recovery after a kill takes longer.
START_PATIENCE_S: Final = 90.0
#: SIGTERM lets Kafka write its clean-shutdown mark; it takes about 2 s.
STOP_PATIENCE_S: Final = 6.0
#: The broker's log is begun anew when it is larger than this.
LOG_BYTES: Final = 10 * 1024 * 1024
#: What Kafka says of a folder that a newer one wrote.
_NEWER: Final = "UnsupportedVersionException"


def _ignore(_text: str) -> None:
    """Nobody listens to the steps."""


class EmbeddedKafka:
    """One broker and controller on this machine, its data kept between runs.

    Args:
        data_dir: Its folder; one broker at a time.
        cache_dir: Where jars are kept for all.
        port: Where clients connect; 0 takes a free one.
        on_step: Told what is under way when it may take long.
    """

    def __init__(
        self, data_dir: Path, cache_dir: Path, port: int = 0, *, on_step: Callable[[str], None] = _ignore
    ) -> None:
        self._dir = data_dir
        self._cache = cache_dir
        self._port = port
        self._on_step = on_step
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        self.stop()

    @property
    def bootstrap(self) -> str:
        """Address for clients."""
        return f"{HOST}:{self._port}"

    @property
    def log(self) -> Path:
        """File that takes the broker's own words."""
        return self._dir / "kafka.log"

    @property
    def alive(self) -> bool:
        """Whether the process we started still runs."""
        return self._process is not None and self._process.poll() is None

    @staticmethod
    def running(data_dir: Path) -> str | None:
        """The address of the broker that runs on a data folder, whoever started it; None when none does."""
        state = _state(data_dir)
        return state[0] if state and state[1].alive else None

    def start(self) -> str:
        """Start it and wait for its answer to a metadata request.

        Returns:
            The address.

        Raises:
            EmbeddedKafkaError: It cannot run here; says why and what to do.
        """
        other = self.running(self._dir)
        if other is not None:
            raise EmbeddedKafkaError(
                f"a broker already runs on {self._dir}, at {other}",
                fix=f"use it (BEFFROI_KAFKA={other}), stop it with `beffroi down`, or choose another BEFFROI_DATA_DIR",
            )
        self._dir.mkdir(parents=True, exist_ok=True)
        _check_space(self._dir)
        self._port = _claim(self._port)
        self._launch()
        return self.bootstrap

    def _launch(self) -> None:
        executable = java()
        flags = jvm_flags(java_version(_version_text(str(executable))))
        class_path = ":".join(str(path) for path in jars(self._cache, self._on_step))
        command = [str(executable), *flags, "-cp", class_path]
        config = self._configure(command)
        self._on_step("starting Kafka")
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.unlink()
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(  # noqa: S603  # our own command line, no shell
                guarded([*command, "kafka.Kafka", str(config)]),
                stdin=subprocess.PIPE,  # the guardian watches it
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        self._await_ready()
        _write_state(self._dir, self.bootstrap, Identity.of(_jvm(self._process.pid)))

    def _configure(self, command: list[str]) -> Path:
        """Write the node's configuration, and format its folder the first time."""
        controller = _claim(0)
        logs = self._dir / "log"
        config = self._dir / "server.properties"
        node = Node(1, self._port, controller, logs, (f"1@{HOST}:{controller}",))
        config.write_text(properties(node))
        if not (logs / "meta.properties").exists():
            self._on_step("formatting Kafka's folder")
            _format(command, config, self.log, _cluster_id())
        return config

    def _await_ready(self) -> None:
        settings = KafkaSettings(bootstrap=self.bootstrap)
        pause = threading.Event()
        for _ in range(int(START_PATIENCE_S / 0.2)):
            if not self.alive:
                break
            try:
                admin.await_broker(settings, 0.5)
            except KafkaUnavailable:
                pause.wait(0.1)
            else:
                return
        words = last_words(self.log)
        self.stop()
        raise not_started(self._dir, words, self.log)

    def stop(self) -> None:
        """End it in good order, within a few seconds; harmless when it does not run."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdin:
            process.stdin.close()
        (self._dir / "broker.json").unlink(missing_ok=True)


def not_started(folder: Path, words: str, log: Path) -> EmbeddedKafkaError:
    """The error that says why a broker does not start, from its last words."""
    if _NEWER in words:
        return EmbeddedKafkaError(
            f"{folder} was written by a Kafka newer than {KAFKA_VERSION}, which cannot read it",
            fix="begin anew with `beffroi down --wipe`, or set BEFFROI_DATA_DIR to another folder",
        )
    return EmbeddedKafkaError(f"Kafka did not start: {words}", fix=f"its whole log is {log}")


def last_words(log: Path) -> str:
    """The last errors in a broker's log, on one line."""
    with log.open(encoding="utf-8", errors="replace") as text:
        lines = deque((line.strip() for line in text if "ERROR" in line or "Exception" in line), maxlen=3)
    return " / ".join(lines) or "it said nothing"


def _format(command: list[str], config: Path, log: Path, cluster: str) -> None:
    done = subprocess.run(  # noqa: S603  # our own command line, no shell
        [*command, "kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(config)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        log.write_text(done.stdout + done.stderr)
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise EmbeddedKafkaError(f"Kafka's folder cannot be formatted: {' '.join(last)}", fix=f"see {log}")


def _cluster_id() -> str:
    """A random UUID as Kafka writes them, its first bit 0: with a leading dash Kafka's tools take it for an option."""
    drawn = uuid.uuid4().bytes
    return urlsafe_b64encode(bytes([drawn[0] & 0x7F, *drawn[1:]])).decode().rstrip("=")


def _check_space(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < MINIMUM_FREE_BYTES:
        raise EmbeddedKafkaError(
            f"{free // 2**20} MB are free on the disk of {folder}, Kafka needs {MINIMUM_FREE_BYTES // 2**20} MB",
            fix="free some, or set BEFFROI_DATA_DIR to a folder on another disk",
        )


def _claim(port: int) -> int:
    """The port itself when nobody holds it, or a free one for 0."""
    if port == 0:
        return next(number for number in iter(_any_port, None) if _free(number))
    if not _free(port):
        raise EmbeddedKafkaError(
            f"port {port} is in use by another program",
            fix="set BEFFROI_KAFKA_PORT to another port (0 takes a free one)",
        )
    return port


def _any_port() -> int:
    """Below the ports that systems give to outgoing connections: nobody takes it before the broker does."""
    return 20_000 + secrets.randbelow(12_000)


def _free(port: int) -> bool:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def _jvm(guardian: int) -> int:
    """The process that the guardian runs."""
    children = psutil.Process(guardian).children()
    return children[0].pid if children else guardian


def _state(folder: Path) -> tuple[str, Identity] | None:
    try:
        data = json.loads((folder / "broker.json").read_text())
        return str(data["address"]), Identity.from_dict(data)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write_state(folder: Path, address: str, identity: Identity) -> None:
    fresh = folder / "broker.json.new"
    fresh.write_text(json.dumps({"address": address, **identity.as_dict()}))
    fresh.replace(folder / "broker.json")
