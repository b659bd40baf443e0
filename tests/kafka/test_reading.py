"""Who reads to an end does not wait for ever."""

from typing import cast

import pytest
from confluent_kafka import Consumer, TopicPartition

from connectors.kafka import reading
from schemas.errors import KafkaUnavailable


class Silent:
    """A client that lost its partition."""

    def assign(self, positions: list[TopicPartition]) -> None:
        """Whatever they are."""

    def consume(self, _most: int, _wait_s: float) -> list[object]:
        return []


def test_a_minute_of_silence_before_the_end_is_an_error() -> None:
    with pytest.raises(KafkaUnavailable, match=r"nothing of cells\.v1/3 was heard for 60 s"):
        list(reading.read_to_end(cast("Consumer", Silent()), [("cells.v1", 3), ("cells.v1", 4)]))
