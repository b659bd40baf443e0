"""Epochs of a view: a topic made anew begins one, and so does a rebuild within the same topic."""

from dataclasses import dataclass, field
from typing import NamedTuple

from confluent_kafka import Message

from connectors.kafka.generations import EPOCH_HEADER
from portal.view import Row


class Epoch(NamedTuple):
    """What positions of a view belong to.

    Attributes:
        topic: Of Kafka's own id of the topic.
        number: The view's generation inside it.
    """

    topic: str = ""
    number: int = 0

    def __str__(self) -> str:
        return f"{self.topic}-{self.number}" if self.number else self.topic


@dataclass(slots=True)
class Staged:
    """Rows of a rebuilt view that readers do not see yet.

    They were written in one transaction: when another record, or the end of the topic, comes after them, all are here.

    Attributes:
        number: Their generation.
        rows: As (offset, key, row).
    """

    number: int = 0
    rows: list[tuple[int, str, Row | None]] = field(default_factory=list)

    def add(self, number: int, row: tuple[int, str, Row | None]) -> None:
        """Keep a row for the moment at which all are there."""
        self.number = number
        self.rows.append(row)


def generation_of(message: Message) -> int:
    """The generation whose rows replaced the older one's with this record; 0 for a plain change."""
    headers = message.headers()
    found = dict(headers).get(EPOCH_HEADER) if headers else None
    return int(found) if found else 0
