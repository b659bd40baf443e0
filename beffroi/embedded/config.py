"""The configuration of a node, as values in and text out."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

#: Small and quiet: 384 MB of heap, the client compiler, one collector thread.
JVM_FLAGS: Final = (
    "-Xmx384m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "--sun-misc-unsafe-memory-access=allow",
    "--enable-native-access=ALL-UNNAMED",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
)
#: Flags that a Java before 24 does not know.
_RECENT_ONLY: Final = frozenset({"--sun-misc-unsafe-memory-access=allow"})
_JAVA_WITH_UNSAFE_FLAG: Final = 24


@dataclass(frozen=True, slots=True)
class Node:
    """One node that is broker and controller.

    Attributes:
        id: Number of the node, from 1.
        port: Where clients connect.
        controller_port: Where controllers talk to each other.
        data_dir: Folder of its log segments.
        controllers: ``id@host:port`` of every controller of the cluster.
        replication: Copies of internal topics: 1 alone, 3 in a cluster of three.
    """

    id: int
    port: int
    controller_port: int
    data_dir: Path
    controllers: tuple[str, ...]
    replication: int = 1


def jvm_flags(version: int) -> list[str]:
    """The flags that a Java of this major version takes."""
    return [flag for flag in JVM_FLAGS if version >= _JAVA_WITH_UNSAFE_FLAG or flag not in _RECENT_ONLY]


def properties(node: Node) -> str:
    """A ``server.properties`` for KRaft; listens on this machine only."""
    settings: dict[str, object] = {
        "process.roles": "broker,controller",
        "node.id": node.id,
        "controller.quorum.voters": ",".join(node.controllers),
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "listeners": f"PLAINTEXT://127.0.0.1:{node.port},CONTROLLER://127.0.0.1:{node.controller_port}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{node.port}",
        "log.dirs": node.data_dir,
        "offsets.topic.replication.factor": node.replication,
        "transaction.state.log.replication.factor": node.replication,
        "transaction.state.log.min.isr": max(1, node.replication - 1),
        "min.insync.replicas": max(1, node.replication - 1),
        # Few internal partitions start and restore faster than the default fifty.
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.num.partitions": 4,
        "group.initial.rebalance.delay.ms": 0,
        # Shared topics are never made by a typing error.
        "auto.create.topics.enable": "false",
        # A laptop's disk: small segments, so that compaction and retention bite early.
        "log.segment.bytes": 64 * 1024 * 1024,
        "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,
        "group.min.session.timeout.ms": 1000,
        "share.coordinator.state.topic.replication.factor": node.replication,
        "share.coordinator.state.topic.min.isr": max(1, node.replication - 1),
    }
    return "".join(f"{name}={value}\n" for name, value in settings.items())
