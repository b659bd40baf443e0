"""Whole sweeps: local APIs, the cursor on a real bus, what reaches the intake; faults and kills in between."""

import asyncio
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

import pytest
from prometheus_client import CollectorRegistry

from connectors.kafka import admin
from connectors.kafka.settings import KafkaSettings
from connectors.pollers import CursorTopic, Delivered, Poller, Spool, Swept, feed
from connectors.pollers.feeds import Feed
from connectors.pollers.sweep import RESUMED_WITHIN
from monitoring.polling import PollHealth, PollMetrics
from schemas.codec import Codec
from schemas.errors import KafkaUnavailable, SettingsError, SourceChanged, SourceUnavailable
from schemas.topics import CURSORS, catalogue
from tests.bus import table
from tests.conftest import PARTITIONS
from tests.pollers.apis import Apis, content, status
from tests.pollers.polling import NOW, QUICK, offers, settings, small_offres

pytestmark = pytest.mark.kafka


@dataclass
class Inbox:
    """Takes deliveries and keeps them; refuses the first few when told to."""

    failures: int = 0
    taken: list[list[Any]] = field(default_factory=list)
    raw: bytes = b""
    terms: list[tuple[str, str, datetime, bool]] = field(default_factory=list)

    def __call__(
        self, content: IO[bytes], format_name: str, source: str, *, as_of: datetime, snapshot: bool
    ) -> Delivered:
        if self.failures:
            self.failures -= 1
            raise KafkaUnavailable("no broker", fix="start one")
        self.raw = content.read()
        self.taken.append(json.loads(self.raw))
        self.terms.append((format_name, source, as_of, snapshot))
        return Delivered(len(self.taken[-1]), 0, 0, 0)

    @property
    def ids(self) -> list[str]:
        return sorted(str(one["id"]) for one in self.taken[-1])


@dataclass
class Workbench:
    """What pollers of one test share."""

    apis: Apis
    kafka: KafkaSettings
    prefix: str
    folder: Path
    inbox: Inbox = field(default_factory=Inbox)
    now: datetime = NOW
    failures: list[tuple[str, str | None]] = field(default_factory=list)
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    def poller(self, polled: Feed | None = None) -> Poller:
        polled = polled or small_offres()
        self.registry = CollectorRegistry()
        return Poller(
            polled, settings(self.apis), Spool(self.folder / polled.source), self.cursors(), self.inbox,
            PollMetrics(self.registry, polled.source), PollHealth(polled.source, lambda: self.now, 60.0), 60.0,
            lambda: self.now, lambda source, cause: self.failures.append((source, cause)),
        )  # fmt: skip

    def cursors(self) -> CursorTopic:
        return CursorTopic(self.kafka, self.prefix + CURSORS, Codec())

    def sweep(self, polled: Feed | None = None) -> Swept:
        return asyncio.run(self.poller(polled).once())

    def metric(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(name, {"source": "offres", **labels})


@pytest.fixture
def bench(apis: Apis, kafka: KafkaSettings, prefix: str, tmp_path: Path) -> Workbench:
    """A bus that holds the cursors alone."""
    wanted = [topic for topic in catalogue(PARTITIONS, prefix) if topic.name == prefix + CURSORS]
    admin.apply(kafka, admin.plan({}, wanted), 1)
    return Workbench(apis, kafka, prefix, tmp_path)


def withdraw(apis: Apis, name: str) -> None:
    apis.offers.pop(name, None)


def test_everything_that_is_listed_is_handed_over_once_as_a_snapshot(bench: Workbench) -> None:
    bench.apis.offers = offers(70) | offers(31, "62", timedelta(seconds=1)) | offers(3, "75")
    swept = bench.sweep(small_offres("59", "62"))
    assert bench.inbox.ids == sorted(name for name in bench.apis.offers if not name.startswith("75"))
    assert bench.inbox.terms == [("offres-json", "offres", NOW, True)]
    assert (swept.outcome, swept.records) == ("complete", 101)
    assert max(last for _, last in bench.apis.ranges()) < bench.apis.ceiling
    assert 400 not in bench.apis.answered
    assert b"contact" not in bench.inbox.raw
    assert b"agence" not in bench.inbox.raw
    (cursor,) = table(bench.kafka, bench.prefix + CURSORS).values()
    assert (cursor["completed_at"], cursor["began_at"], cursor["pending"]) == (NOW, None, [])
    assert bench.metric("beffroi_poll_sweeps_total", outcome="complete") == 1
    assert bench.metric("beffroi_poll_records") == 101
    assert bench.metric("beffroi_poll_last_completion_timestamp_seconds") == NOW.timestamp()
    assert not any((bench.folder / "offres" / "parts").iterdir())


def test_the_real_sizes_of_pages_and_ceiling(bench: Workbench) -> None:
    bench.apis.page, bench.apis.ceiling = 150, 3150
    bench.apis.offers = offers(4000, step=timedelta(minutes=17))
    polled = feed("offres", ("59",))
    polled.rate = 1000.0
    assert bench.sweep(polled).outcome == "complete"
    assert len(bench.inbox.ids) == len(set(bench.inbox.ids)) == 4000
    assert 400 not in bench.apis.answered
    assert len(bench.apis.asked) < 4000 / 149 * 1.5


def test_an_offer_withdrawn_between_two_pages_costs_no_other(bench: Workbench) -> None:
    bench.apis.offers = offers(18)
    bench.apis.before = lambda number: withdraw(bench.apis, "59-0001" if number == 2 else "")
    assert bench.sweep().outcome == "complete"
    assert bench.inbox.ids == sorted(bench.apis.offers)


def test_an_offer_that_slides_to_the_next_page_is_handed_over_once(bench: Workbench) -> None:
    bench.apis.offers = offers(18)

    def publish(number: int) -> None:
        if number == 2:
            bench.apis.offers |= {"new": replace(bench.apis.offers["59-0000"], id="new", created=NOW)}

    bench.apis.before = publish
    assert bench.sweep().outcome == "complete"
    assert bench.inbox.ids == sorted(bench.apis.offers)


def test_a_list_that_never_stands_still_withdraws_nothing(bench: Workbench) -> None:
    bench.apis.offers = offers(18)
    bench.apis.before = lambda number: withdraw(bench.apis, f"59-{number:04}")
    swept = bench.sweep()
    assert (swept.outcome, bench.inbox.terms[0][3]) == ("incomplete", False)
    assert set(bench.apis.offers) <= set(bench.inbox.ids)


def test_an_empty_list_is_not_handed_over(bench: Workbench) -> None:
    assert bench.sweep().outcome == "empty"
    assert bench.inbox.taken == []


def test_a_sweep_that_stopped_goes_on_where_it_was(bench: Workbench) -> None:
    bench.apis.offers = offers(60)
    failed = [status(503)] * QUICK.attempts

    def stop(number: int) -> None:
        if number == 12:
            bench.apis.faults = list(failed)

    bench.apis.before = stop
    with pytest.raises(SourceUnavailable):
        bench.sweep()
    assert bench.metric("beffroi_poll_sweeps_total", outcome="failed") == 1
    before, found = len(bench.apis.asked), bench.cursors().read("offres")
    assert found.digests
    assert found.began_at == NOW
    bench.now = NOW + timedelta(minutes=5)
    assert bench.sweep().outcome == "complete"
    assert bench.inbox.ids == sorted(bench.apis.offers)
    assert bench.inbox.terms == [("offres-json", "offres", NOW, True)]
    read = [part.split()[1:] for part in found.digests]
    again = [path for path in bench.apis.asked[before:] for since, until in read if since in path and until in path]
    assert again == []


def test_that_a_part_was_incomplete_is_known_after_a_stop(bench: Workbench) -> None:
    bench.apis.offers = offers(18) | offers(4, "62")

    def disturb(number: int) -> None:
        bench.apis.offers.pop(f"59-{number:04}", None)
        if "departement=62" in bench.apis.asked[-1] and not bench.apis.faults:
            bench.apis.faults = [status(500)] * QUICK.attempts

    bench.apis.before = disturb
    with pytest.raises(SourceUnavailable):
        bench.sweep(small_offres("59", "62"))
    bench.apis.faults.clear()
    bench.apis.before = lambda _: None
    assert bench.sweep(small_offres("59", "62")).outcome == "incomplete"
    assert bench.inbox.terms[0][3] is False


def spoilt(bench: Workbench, how: Callable[[Path], Any]) -> int:
    """Questions of a second sweep, after the first one stopped before its delivery and its folder was changed."""
    bench.apis.offers = offers(30)
    bench.inbox.failures = 1
    with pytest.raises(KafkaUnavailable):
        bench.sweep()
    how(bench.folder / "offres")
    before = len(bench.apis.asked)
    bench.sweep()
    assert bench.inbox.ids == sorted(bench.apis.offers)
    return len(bench.apis.asked) - before


def test_a_delivery_that_failed_is_repeated_without_a_question(bench: Workbench) -> None:
    assert spoilt(bench, lambda _: None) == 0
    assert bench.inbox.terms == [("offres-json", "offres", NOW, True)]


def test_a_sweep_whose_folder_is_gone_begins_anew(bench: Workbench) -> None:
    assert spoilt(bench, shutil.rmtree) > 5


def test_a_part_that_is_cut_on_disk_is_not_trusted(bench: Workbench) -> None:
    def cut(folder: Path) -> None:
        for path in (folder / "parts").iterdir():
            path.write_bytes(path.read_bytes()[:-1])

    assert spoilt(bench, cut) > 5


def test_what_was_read_long_ago_is_read_anew(bench: Workbench) -> None:
    def wait(_: Path) -> None:
        bench.now = NOW + RESUMED_WITHIN

    assert spoilt(bench, wait) > 5
    assert bench.inbox.terms[0][2] == NOW + RESUMED_WITHIN


def test_offers_dated_by_a_server_whose_clock_is_ahead_are_not_missed(bench: Workbench, skewed: Apis) -> None:
    bench.apis = skewed
    skewed.offers = offers(9, now=NOW + skewed.ahead)
    assert bench.sweep().outcome == "complete"
    assert len(bench.inbox.ids) == 9


def test_an_answer_of_another_form_withdraws_nothing(bench: Workbench) -> None:
    bench.apis.offers, bench.apis.faults = offers(9), [content(b'{"offers": []}', 200, Content_Range="offres 0-4/9")]
    with pytest.raises(SourceChanged):
        bench.sweep()
    assert bench.inbox.taken == []
    assert bench.failures == [("offres", "CHANGED")]


def test_two_pollers_of_one_folder_do_not_meet(bench: Workbench) -> None:
    with Spool(bench.folder / "offres").held(), pytest.raises(SettingsError, match="another poller"):
        bench.sweep()


def test_events_are_read_page_by_page(bench: Workbench) -> None:
    bench.apis.events = [
        {"id": n, "titre": f"Forum {n}", "codePostal": f"{code}000", "dateEvenement": day}
        for n, (code, day) in enumerate([("59", "2026-12-01")] * 230 + [("59", "2026-01-01"), ("75", "2026-12-01")])
    ]
    polled = feed("evenements", ("59", "62"))
    polled.rate = 1000.0
    swept = bench.sweep(polled)
    assert (swept.outcome, swept.records) == ("complete", 230)
    assert bench.inbox.terms == [("evenements-json", "evenements", NOW, True)]
    assert len(bench.apis.asked) == 4


def test_pages_that_did_not_change_are_not_sent_again(bench: Workbench) -> None:
    bench.apis.etags = True
    bench.apis.services = [
        {
            "id": f"dora--{n}",
            "structure_id": f"dora--s{n % 3}",
            "code_insee": "59009",
            "contact_nom_prenom": "Mme Untel",
        }
        for n in range(12)
    ]
    bench.apis.structures = [{"id": f"dora--s{n}", "code_insee": "59009"} for n in range(5)]

    def polled() -> Feed:
        made = feed("data-inclusion", ("59",))
        made.page, made.rate = 5, 1000.0
        return made

    first = bench.sweep(polled())
    assert (first.outcome, first.records) == ("complete", 15)
    assert b"Untel" not in bench.inbox.raw
    del bench.apis.services[7]
    bench.apis.answered.clear()
    second = bench.sweep(polled())
    assert (second.outcome, second.records) == ("complete", 14)
    assert bench.apis.answered == [200, 200, 200, 304]
    bench.apis.answered.clear()
    assert bench.sweep(polled()).records == 14
    assert set(bench.apis.answered) == {304}


def test_a_poller_goes_on_through_faults_and_keeps_its_times(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.pollers.poller.AGAIN_AFTER", timedelta(milliseconds=10))
    bench.apis.offers, bench.apis.faults = offers(4), [status(500)] * QUICK.attempts
    poller = replace(bench.poller(), clock=lambda: datetime.now(UTC))

    async def run() -> None:
        task = asyncio.ensure_future(poller.always(timedelta(milliseconds=50)))
        async with asyncio.timeout(20):
            while len(bench.inbox.taken) < 3:
                await asyncio.wait([task], timeout=0.02)
        task.cancel()

    asyncio.run(run())
    assert bench.metric("beffroi_poll_sweeps_total", outcome="failed") == 1
    assert (bench.metric("beffroi_poll_sweeps_total", outcome="complete") or 0) >= 3


def test_a_poller_that_is_started_again_waits_for_its_time(bench: Workbench) -> None:
    bench.apis.offers = offers(4)
    bench.sweep()
    asked = len(bench.apis.asked)
    bench.now = NOW + timedelta(minutes=59)
    poller = bench.poller()
    assert poller.seconds_until(bench.cursors().read("offres").completed_at, timedelta(hours=1)) == 60.0

    async def run() -> None:
        await asyncio.wait([asyncio.ensure_future(poller.always(timedelta(hours=1)))], timeout=1)

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(_cancelled(run()))
    assert len(bench.apis.asked) == asked


async def _cancelled(work: Any) -> None:
    await work
    raise asyncio.CancelledError
