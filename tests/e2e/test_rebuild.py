"""Rebuilding the views while readers read: the diff says why, the swap is one moment, a kill costs nothing."""

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

import pytest

from connectors.kafka import admin, generations
from connectors.kafka.clients import producer
from connectors.kafka.lock import GroupLock
from connectors.kafka.settings import KafkaSettings
from schemas.clock import paris_day, system_clock
from schemas.codec import Codec
from schemas.errors import RebuildRefused
from schemas.topics import RELEASE
from streams.engine import CHECKPOINT_KEY
from tests.bus import messages
from tests.conftest import PARTITIONS
from tests.e2e.test_road import Region, named
from tests.kairos import row
from tests.oracle import expected_exits
from tests.portal.conftest import Portal
from tests.sse import Feed
from tests.streams.test_merge import enrolment
from tests.waiting import until
from tests.workers import Worker

pytestmark = [pytest.mark.kafka]
TABLE = "formacode,title,rome\n31816,Conducteur routier,{}\n"


class Operator(Region):
    """Who runs `beffroi views rebuild` on a deployment."""

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "beffroi", "views", "rebuild", "exits", *arguments]
        return subprocess.Popen(
            command, env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def adjust(self, name: str, value: str) -> None:
        self._environment |= {name: value}

    def run(self, *arguments: str, expected: int = 0) -> str:
        with self.begin(*arguments) as process:
            out, err = process.communicate(timeout=90)
        assert process.returncode == expected, out + err
        return out + err

    def generation(self, name: str) -> int:
        return generations.number(generations.in_force(self.kafka, self.prefix, Codec()), name)

    def topics(self) -> set[str]:
        """The derived topics that lie on the cluster."""
        found = {
            name.removeprefix(self.prefix) for name in admin.topics_held(self.kafka) if name.startswith(self.prefix)
        }
        return {name for name in found if name.startswith(("cells", "training.entities"))}


@pytest.fixture
def operator(kafka: KafkaSettings, topics: str, tmp_path: Path) -> Operator:
    region = Operator(kafka, topics, tmp_path)
    region.adjust("BEFFROI_REPLICATION", "1")  # the tests' broker is alone
    soon = str(paris_day(system_clock()) + timedelta(days=10))
    people = [
        row(n, dn_session_id=str(n % 9), dc_numeroicsession=f"SE_{n % 9}", dd_datefinplanformation=soon,
            dd_datedebutplanformation="2026-01-01")
        for n in range(60)
    ]  # fmt: skip
    first = datetime(2026, 1, 5, 8)  # noqa: DTZ001  # a file's name speaks of Paris
    region.publish(named(tmp_path, first, people), first)
    return region


class Poller:
    """Reads the view again and again, and keeps every different answer."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.answers: list[dict[str, Any]] = []
        self.polls = 0

    def __enter__(self) -> Self:
        self._thread.start()
        until(lambda: self.answers, 10, "a first answer")
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(0.002):
            answer = self._portal.get("/v1/views/exits.json")
            assert answer.status_code == 200
            rows = {one["key"]: one["count"] for one in answer.json()["rows"]}
            self.polls += 1
            if not self.answers or self.answers[-1] != rows:
                self.answers.append(rows)


def restarted(worker: Worker) -> None:
    """A supervisor's part: the worker ends with 70 and is started again."""
    assert worker.process.wait(60) == 70
    worker.start()


def rome(region: Region, code: str) -> dict[str, str]:
    return expected_exits(region.published, paris_day(system_clock()), {"31816": [code]})


def test_a_wrong_trade_table_is_mended_at_one_moment_while_readers_read(operator: Operator, tmp_path: Path) -> None:
    table = tmp_path / "trades.csv"
    table.write_text(TABLE.format("K2503"))
    operator.adjust("BEFFROI_TRADE_TABLE", str(table))
    with (
        Worker(operator.kafka, operator.prefix, tmp_path, trade_table=str(table)) as worker,
        Portal(operator.kafka, operator.prefix, tmp_path) as portal,
    ):
        until(lambda: operator.exits() == rome(operator, "K2503"), 90, "the wrong view is complete")
        assert "cells           0 differ" in operator.run()
        table.write_text(TABLE.format("N4101"))
        told = operator.run()
        assert "the table of trades changed: the same people under other trades (about 60 persons)" in told
        assert "winning events  0 other, 0 that no event supports, 0 missing" in told
        assert re.search(r"\|rome-domain:K25\|\S+: about 60 → nothing\n", told)
        assert operator.exits() == rome(operator, "K2503")
        assert operator.topics() == {"cells.v1", "training.entities.v1"}
        url = f"{portal.url}/v1/views/exits/stream"
        with Feed(url) as feed, Poller(portal) as poller:
            position = feed.until("caught-up").id
            with operator.begin("--apply") as process:
                restarted(worker)
                out, err = process.communicate(timeout=60)
            assert process.returncode == 0, out + err
            assert out.endswith("readers have it\n")
            assert feed.take(1)[0].name == "restart"
            until(lambda: len(poller.answers) > 1, 10, "the new answer")
        assert [set(answer) for answer in poller.answers] == [
            set(rome(operator, "K2503")), set(rome(operator, "N4101")),
        ]  # fmt: skip
        assert operator.exits() == rome(operator, "N4101")
        assert portal.get("/v1/views/exits/stream", last_event_id=position).status_code == 410
        portal.restart()
        with Feed(url) as feed:
            after = feed.until("caught-up").id
        assert after.partition(".")[0] == f"{position.partition('.')[0]}-1"
    assert operator.topics() == {"cells.v1.g1", "training.entities.v1.g1"}


def damage(operator: Operator) -> None:
    """Somebody else writes to the state: a person whom no event knows, and one who is forgotten."""
    topic = f"{operator.prefix}training.entities.v1"
    one = next(
        message for message in messages(operator.kafka, topic, PARTITIONS)
        if message.key() != CHECKPOINT_KEY and b"Enrolment" in (message.key() or b"")
    )  # fmt: skip
    other = producer(operator.kafka)
    number = one.partition() or 0
    other.produce(topic, key=one.key(), value=None, partition=number)
    root = (one.key() or b"").partition(b"\x1f")[0]
    planted = enrolment(77, 1)
    other.produce(topic, key=root + b"\x1fTrainingEnrolment\x1fkairos\x1fplanted", value=planted, partition=number)
    assert other.flush(10) == 0


@pytest.fixture
def damaged(operator: Operator, tmp_path: Path) -> Iterator[Operator]:
    """A deployment whose state is damaged: readers see it."""
    right = expected_exits(operator.published, paris_day(system_clock()))
    with Worker(operator.kafka, operator.prefix, tmp_path, instance_id="one") as worker:
        until(lambda: operator.exits() == right, 90, "the view is complete")
        worker.kill()
        damage(operator)
    yield operator
    assert operator.exits() == right


def test_a_rebuild_that_is_killed_leaves_all_as_it_was_and_the_next_one_mends(
    damaged: Operator, tmp_path: Path
) -> None:
    told = damaged.run()
    assert "winning events  0 other, 1 that no event supports, 1 missing; of 1 sessions" in told
    before = damaged.exits()
    with damaged.begin("--apply") as killed:
        until(lambda: "cells.v1.g1" in damaged.topics() or killed.poll(), 30, "the new generation is being built")
        killed.kill()
        assert killed.wait() == -9, killed.communicate()
    assert (damaged.exits(), damaged.generation("state")) == (before, 0)
    with damaged.begin("--apply", "--wait", "0") as second:  # no worker runs: it is in force, readers wait for one
        out, err = second.communicate(timeout=60)
    assert second.returncode == 75, out + err
    assert "cells.v1.g1" not in damaged.topics()
    assert (damaged.generation("state"), damaged.generation("given")) == (2, 0)
    assert "start a worker" in damaged.run("--apply", expected=75)
    with Worker(damaged.kafka, damaged.prefix, tmp_path, instance_id="one"):
        until(lambda: damaged.generation("given") == 2, 40, "readers were given it")


def test_two_rebuilds_at_once_are_refused(kafka: KafkaSettings, topics: str) -> None:
    def lock(patience_s: float = 30.0) -> GroupLock:
        return GroupLock(kafka, f"beffroi-{topics}rebuild", topics + RELEASE, patience_s)

    with lock():
        for _ in range(2):
            with pytest.raises(RebuildRefused, match="another rebuild is under way"), lock(1.0):
                pass
    with lock():
        pass
