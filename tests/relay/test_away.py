"""Kafka restarted in mid-transaction, and away: the relay goes on, or ends to be started again, and says how long."""

import json
import os
import sys
from collections import Counter
from pathlib import Path

import pytest

from beffroi.embedded import EmbeddedKafka
from beffroi.settings import user_dir
from beffroi.stack.supervisor import healthy
from connectors.kafka import admin
from connectors.kafka.settings import KafkaSettings
from schemas.topics import catalogue
from tests.conftest import PARTITIONS
from tests.gateway.desk import offer
from tests.relay.office import Office, offsets
from tests.waiting import until

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

#: Every 13th is refused: some 80 transactions, of which a restart meets one in the middle.
TOTAL = 520


def test_whatever_kafka_does_each_record_is_answered_once(tmp_path: Path) -> None:
    cache = user_dir("cache", os.environ, sys.platform, Path.home())
    with EmbeddedKafka(tmp_path / "kafka", cache) as broker:
        kafka = KafkaSettings(bootstrap=broker.bootstrap)
        admin.apply(kafka, admin.plan({}, catalogue(PARTITIONS)), 1)
        office = Office(kafka, "", tmp_path)
        told = {"beffroi-contract": "JobOffer", "beffroi-source": "offres"}
        for number in range(TOTAL):
            office.write(offer(number), told if number % 13 else {}, partition=number % 4)
        office.sent()
        with office.relay(STUCK_AFTER_S="3") as first:
            until(lambda: len(office.verdicts()) > 100, 20, "some are answered", every_s=0.01)
            broker.stop()
            broker.start()
            until(lambda: len(office.verdicts()) == TOTAL or first.process.poll() is not None, 60, "it goes on or ends")
            assert first.process.poll() in {None, 75}, first.text()
        with office.relay() as idle:
            found = office.answered(TOTAL, 60)
            known = len(idle.text())
            broker.stop()
            away = until(lambda: idle.health()["kafka_away_s"], 30, "it says that Kafka is away")
            office.write(offer(TOTAL), told)
            until(lambda: idle.health()["kafka_away_s"] > away, 5, "it says for how long")
            assert not healthy("127.0.0.1", office.port)
            broker.start()
            found = office.answered(TOTAL + 1)
            until(lambda: healthy("127.0.0.1", office.port), 10, "it is well")
            lines = [json.loads(line) for line in idle.text()[known:].splitlines()]
        said = [one["event"] for one in lines if one["event"].startswith("kafka")]
        assert said == ["kafka does not answer, nothing lost", "kafka answers again"]
        assert next(one["away_s"] for one in lines if one["event"] == said[1]) > away
    answers = Counter(one["verdicts"][0]["status"] if "verdicts" in one else one["type"] for one in found)
    assert answers == {"accepted": TOTAL - TOTAL // 13 + 1, "/problems/query": TOTAL // 13}
    assert (len(offsets(found)), set(offsets(found).values())) == (TOTAL + 1, {1})
