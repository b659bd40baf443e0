"""A real cluster on this machine, whose nodes can be killed one by one; clients may be led through a proxy."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil
from confluent_kafka import KafkaException

from beffroi.embedded import broker as embedded
from beffroi.embedded.config import Node, jvm_flags, properties
from beffroi.embedded.install import jars, java, java_version
from beffroi.guardian import guarded
from beffroi.settings import user_dir
from connectors.kafka import admin
from connectors.kafka.settings import KafkaSettings
from schemas.errors import KafkaUnavailable
from tests.ports import free_port
from tests.waiting import until

#: A dead broker is known to be dead after this long (9 s by default).
SESSION_TIMEOUT_MS = 6_000
#: A cluster of three on a busy machine answers well within this.
PATIENCE_S = 90.0
_MORE = {
    "broker.session.timeout.ms": SESSION_TIMEOUT_MS,
    "inter.broker.listener.name": "INSIDE",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,INSIDE:PLAINTEXT",
    # Compaction goes on in the middle of campaigns, not every 15 s.
    "log.cleaner.backoff.ms": 2_000,
}


class Broker:
    """One node, broker and controller.

    Args:
        node: What it is.
        advertised: Port that clients are told to use.
    """

    def __init__(self, node: Node, advertised: int) -> None:
        self.node = node
        self.log = node.data_dir.parent / "kafka.log"
        self._advertised = advertised
        self._inside = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def format(self, cluster: str) -> None:
        """Write its configuration and make its folder ready."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        here, node = "127.0.0.1", self.node
        more = _MORE | {
            "listeners": f"PLAINTEXT://{here}:{node.port},INSIDE://{here}:{self._inside},"
            f"CONTROLLER://{here}:{node.controller_port}",
            "advertised.listeners": f"PLAINTEXT://{here}:{self._advertised},INSIDE://{here}:{self._inside}",
        }
        self._config.write_text(properties(node) + "".join(f"{name}={value}\n" for name, value in more.items()))
        embedded._format(self._command(), self._config, self.log, cluster)

    @property
    def _config(self) -> Path:
        return self.log.parent / "server.properties"

    @staticmethod
    def _command() -> list[str]:
        executable = java()
        version = subprocess.run([str(executable), "-version"], capture_output=True, text=True, check=True).stderr
        cache = user_dir("cache", os.environ, sys.platform, Path.home())
        path = ":".join(str(jar) for jar in jars(cache, lambda _: None))
        return [str(executable), *jvm_flags(java_version(version)), "-cp", path]

    def start(self) -> None:
        """Start it, or start it again; does not wait."""
        self._let_go()
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                guarded([*self._command(), "kafka.Kafka", str(self._config)]),
                stdin=subprocess.PIPE, stdout=out, stderr=out, start_new_session=True,
            )  # fmt: skip

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> int:
        """kill -9 of the JVM; its exit code as shells say it: 137 proves that the signal ended it."""
        assert self._process is not None
        with suppress(psutil.NoSuchProcess, IndexError):
            psutil.Process(self._process.pid).children()[0].kill()
        return self._process.wait(10)

    def ended(self) -> bool:
        """Whether it ended by itself."""
        return not self.alive

    def stop(self) -> None:
        """End it, whatever it does."""
        if self._process is not None:
            if self._process.poll() is None:
                self.kill()
            self._let_go()

    def _let_go(self) -> None:
        """Close the pipe that a guardian watched."""
        if self._process is not None and self._process.stdin:
            self._process.stdin.close()


class Cluster:
    """One node, or three with three copies of everything.

    Args:
        folder: Theirs.
        size: 1 or 3.
        advertised: Ports that clients are told to use, for those that are not the nodes' own.
        logs: Folder of the nodes' log segments, when it is not in theirs.
    """

    def __init__(
        self, folder: Path, size: int = 3, *, advertised: dict[int, int] | None = None, ports: list[int] | None = None,
        logs: Path | None = None,
    ) -> None:  # fmt: skip
        found = ports or [free_port() for _ in range(size)]
        controllers = [free_port() for _ in range(size)]
        voters = tuple(f"{number}@127.0.0.1:{port}" for number, port in enumerate(controllers, 1))
        self.brokers = [
            Broker(
                Node(number, port, controller, (logs or folder / str(number)) / "log", voters, size),
                (advertised or {}).get(port, port),
            )
            for number, (port, controller) in enumerate(zip(found, controllers, strict=True), 1)
        ]
        for broker in self.brokers:
            broker.log = folder / str(broker.node.id) / "kafka.log"
        outside = [(advertised or {}).get(port, port) for port in found]
        self.kafka = KafkaSettings(bootstrap=",".join(f"127.0.0.1:{port}" for port in outside))
        self.size = size

    def __enter__(self) -> Self:
        cluster = embedded._cluster_id()
        for broker in self.brokers:
            broker.format(cluster)
            broker.start()
        try:
            until(self._begun, PATIENCE_S, "a node answers")
            until(lambda: self.living() == self.size, PATIENCE_S, "every node has joined")
        except BaseException:
            sys.stderr.writelines(f"node {one.node.id}: {embedded.last_words(one.log)}\n" for one in self.brokers)
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for broker in self.brokers:
            broker.stop()

    def _begun(self) -> bool:
        """Whether some node answers; fails with its last words when one ended instead."""
        for broker in self.brokers:
            assert broker.alive, f"node {broker.node.id} ended: {embedded.last_words(broker.log)}"
        return self.answers()

    def living(self) -> int:
        """Nodes that the cluster counts as its own now."""
        return len(admin._client(self.kafka).list_topics(timeout=10).brokers)

    def leader(self, topic: str, partition: int) -> Broker:
        """Who leads a partition."""

        def found() -> int:
            known = admin._client(self.kafka).list_topics(timeout=10).topics[topic].partitions[partition]
            return max(known.leader, 0)

        number = until(found, PATIENCE_S, f"{topic}/{partition} has a leader", 0.2)
        return self.brokers[number - 1]

    def whole(self) -> bool:
        """Whether every copy of every partition is in step."""
        try:
            topics = admin._client(self.kafka).list_topics(timeout=5).topics.values()
        except KafkaException:
            return False
        found = [one for topic in topics for one in topic.partitions.values()]
        return all(one.leader > 0 and len(one.isrs) == len(one.replicas) for one in found)

    def answers(self) -> bool:
        """Whether some node answers."""
        try:
            admin.await_broker(self.kafka, 1.0)
        except KafkaUnavailable:
            return False
        return True
