"""What Kafka's clients say: nothing is lost of it, and nobody reads it twenty times a second."""

import asyncio
import logging
from contextlib import suppress

import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaConnectionError

from connectors.kafka.settings import KafkaSettings
from connectors.kafka.telling import Seldom
from tests.ports import free_port
from tests.waiting import until


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def told(seldom: Seldom, words: str) -> str | None:
    record = logging.LogRecord("librdkafka", logging.ERROR, "", 0, "%s", (words,), None)
    return record.getMessage() if seldom.filter(record) else None


def test_what_is_said_again_waits_for_a_minute_and_is_counted() -> None:
    time = Time()
    seldom = Seldom(time)
    assert told(seldom, "broker 1: refused after 3 ms") == "broker 1: refused after 3 ms"
    assert told(seldom, "broker 1: refused after 17 ms") is None
    assert told(seldom, "broker 1: timed out") == "broker 1: timed out"
    assert told(seldom, "broker 2: refused after 3 ms") == "broker 2: refused after 3 ms"
    time.now = 59.9
    assert told(seldom, "broker 1: refused after 4 ms") is None
    time.now = 60.0
    assert told(seldom, "broker 1: refused after 5 ms") == (
        "broker 1: refused after 5 ms (and 2 more like it since it was told)"
    )
    time.now = 120.0
    assert told(seldom, "broker 1: refused after 6 ms") == "broker 1: refused after 6 ms"


async def _try_to_connect(address: str) -> None:
    client = AIOKafkaClient(bootstrap_servers=address)
    with suppress(KafkaConnectionError):
        await client.bootstrap()
    await client.close()


def test_what_fausts_client_says_again_is_held_back_too(caplog: pytest.LogCaptureFixture) -> None:
    address = f"127.0.0.1:{free_port()}"
    for _ in range(20):
        asyncio.run(_try_to_connect(address))
    assert [record.name for record in caplog.records if "aiokafka" in record.name] == ["aiokafka"], caplog.text


def test_a_broker_that_is_away_is_told_of_a_few_times_only(caplog: pytest.LogCaptureFixture) -> None:
    nobody = KafkaSettings(bootstrap=f"127.0.0.1:{free_port()}")
    clients = [
        nobody.admin({**nobody.client_config(), "reconnect.backoff.ms": 20, "reconnect.backoff.max.ms": 50})
        for _ in range(3)
    ]

    def tried() -> bool:
        for client in clients:
            client.poll(0.1)
        return bool(caplog.records)

    with caplog.at_level(logging.DEBUG, "librdkafka"):
        until(tried, 10, "librdkafka says that nobody is there")
        for _ in range(10):
            tried()
    said = [record.getMessage() for record in caplog.records]
    assert 1 <= len(said) <= 4, said
