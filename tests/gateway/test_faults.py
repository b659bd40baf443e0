"""Kafka away, Kafka restarted under load: what was answered is true, and what is valid is on the bus once."""

import os
import random
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from beffroi.embedded import EmbeddedKafka
from beffroi.settings import user_dir
from connectors.kafka import admin
from connectors.kafka.settings import KafkaSettings
from schemas.topics import catalogue
from tests.bus import records
from tests.conftest import PARTITIONS
from tests.gateway.desk import Gateway, offer
from tests.waiting import until

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


@dataclass
class House:
    """A gateway over a broker that may be stopped."""

    broker: EmbeddedKafka
    gateway: Gateway

    def bus(self) -> list[dict[str, Any]]:
        """Every offer on the bus."""
        return records(KafkaSettings(bootstrap=self.broker.bootstrap), "offers.events.v1", PARTITIONS)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    cache = user_dir("cache", os.environ, sys.platform, Path.home())
    folder = tmp_path_factory.mktemp("faults")
    with EmbeddedKafka(folder / "kafka", cache) as broker:
        settings = KafkaSettings(bootstrap=broker.bootstrap)
        admin.apply(settings, admin.plan({}, catalogue(PARTITIONS)), 1)
        with Gateway(broker.bootstrap, "", folder) as gateway:
            yield House(broker, gateway)


def test_while_kafka_is_away_nothing_is_taken_and_the_same_request_is_accepted_afterwards(house: House) -> None:
    gateway = house.gateway
    assert gateway.offers([offer(1)]).counts == (1, 0, 0)
    house.broker.stop()
    until(lambda: gateway.ask("GET", "/health").status == 503, 20, "the gateway notices")
    away = gateway.offers([offer(2)], Idempotency_Key="away")
    assert (away.status, away.json["type"]) == (503, "/problems/away")
    assert int(away.headers["retry-after"]) >= 1
    house.broker.start()
    until(lambda: gateway.ask("GET", "/health").status == 200, 30, "the gateway is back")
    assert [one["offer_id"] for one in house.bus()] == ["offres:1"]
    assert gateway.offers([offer(2)], Idempotency_Key="away").counts == (1, 0, 0)
    assert gateway.offers([offer(1)]).counts == (0, 1, 0)


class Client(threading.Thread):
    """Sends its batches, each until it gets verdicts, and three in ten once more."""

    def __init__(self, gateway: Gateway, seed: int, batches: list[list[dict[str, Any]]]) -> None:
        super().__init__()
        self._gateway = gateway
        self._dice = random.Random(seed)  # noqa: S311  # a client's whims need no secrecy
        self._batches = batches
        self.tallies: Counter[str] = Counter()

    def run(self) -> None:
        for batch in self._batches:
            self._until_answered(batch)
            if self._dice.random() < 0.3:
                self._until_answered(batch)

    def _until_answered(self, batch: list[dict[str, Any]]) -> None:
        until(lambda: self._sent(batch), 120, "an answer with verdicts", every_s=0.2)

    def _sent(self, batch: list[dict[str, Any]]) -> bool:
        with suppress(OSError, HTTPException):
            reply = self._gateway.offers(batch)
            if reply.status in {200, 207}:
                tally = reply.json["tally"]
                assert tally["received"] == tally["accepted"] + tally["duplicate"] + tally["refused"]
                self.tallies.update({name: tally[name] for name in ("accepted", "duplicate", "refused")})
                return True
            assert reply.status in {429, 503}, reply
        return False


def test_retries_bad_records_and_a_broker_restart_leave_exactly_the_valid_set_once(house: House) -> None:
    kinds = cycle([offer] * 9 + [lambda n: offer(n, rome_code="not a code", nothing=n)])
    sent = {n: next(kinds)(n) for n in range(10_000, 11_200)}
    valid = {f"offres:{n}" for n, one in sent.items() if "nothing" not in one}
    assert len(valid) == 1_080
    numbers = list(sent)
    clients = [
        Client(
            house.gateway,
            seed,
            [[sent[n] for n in numbers[i : i + 20]] for i in range(seed * 400, seed * 400 + 400, 20)],
        )
        for seed in range(3)
    ]
    for one in clients:
        one.start()
    until(lambda: sum(one.tallies["accepted"] for one in clients) > 100, 60, "some are accepted")
    house.broker.stop()
    until(lambda: house.gateway.ask("GET", "/health").status == 503, 30, "the gateway notices")
    house.broker.start()
    for one in clients:
        one.join(150)
    assert not any(one.is_alive() for one in clients)
    on_the_bus = Counter(one["offer_id"] for one in house.bus() if int(one["source_key"]) >= 10_000)
    assert set(on_the_bus) == valid
    assert set(on_the_bus.values()) == {1}
