"""``beffroi inbox`` as an operator runs it: a process that is killed, a broker that goes."""

import os
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaException, TopicPartition

from beffroi.embedded import EmbeddedKafka
from beffroi.settings import user_dir
from connectors.kafka import admin
from connectors.kafka.clients import reader
from connectors.kafka.settings import KafkaSettings
from schemas.topics import TRAINING_EVENTS, catalogue
from tests.conftest import PARTITIONS
from tests.inbox.dropping import EARLY, LATE, Box, InboxProcess
from tests.kairos import row, write
from tests.waiting import until

pytestmark = pytest.mark.kafka


def begun(consumer: Consumer, topic: str) -> bool:
    """Whether a topic holds a record, be it of a transaction that is not committed."""
    with suppress(KafkaException):  # a partition that was made a moment ago may have no leader yet
        ends = (consumer.get_watermark_offsets(TopicPartition(topic, n), timeout=5) for n in range(PARTITIONS))
        return any(last > 0 for _, last in ends)
    return False


def test_killed_in_the_middle_of_a_file_nothing_is_lost_or_told_twice(
    kafka: KafkaSettings, topics: str, tmp_path: Path
) -> None:
    box = Box(kafka, topics, tmp_path)
    people = 40_000  # on a busy machine we see late that it began, and must kill it before it ends
    write(box.source / EARLY, [row(number, dn_individu_national=f"{number:010d}") for number in range(people)])
    with InboxProcess(kafka.bootstrap, topics, tmp_path, "--once") as killed:
        consumer = reader(kafka)
        until(lambda: begun(consumer, topics + TRAINING_EVENTS), 20, "some is written", every_s=0.005)
        killed.process.kill()
        killed.process.wait()
        consumer.close()
    assert (box.source / EARLY).exists(), "it was killed too late to be in mid-file"
    committed = len(box.events())
    assert committed in {0, people + 1}, "a part of a file is on the bus"
    with InboxProcess(kafka.bootstrap, topics, tmp_path, INBOX_SCAN_S="600") as second:
        until((box.source / ".done" / EARLY).exists, 60, f"the file is archived, see {second.log()}")
        write(box.source / LATE, [row(0, dn_individu_national=f"{0:010d}")])
        until((box.source / ".done" / LATE).exists, 10, "the system tells of a new file")
        known = 2 if committed else 1
        counted = f'beffroi_inbox_files_total{{outcome="known"}} {known}.0'
        until(lambda: counted in second.page("/metrics"), 5, "the file is counted")
        assert '"status": "ok"' in second.page("/health")
        assert second.ended() == 0, second.log()
    assert box.receipt(".done", EARLY)["records"]["received"] == people
    assert box.receipt(".done", LATE)["records"]["events"] == 0
    told = Counter((one["source_key"], "person" in one) for one in box.events())
    assert (len(told), set(told.values())) == (people + 1, {1})


def test_while_kafka_is_away_nothing_moves_and_everything_is_taken_afterwards(tmp_path: Path) -> None:
    cache = user_dir("cache", os.environ, sys.platform, Path.home())
    with EmbeddedKafka(tmp_path / "kafka", cache) as broker:
        kafka = KafkaSettings(bootstrap=broker.bootstrap)
        admin.apply(kafka, admin.plan({}, catalogue(PARTITIONS)), 1)
        box = Box(kafka, "", tmp_path)
        box.drop(EARLY, range(3))
        with box.running():
            until((box.source / ".done" / EARLY).exists, 15, "the first is taken")
            broker.stop()
            box.drop(LATE, range(5))
            until(lambda: not box.health.report()[0], 15, "it is not well")
            assert (box.source / LATE).exists()
            broker.start()
            until((box.source / ".done" / LATE).exists, 20, "the second is taken")
        assert box.health.report()[0]
        assert box.receipt(".done", LATE)["records"]["accepted"] == 2
