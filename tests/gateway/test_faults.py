"""Kafka away, Kafka restarted under load: what was answered is true, and what is valid is counted once."""

import json
import os
import random
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from http.client import HTTPException
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from beffroi.embedded import EmbeddedKafka
from beffroi.settings import user_dir
from connectors.kafka import admin
from connectors.kafka.settings import KafkaSettings
from schemas.clock import paris_day, system_clock
from schemas.topics import OFFERS_EVENTS, TRAINING_EVENTS, catalogue
from tests.bus import records
from tests.conftest import PARTITIONS
from tests.faults.fleet import Fleet
from tests.gateway.desk import Gateway, offer
from tests.journal import COMMUNES, FORMACODES
from tests.oracle import Sent, exits_of, expected_cells, sessions_of
from tests.portal.conftest import Portal
from tests.waiting import until

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


@dataclass
class House:
    """A gateway over a broker that may be stopped."""

    broker: EmbeddedKafka
    gateway: Gateway
    folder: Path

    @property
    def kafka(self) -> KafkaSettings:
        return KafkaSettings(bootstrap=self.broker.bootstrap)

    def bus(self, topic: str) -> list[dict[str, Any]]:
        """Every event of a topic."""
        return records(self.kafka, topic, PARTITIONS)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    cache = user_dir("cache", os.environ, sys.platform, Path.home())
    folder = tmp_path_factory.mktemp("faults")
    with EmbeddedKafka(folder / "kafka", cache) as broker:
        settings = KafkaSettings(bootstrap=broker.bootstrap)
        admin.apply(settings, admin.plan({}, catalogue(PARTITIONS)), 1)
        with Gateway(broker.bootstrap, "", folder) as gateway:
            yield House(broker, gateway, folder)


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
    assert [one["offer_id"] for one in house.bus(OFFERS_EVENTS)] == ["offres:1"]
    assert gateway.offers([offer(2)], Idempotency_Key="away").counts == (1, 0, 0)
    assert gateway.offers([offer(1)]).counts == (0, 1, 0)


class Batch(NamedTuple):
    """Records of one contract that are sent together."""

    contract: str
    records: list[dict[str, Any]]


class Client(threading.Thread):
    """Sends its batches, each until it gets verdicts, and three in ten once more."""

    def __init__(self, gateway: Gateway, token: str, seed: int, batches: list[Batch]) -> None:
        super().__init__()
        self._gateway = gateway
        self._token = token
        self._dice = random.Random(seed)  # noqa: S311  # a client's whims need no secrecy
        self._batches = batches
        self.tallies: Counter[str] = Counter()

    def run(self) -> None:
        for batch in self._batches:
            self._until_answered(batch)
            if self._dice.random() < 0.3:
                self._until_answered(batch)

    def _until_answered(self, batch: Batch) -> None:
        until(lambda: self._sent(batch), 120, "an answer with verdicts", every_s=0.2)

    def _sent(self, batch: Batch) -> bool:
        with suppress(OSError, HTTPException):
            body = json.dumps(batch.records, default=str).encode()
            reply = self._gateway.post(f"/v1/contracts/{batch.contract}", body, token=self._token)
            if reply.status in {200, 207, 422}:
                tally = reply.json["tally"]
                assert tally["received"] == tally["accepted"] + tally["duplicate"] + tally["refused"]
                self.tallies.update({name: tally[name] for name in ("accepted", "duplicate", "refused")})
                return True
            assert reply.status in {429, 503}, reply
        return False


#: A field of no contract: what makes one record in ten bad.
_BAD = "nothing"


def month(today: date) -> list[Batch]:
    """Sixty sessions of twenty people as a partner posts them, and one record in ten that is refused."""
    dice = random.Random(6)  # noqa: S311  # a seed, so that a failure can be played again
    sessions, people = [], []
    for number in range(60):
        root = {"session_id": f"intercarif:{number}", "source": "kairos", "version": 1, "withdrawn": False}
        last = today + timedelta(dice.randrange(120))
        sessions.append({
            **root, "source_key": str(number), "title": f"Formation {number}", "starts_on": last - timedelta(60),
            "ends_on": last, "place": {"commune": {"code": dice.choice(COMMUNES[:-1])}},
            "formacodes": [code] if (code := dice.choice(FORMACODES)) else None,
        })  # fmt: skip
        people += [
            {**root, "source_key": f"{number}/{who}", "person": f"{number:016x}{who:016x}", "status": "ENTERED",
             "planned_end_on": last + timedelta(dice.randrange(-9, 9))}
            for who in range(20)
        ]  # fmt: skip
    for n, one in enumerate([*sessions, *people]):
        one.update({_BAD: n} if n % 10 == 9 else {})
    batches = [("TrainingSession", sessions, 10), ("TrainingEnrolment", people, 20)]
    return [Batch(kind, listed[i : i + n]) for kind, listed, n in batches for i in range(0, len(listed), n)]


def seen(portal: Portal) -> dict[str, str]:
    """What readers are told by key, of both views."""
    said = {}
    for view, count in (("exits", "count"), ("sessions", "leavers")):
        for row in portal.get(f"/v1/views/{view}.json").json()["rows"]:
            value = row[count]["value"]
            said[row["key"]] = "< 5" if value is None else str(value)
    return said


def restarted(house: House, clients: list[Client]) -> None:
    """Kafka goes and comes back while clients send."""
    until(lambda: sum(one.tallies["accepted"] for one in clients) > 100, 60, "some are accepted")
    house.broker.stop()
    until(lambda: house.gateway.ask("GET", "/health").status == 503, 30, "the gateway notices")
    house.broker.start()


def test_retries_bad_records_and_a_broker_restart_leave_exactly_the_valid_set_once(house: House) -> None:
    today = paris_day(system_clock())
    batches = month(today)
    valid = [Sent(kind, one["session_id"], one, b"") for kind, listed in batches for one in listed if _BAD not in one]
    assert len(valid) == 1_134
    token = house.gateway.issue("organisme", "kairos")
    clients = [Client(house.gateway, token, seed, batches[seed::3]) for seed in range(3)]
    fleet = Fleet(house.kafka, "", house.folder, PARTITIONS)  # a worker that an outage ended is started again
    with fleet, Portal(house.kafka, "", house.folder) as portal:
        fleet.add().ready()
        for one in clients:
            one.start()
        restarted(house, clients)
        for one in clients:
            one.join(150)
        assert not any(one.is_alive() for one in clients)
        cells = expected_cells(valid, ["kairos"])
        rows = sessions_of(cells.items(), today)
        wanted = exits_of(cells.items(), today) | {key: row["leavers"] for key, row in rows.items()}
        assert len(wanted) > 500
        until(lambda: seen(portal) == wanted, 60, "readers are told what a count of the valid set gives", every_s=0.3)
    on_the_bus = house.bus(TRAINING_EVENTS)
    assert set(Counter(one["source_key"] for one in on_the_bus).values()) == {1}
    assert Counter(map(_known, on_the_bus)) == Counter(_known(one.record) for one in valid)


def _known(record: dict[str, Any]) -> tuple[str, str | None, date]:
    """A record by what the gateway leaves as it is: session and, of a person, the day that is planned."""
    return record["session_id"], record.get("title"), record.get("planned_end_on") or record["ends_on"]
