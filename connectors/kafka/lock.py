"""A lock that the cluster keeps: only one process of a deployment does a thing, and a dead one holds nothing."""

from time import monotonic
from types import TracebackType
from typing import Final, Self

from confluent_kafka import Consumer

from connectors.kafka.clients import group_member
from connectors.kafka.settings import KafkaSettings
from schemas.errors import RebuildRefused

#: The least that brokers allow by default: so long a killed holder keeps others waiting.
SESSION_S: Final = 6.0
#: Longer than a killed holder's session, so that running again at once works.
PATIENCE_S: Final = 12.0


class GroupLock:
    """Held by the one member of a group that is assigned a topic's only partition; a context manager.

    The holder never polls again, so it never gives the partition back while it lives; librdkafka's own thread keeps the
    membership alive.

    Args:
        kafka: The cluster.
        group: Names the lock.
        topic: With one partition.
        patience_s: Seconds to wait for the holder to go.
    """

    def __init__(self, kafka: KafkaSettings, group: str, topic: str, patience_s: float = PATIENCE_S) -> None:
        self._kafka = kafka
        self._group = group
        self._topic = topic
        self._patience_s = patience_s
        self._member: Consumer | None = None

    def __enter__(self) -> Self:
        """Take it.

        Raises:
            RebuildRefused: Another process holds it.
        """
        self._member = group_member(self._kafka, self._group, SESSION_S)
        self._member.subscribe([self._topic])
        deadline = monotonic() + self._patience_s
        while not self._member.assignment():
            if monotonic() > deadline:
                self._member.close()
                raise RebuildRefused(
                    "another rebuild is under way",
                    fix="wait for its end; one that was killed lets go after 6 s",
                )
            self._member.poll(0.2)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go."""
        if self._member is not None:
            self._member.close()
