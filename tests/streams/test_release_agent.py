"""The release on a real broker: cut between two transactions, fenced, and across a day that is over."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from connectors.kafka.clients import producer
from connectors.kafka.settings import KafkaSettings
from monitoring.release import ReleaseMetrics
from schemas.archive import Archive
from schemas.clock import Clock, day_begins, paris_day, system_clock
from schemas.codec import Codec
from schemas.contracts import CELL, EXITS_ROW, sources
from schemas.topics import CELLS, VIEW_EXITS
from streams.agents.release import ReleaseRunner
from streams.settings import StreamSettings
from tests.bus import table
from tests.waiting import until

pytestmark = pytest.mark.kafka
CODEC = Codec()
#: A broker takes no record from the future: the days of these tests end today.
TODAY = paris_day(system_clock())
PAIRS_OF_LENS = 5 * 2  # areas and trades


class Workbench:
    """What the workers wrote, and releases that follow it."""

    def __init__(self, kafka: KafkaSettings, prefix: str, folder: Path) -> None:
        self.kafka, self.prefix, self.archive_dir = kafka, prefix, folder / "archive"
        self.failures: list[BaseException] = []
        self.running: list[ReleaseRunner] = []
        self._producer = producer(kafka)

    def cells(self, **numbers: int) -> None:
        """Persons by the day on which they finish, written ``d3`` for the third day from today."""
        for name, n in numbers.items():
            cell = f"62498|formacode:31816|{TODAY + timedelta(int(name[1:]))}"
            record = {"view": "exits", "cell": cell, "n": n, "as_of": 1, "row": None}
            key = f"exits\x1f{cell}".encode()
            self._producer.produce(self.prefix + CELLS, key=key, value=CODEC.encode(CELL, record), partition=0)
        self._producer.flush(10)

    def release(self, clock: Clock = system_clock, **settings: Any) -> CollectorRegistry:
        """Start a release; its metrics."""
        registry = CollectorRegistry()
        made = StreamSettings(
            kafka=self.kafka, prefix=self.prefix, data_dir=Path(), archive_dir=self.archive_dir, **settings
        )
        metrics = ReleaseMetrics(registry)
        runner = ReleaseRunner(made, codec=CODEC, clock=clock, metrics=metrics, on_failure=self.failures.append)
        runner.start()
        self.running.append(runner)
        return registry

    def stop(self) -> None:
        """End every release."""
        for runner in self.running:
            runner.stop()

    def view(self) -> dict[str, Any]:
        """What readers have: the count by key."""
        found = table(self.kafka, self.prefix + VIEW_EXITS)
        return {key: row["count"]["value"] for key, row in found.items()}

    def archive(self) -> Archive:
        """The archived days."""
        return Archive(self.archive_dir / f"{self.prefix}exits", sources()[EXITS_ROW])

    def archived(self, day: date) -> dict[str, Any]:
        """What the archive says of a day."""
        return {key: row["count"]["value"] for key, row in self.archive().rows(day)}


@pytest.fixture
def bench(kafka: KafkaSettings, topics: str, tmp_path: Path) -> Any:
    made = Workbench(kafka, topics, tmp_path)
    yield made
    made.stop()


def caught_up(registry: CollectorRegistry) -> Callable[[], bool]:
    return lambda: registry.get_sample_value("beffroi_release_caught_up") == 1


def test_what_a_crash_cut_between_two_transactions_its_successor_completes(bench: Workbench) -> None:
    bench.cells(d3=7, d40=12, d70=30)
    told = iter([0, 0, 0, 0])  # the day, and three transactions

    def crash_later() -> datetime:
        if next(told, None) is None:
            raise OSError("the power went")
        return system_clock()

    bench.release(crash_later, publish_rows=10)
    until(lambda: bench.failures, 20, "the first holder dies")
    assert len(bench.view()) == 30
    registry = bench.release()
    until(caught_up(registry), 20, "the successor has read")
    found = bench.view()
    assert found["region:32|all|P90D"] == 50
    assert {key.rpartition("|")[2] for key in found} >= {"P30D", "P60D", "P90D"}
    windows = {key.rpartition("|")[2]: value for key, value in found.items() if key.startswith("region:32|all|")}
    assert len(found) == PAIRS_OF_LENS * len(windows)
    assert {key: windows[key.rpartition("|")[2]] for key in found} == found


def test_what_a_holder_left_when_it_was_told_to_stop_its_successor_completes(bench: Workbench) -> None:
    bench.cells(d3=7, d40=12, d70=30)
    first = bench.release(publish_rows=1)
    said = partial(first.get_sample_value, "beffroi_release_changes_total", {"view": "exits"})
    until(said, 20, "the first rows are there", every_s=0.001)  # the others take half a second
    bench.stop()
    left = bench.view()
    registry = bench.release()
    until(caught_up(registry), 20, "the successor has read")
    assert len(left) < len(bench.view()) == PAIRS_OF_LENS * 6  # three windows of days, three months
    assert not bench.failures


def test_who_pauses_a_long_publication_waits_for_a_piece_of_it_and_not_for_all(bench: Workbench) -> None:
    bench.cells(d3=7, d40=12, d70=30)
    registry = bench.release(publish_rows=1)
    said = partial(registry.get_sample_value, "beffroi_release_changes_total", {"view": "exits"})
    until(said, 20, "the first rows are there", every_s=0.001)
    (runner,) = bench.running
    runner.pause()
    then = len(bench.view())
    assert 0 < then < PAIRS_OF_LENS * 6
    assert said() == then
    runner.resume()
    until(caught_up(registry), 20, "the rest is there")
    assert len(bench.view()) == PAIRS_OF_LENS * 6
    assert not bench.failures


def test_a_holder_that_was_replaced_publishes_nothing_more_and_says_so(bench: Workbench) -> None:
    first = bench.release()
    until(caught_up(first), 20, "the first has read")
    second = bench.release()
    until(caught_up(second), 20, "the second has read")
    bench.cells(d3=7)
    until(lambda: bench.view().get("region:32|all|P30D") == 5, 10, "the second publishes")
    until(lambda: bench.failures, 10, "the first is told")
    bench.cells(d3=12)
    until(lambda: bench.view().get("region:32|all|P30D") == 10, 10, "the second goes on")
    assert first.get_sample_value("beffroi_release_caught_up") == 0
    assert len(bench.failures) == 1


def test_a_day_is_kept_before_anything_of_the_next_is_published(bench: Workbench) -> None:
    now = [day_begins(TODAY) - timedelta(hours=2)]
    yesterday, before = TODAY - timedelta(1), TODAY - timedelta(2)
    bench.cells(d0=7, d29=20)
    registry = bench.release(lambda: now[0])
    until(caught_up(registry), 20, "it has read")
    assert bench.view()["region:32|all|P30D"] == 5  # today and the 28 days after it, seen from yesterday
    now[0] = day_begins(TODAY) + timedelta(minutes=1)
    until(lambda: bench.view()["region:32|all|P30D"] == 25, 10, "the day turns")
    assert bench.archived(yesterday)["region:32|all|P30D"] == 5
    held = bench.archive().held(yesterday)
    assert held.since == now[0].replace(microsecond=held.since.microsecond) - timedelta(hours=2, minutes=1)
    assert bench.archive().days() == [yesterday]
    assert registry.get_sample_value("beffroi_release_archive_failures_total", {"view": "exits"}) is None
    assert bench.archive().find(before) is None


def test_a_day_that_nobody_kept_is_kept_when_the_release_is_back_and_never_from_later_rows(bench: Workbench) -> None:
    yesterday = TODAY - timedelta(1)
    bench.cells(d5=7)
    registry = bench.release(lambda: datetime.combine(TODAY - timedelta(3), datetime.min.time(), UTC), archive_days=2)
    until(caught_up(registry), 20, "it has read")
    said = bench.view()
    bench.stop()
    bench.cells(d5=50)  # while nobody releases
    back = bench.release(archive_days=2)
    until(caught_up(back), 20, "it is back")
    assert bench.view() != said
    assert bench.archived(yesterday) == said
    for asked in (1, 2, 3):
        answer = bench.archive().find(TODAY - timedelta(asked))
        assert answer is not None
        assert (answer.held.day, answer.exact) == (yesterday, True)
    bench.stop()
    bench.archive().path(yesterday).unlink()
    late = bench.release(archive_days=2)
    until(caught_up(late), 20, "it is back again")
    assert bench.archive().days() == []
    assert late.get_sample_value("beffroi_release_archive_failures_total", {"view": "exits"}) == 1


def test_an_archive_that_cannot_be_written_does_not_hold_the_release(bench: Workbench) -> None:
    now = [day_begins(TODAY) - timedelta(hours=2)]
    bench.cells(d0=7, d29=20)
    bench.archive_dir.write_text("a file where the folder should be")
    registry = bench.release(lambda: now[0])
    until(caught_up(registry), 20, "it has read")
    now[0] = day_begins(TODAY)
    until(lambda: bench.view()["region:32|all|P30D"] == 25, 10, "the day turns")
    assert registry.get_sample_value("beffroi_release_archive_failures_total", {"view": "exits"}) == 1
    assert not bench.failures
