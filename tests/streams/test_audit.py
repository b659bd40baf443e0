"""The owner compares its cells with the log: damage is found, counted and written again."""

import asyncio
from pathlib import Path
from time import monotonic

import pytest
from prometheus_client import CollectorRegistry

from connectors.kafka.clients import producer
from connectors.kafka.settings import KafkaSettings
from monitoring.streams import StreamMetrics, WorkerHealth
from schemas.clock import system_clock
from schemas.codec import Codec
from schemas.contracts import CELL
from schemas.errors import FencedError
from schemas.topics import CELLS
from streams.agents.shell import Shell
from streams.fetching import Batch
from streams.settings import StreamSettings
from streams.training import training_domain
from tests.bus import messages
from tests.conftest import PARTITIONS
from tests.journal import Journal
from tests.streams.test_partition import Event
from tests.truth import exits, held_exits

CODEC = Codec()


class Owner:
    """The shell alone, fed by hand from the real topic, in a loop of its own."""

    def __init__(self, kafka: KafkaSettings, prefix: str, folder: Path) -> None:
        settings = StreamSettings(kafka=kafka, prefix=prefix, data_dir=folder)
        self.registry = CollectorRegistry()
        self.shell = Shell(
            settings, training_domain(settings, CODEC), codec=CODEC, clock=system_clock,
            metrics=StreamMetrics(self.registry), health=WorkerHealth(monotonic),
        )  # fmt: skip
        self.kafka, self.prefix = kafka, prefix

    async def take(self) -> None:
        await self.shell.take_over(set(range(PARTITIONS)), 1)

    def feed(self) -> None:
        for number in range(PARTITIONS):
            found = messages(self.kafka, f"{self.prefix}training.events.v1", PARTITIONS)
            records = [Event(one.offset() or 0, one.value()) for one in found if one.partition() == number]
            self.shell.apply(Batch(number, records, 1), 1)

    def differences(self) -> float:
        return self.registry.get_sample_value("beffroi_stream_audit_differences_total", {"domain": "training"}) or 0.0


@pytest.fixture
def owner(kafka: KafkaSettings, topics: str, tmp_path: Path) -> Owner:
    return Owner(kafka, topics, tmp_path)


@pytest.mark.kafka
def test_damage_in_the_log_is_found_counted_and_mended(owner: Owner) -> None:
    journal = Journal(owner.kafka, owner.prefix, 11)
    journal.send(800)

    async def work() -> None:
        await owner.take()
        owner.feed()
        assert await owner.shell.audit() == 0
        assert held_exits(owner.kafka, owner.prefix, PARTITIONS) == exits(journal)
        damage(owner)
        assert held_exits(owner.kafka, owner.prefix, PARTITIONS) != exits(journal)
        assert await owner.shell.audit() == 2
        await owner.shell.flush()
        assert await owner.shell.audit() == 0

    asyncio.run(work())
    assert held_exits(owner.kafka, owner.prefix, PARTITIONS) == exits(journal)
    assert owner.differences() == 2


@pytest.mark.kafka
def test_a_fenced_owner_that_compares_in_vain_raises_no_alarm(
    kafka: KafkaSettings, topics: str, tmp_path: Path
) -> None:
    journal = Journal(kafka, topics, 12)
    journal.send(400)
    paused, next_one = Owner(kafka, topics, tmp_path), Owner(kafka, topics, tmp_path)

    async def work() -> None:
        for owner in (paused, next_one):
            await owner.take()
            owner.feed()
            await owner.shell.flush()
            journal.send(400)
        assert await paused.shell.audit() > 0  # the log moved on without it
        with pytest.raises(FencedError):
            await paused.shell.flush()

    asyncio.run(work())
    assert paused.differences() == 0


@pytest.mark.kafka
def test_a_batch_after_a_hole_is_not_taken_in(owner: Owner) -> None:
    """As Faust makes one when it drops what it fetched around a rebalance."""
    journal = Journal(owner.kafka, owner.prefix, 13)
    journal.send(400)

    async def work() -> None:
        await owner.take()
        found = [one for one in messages(owner.kafka, journal.topic, PARTITIONS) if one.partition() == 0]
        late = [Event(one.offset() or 0, one.value()) for one in found[10:]]
        assert not owner.shell.apply(Batch(0, late, 1, since=late[0].offset), 1)
        assert owner.shell.position(0) is None
        owner.feed()
        await owner.shell.flush()

    asyncio.run(work())
    assert held_exits(owner.kafka, owner.prefix, PARTITIONS) == exits(journal)


def damage(owner: Owner) -> None:
    """Somebody else writes to the log: one cell is changed, one that never was is made."""
    one = next(m for m in messages(owner.kafka, owner.prefix + CELLS, PARTITIONS) if (m.key() or b"")[:5] == b"exits")
    held = CODEC.read(CELL, one.value() or b"")
    other = producer(owner.kafka)
    for cell, n in ((held["cell"], held["n"] + 7), ("62498||2031-01-01", 3)):
        value = CODEC.encode(CELL, {**held, "cell": cell, "n": n})
        key = f"exits\x1f{cell}".encode()
        other.produce(owner.prefix + CELLS, key=key, value=value, partition=one.partition() or 0)
    assert other.flush(10) == 0


@pytest.mark.kafka
def test_an_audit_in_the_middle_of_work_finds_nothing(owner: Owner) -> None:
    journal = Journal(owner.kafka, owner.prefix, 12)
    journal.send(300)

    async def work() -> None:
        await owner.take()
        for _ in range(3):
            owner.feed()  # applied, not yet written
            audit = asyncio.create_task(owner.shell.audit())
            await asyncio.wait({audit}, timeout=0)  # it has begun
            journal.send(200)
            owner.feed()
            await owner.shell.flush()
            assert await audit == 0

    asyncio.run(work())
    assert held_exits(owner.kafka, owner.prefix, PARTITIONS) == exits(journal)
    assert owner.differences() == 0
