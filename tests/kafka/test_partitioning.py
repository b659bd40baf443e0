"""The partition of a key is Java's."""

import pytest

from connectors.kafka.clients import producer
from connectors.kafka.partitioning import murmur2, partition_for
from connectors.kafka.settings import KafkaSettings
from schemas.topics import TRAINING_EVENTS
from tests.bus import messages
from tests.conftest import PARTITIONS


@pytest.mark.parametrize(
    ("key", "expected"),
    [(b"21", -973932308), (b"foobar", -790332482), (b"a-little-bit-long-string", -985981536),
     (b"a-little-bit-longer-string", -1486304829), (b"abc", 479470107)],
)  # fmt: skip
def test_the_hash_is_that_of_kafkas_own_test(key: bytes, expected: int) -> None:
    assert murmur2(key) == expected & 0xFFFFFFFF  # org.apache.kafka.common.utils.UtilsTest.testMurmur2


@pytest.mark.kafka
def test_a_real_producer_puts_a_key_where_we_say(kafka: KafkaSettings, topics: str) -> None:
    client = producer(kafka)
    for number in range(200):
        client.produce(topics + TRAINING_EVENTS, key=f"intercarif:SE_{number}".encode(), value=b"x")
    assert client.flush(10) == 0
    found = messages(kafka, topics + TRAINING_EVENTS, PARTITIONS)
    assert len(found) == 200
    assert all(one.partition() == partition_for(one.key() or b"", PARTITIONS) for one in found)
