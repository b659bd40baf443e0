"""From the source topic to the engine: gaps, transactions, and batches that come too late."""

import asyncio
from pathlib import Path

import pytest

from connectors.kafka.clients import transactional_producer
from connectors.kafka.settings import KafkaSettings
from streams.app import create_app
from streams.fetching import Batch
from tests.bus import messages
from tests.conftest import PARTITIONS
from tests.journal import Journal
from tests.streams.test_partition import Event
from tests.streams.test_takeover import Nobody, Owner
from tests.truth import exits, held_exits
from tests.waiting import until


@pytest.fixture
def owner(kafka: KafkaSettings, topics: str, tmp_path: Path) -> Owner:
    made = Owner(kafka, topics, tmp_path)
    made.slow.go.set()
    return made


def transactional(owner: Owner, seed: int) -> Journal:
    """A partner who publishes in transactions: each leaves a marker, and so a gap, in the source topic."""
    journal = Journal(owner.settings.kafka, owner.settings.prefix, seed)
    journal._producer = transactional_producer(owner.settings.kafka, f"{owner.settings.prefix}partner-{seed}")
    journal._producer.init_transactions(10)
    return journal


@pytest.mark.kafka
def test_gaps_and_aborted_transactions_of_the_source_cost_nothing_and_count_for_nothing(
    owner: Owner, tmp_path: Path
) -> None:
    kafka, prefix = owner.settings.kafka, owner.settings.prefix
    kept, lost = transactional(owner, 41), transactional(owner, 42)

    def publish(journal: Journal, *, commit: bool) -> None:
        journal._producer.begin_transaction()
        journal.send(150)
        (journal._producer.commit_transaction if commit else journal._producer.abort_transaction)(10)

    async def work() -> None:
        app = create_app(
            owner.settings, owner.shell, Nobody, metrics=owner.metrics, health=owner.health, folder=tmp_path
        )  # fmt: skip
        publish(kept, commit=True)
        publish(lost, commit=False)
        await app.start()
        try:
            await owner.until(lambda: held_exits(kafka, prefix, PARTITIONS) == exits(kept))
            publish(lost, commit=False)
            publish(kept, commit=True)
            await owner.until(lambda: held_exits(kafka, prefix, PARTITIONS) == exits(kept))
        finally:
            await app.stop()

    asyncio.run(work())
    for number in range(PARTITIONS):
        found = messages(kafka, f"{prefix}training.events.v1", PARTITIONS)
        last = max(one.offset() or 0 for one in found if one.partition() == number)
        assert owner.shell.committed(number) == last + 1


@pytest.mark.kafka
def test_a_batch_of_a_partition_that_was_taken_away_in_its_middle_is_dropped_and_read_again(owner: Owner) -> None:
    kafka, prefix, shell = owner.settings.kafka, owner.settings.prefix, owner.shell
    journal = Journal(kafka, prefix, 43)
    journal.send(400)
    found = messages(kafka, f"{prefix}training.events.v1", PARTITIONS)

    def batch(number: int, generation: int, first: int = 0) -> Batch:
        mine = [Event(one.offset() or 0, one.value()) for one in found if one.partition() == number]
        return Batch(number, mine[first:], generation)

    async def work() -> None:
        await shell.take_over({0, 1, 2, 3}, 1)
        for number in range(PARTITIONS):
            half = batch(number, 1)
            shell.apply(Batch(number, half.records[: len(half.records) // 2], 1), 1)
        await shell.flush()
        await shell.take_over({1, 2, 3}, 2)
        shell.apply(batch(0, 1, first=60), 2)  # fetched before, given to the agent after: of an older generation
        shell.apply(batch(0, 2, first=60), 2)  # and one of a partition that is another's now
        await shell.take_over({0, 1, 2, 3}, 3)
        for number in range(PARTITIONS):
            records = [one for one in batch(number, 3).records if one.offset >= (shell.position(number) or 0)]
            shell.apply(Batch(number, records, 3), 3)
        await shell.flush()

    asyncio.run(work())
    until(
        lambda: held_exits(kafka, prefix, PARTITIONS) == exits(journal), 20, "the markers of the last flush are there"
    )
