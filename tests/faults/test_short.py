"""Every campaign in short: each fault must bite, and no cell may differ."""

import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from connectors.kafka.settings import KafkaSettings
from tests.faults import brokers, compaction, disk, kill, proxied, storm, zombies
from tests.faults.figures import Figure, table

#: Some 30 s each on a quiet machine; brokers and workers start many times, which a busy one does slowly.
pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(420)]
SEED = 1


def hold(figures: Iterable[Figure]) -> None:
    found = list(figures)
    assert all(one.holds for one in found), "\n" + table(found)


def test_workers_killed_in_the_middle_of_work(kafka: KafkaSettings, tmp_path: Path) -> None:
    hold(kill.run(kafka, tmp_path, SEED, kill.SHORT))


def test_workers_that_sleep_through_their_session(kafka: KafkaSettings, tmp_path: Path) -> None:
    compaction.hasten(kafka)
    hold(zombies.run(kafka, tmp_path, SEED, zombies.SHORT))


def test_workers_that_come_and_go(kafka: KafkaSettings, tmp_path: Path) -> None:
    hold(storm.run(kafka, tmp_path, SEED, storm.SHORT))


def test_brokers_killed_one_by_one_and_together(tmp_path: Path) -> None:
    hold(brokers.run(tmp_path, SEED, brokers.SHORT))


def test_a_network_that_cuts_delays_and_resets(tmp_path: Path) -> None:
    hold(proxied.run(tmp_path, SEED, proxied.SHORT))


if disk.mountable() or os.environ.get("CI"):  # elsewhere nobody may make a small disk

    def test_a_full_disk(tmp_path: Path) -> None:
        hold(disk.run(tmp_path, SEED, disk.SHORT))
