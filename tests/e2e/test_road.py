"""The whole road: real-format files to a page in Chromium and to a subscriber, with a worker killed on the way."""

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic

import pytest
from playwright.sync_api import expect

from beffroi.simulator.play import deliveries, make_region
from beffroi.simulator.trades import TRADE_TABLE
from connectors.kafka.settings import KafkaSettings
from schemas.clock import paris_day, system_clock
from schemas.territory.areas import Territory
from schemas.territory.trades import Trades
from tests.browser import chromium
from tests.bus import every_byte, table
from tests.conftest import PARTITIONS
from tests.kairos import PLANTED, row, write
from tests.oracle import Publication, disclosed, expected_exits, expected_leavers
from tests.portal.conftest import Portal
from tests.sse import Event, Feed
from tests.waiting import until
from tests.workers import Worker

pytestmark = [pytest.mark.kafka]
#: What a partner may expect between the end of a publication and the page.
PROMISED_S = 2.0


class Region:
    """A deployment on the tests' broker: publish by the command, read by the address."""

    def __init__(self, kafka: KafkaSettings, prefix: str, folder: Path) -> None:
        made = {
            "KAFKA": kafka.bootstrap,
            "TOPIC_PREFIX": prefix,
            "DATA_DIR": str(folder),
            "PARTITIONS": str(PARTITIONS),
        }
        self._environment = os.environ | {f"BEFFROI_{name}": value for name, value in made.items()}
        self.kafka, self.prefix, self.folder = kafka, prefix, folder
        self.published: list[Publication] = []

    def publish(self, path: Path, instant: datetime, *, snapshot: bool = False, expected: int = 0) -> str:
        """The command of a partner; its output."""
        command = [sys.executable, "-m", "beffroi", "publish", "kairos-csv", str(path)]
        command += ["--snapshot", "--confirm"] if snapshot else []
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True, check=False)
        assert done.returncode == expected, done.stdout + done.stderr
        self.published.append(Publication(path, instant, snapshot))
        return done.stdout + done.stderr

    def exits(self) -> dict[str, str]:
        """The view as subscribers of Kafka get it: what is said by key."""
        rows = table(self.kafka, f"{self.prefix}view.exits.v1")
        return {key: said(found["count"]) for key, found in rows.items()}

    def leavers(self) -> dict[str, str]:
        """The same for sessions."""
        rows = table(self.kafka, f"{self.prefix}view.sessions.v1")
        return {key: said(found["leavers"]) for key, found in rows.items()}


def said(count: dict[str, object]) -> str:
    return "< 5" if count["value"] is None else str(count["value"])


@pytest.fixture
def region(kafka: KafkaSettings, topics: str, tmp_path: Path) -> Region:
    return Region(kafka, topics, tmp_path)


@pytest.fixture
def worker(kafka: KafkaSettings, topics: str, tmp_path: Path) -> Iterator[Worker]:
    with Worker(kafka, topics, tmp_path, instance_id="one") as running:
        yield running.ready()


def named(folder: Path, instant: datetime, rows: list[dict[str, str]]) -> Path:
    return write(folder / f"stagiaires_{instant:%Y-%m-%dT%H-%M-%S}.csv", rows)


@pytest.mark.browser
def test_a_file_becomes_a_live_page_and_stays_right_when_the_worker_is_killed(
    region: Region, worker: Worker, kafka: KafkaSettings, topics: str, tmp_path: Path
) -> None:
    today = paris_day(system_clock())
    soon, later = today + timedelta(days=20), today + timedelta(days=50)
    first, second = datetime(2026, 1, 5, 8), datetime(2026, 1, 6, 8)  # noqa: DTZ001  # a file's name speaks of Paris
    people = [row(n, dd_datefinplanformation=str(soon), dd_datedebutplanformation="2026-01-01") for n in range(12)]
    address = "area=arrondissement:627&trade=all&window=P30D"
    with (
        Portal(kafka, topics, tmp_path) as portal,
        chromium() as browser,
        Feed(f"{portal.url}/v1/views/exits/stream?{address}") as feed,
    ):
        feed.until("caught-up")
        page = browser.new_page()
        region.publish(named(tmp_path, first, people), first)
        came = monotonic()
        event = feed.take(1)[0]
        assert monotonic() - came < PROMISED_S
        assert (event.name, event.data["count"]["value"]) == ("upsert", 10)
        page.goto(f"{portal.url}/?lieu=Lens&echeance=P30D")
        heading = page.get_by_role("heading", level=2).first
        expect(heading).to_contain_text("Environ 10 personnes terminent une formation dans l'arrondissement de Lens")

        worker.kill()  # what is published now waits in Kafka
        moved = [one | {"dd_datefinplanformation": str(later)} for one in people[:8]] + people[8:10]
        region.publish(named(tmp_path, second, moved), second, snapshot=True)
        worker.start().ready()
        event = feed.take(1)[0]
        assert (event.name, event.data["count"]) == ("upsert", {"disclosure": "FEWER_THAN", "value": None, "below": 5})
        expect(page.get_by_role("status")).to_contain_text("nombres ont changé depuis l'ouverture de la page")
        page.get_by_role("link", name="Afficher").click()
        expect(page.get_by_role("heading", level=2).first).to_contain_text("Moins de 5 personnes")

        third = second + timedelta(hours=1)
        region.publish(named(tmp_path, third, [people[11]]), third)  # a living worker moves the page at once
        came = monotonic()
        until(lambda: region.exits() == expected_exits(region.published, today), PROMISED_S, "the view follows")
        assert monotonic() - came < PROMISED_S
        answers = [portal.get(path).content for path in (f"/?{address}", "/metrics", "/v1/views/exits")]
    until(lambda: region.exits() == expected_exits(region.published, today), 5, "every count as recomputed")
    assert region.leavers() == expected_leavers(region.published, today)
    everything = [
        every_byte(kafka, topics, PARTITIONS),
        *answers,
        *(log.read_bytes() for log in tmp_path.glob("*.log")),
    ]
    assert not [value for value in PLANTED if value.encode() in b"".join(everything)]


def test_an_invented_region_is_counted_as_the_oracle_counts_it(region: Region, worker: Worker, tmp_path: Path) -> None:
    """Moves, drop-outs, cancellations, repeats, late files: through the real command, compared cell by cell."""
    now = [system_clock() - timedelta(days=1)]

    def clock() -> datetime:
        now[0] += timedelta(minutes=7)
        return now[0]

    territory = Territory.load()
    world = make_region(3, territory, 0.2, clock)
    for number, delivery in enumerate(deliveries(world, tmp_path / "files", clock)):
        instant = datetime.strptime(delivery.path.stem[-19:], "%Y-%m-%dT%H-%M-%S")  # noqa: DTZ007  # Paris, as all names
        region.publish(delivery.path, instant, snapshot=delivery.snapshot)
        if number == 3:
            worker.kill()
            worker.start()
        if number == 6:
            break
    today = paris_day(system_clock())
    wanted = expected_exits(region.published, today)
    until(lambda: region.exits() == wanted, 30, "every count as recomputed")
    assert region.leavers() == expected_leavers(region.published, today)
    assert len(wanted) > 500


@pytest.mark.usefixtures("worker")
def test_the_view_does_not_depend_on_the_order_or_the_repetition_of_files(region: Region, tmp_path: Path) -> None:
    today = paris_day(system_clock())
    ends = [today + timedelta(days=n) for n in (5, 40, 70, 100)]
    files = []
    for number in range(3):
        instant = datetime(2026, 1, 5 + number, 8)  # noqa: DTZ001  # a file's name speaks of Paris
        shuffler = random.Random(number)  # noqa: S311  # a seed
        rows = [
            row(n, dd_datefinplanformation=str(shuffler.choice(ends)), dd_datedebutplanformation="2026-01-01")
            for n in shuffler.sample(range(60), 40)
        ]
        rows += shuffler.choices(rows, k=20)  # half of them again
        shuffler.shuffle(rows)
        files.append((named(tmp_path, instant, rows), instant))
    for path, instant in [files[2], files[0], files[1], files[0], files[2]]:
        region.publish(path, instant)
    wanted = expected_exits([Publication(path, instant) for path, instant in files], today)
    until(lambda: region.exits() == wanted, 15, "every count as recomputed")


@pytest.mark.usefixtures("worker")
def test_the_feed_resumes_exactly_through_a_restart_of_the_portal(
    kafka: KafkaSettings, topics: str, region: Region, tmp_path: Path
) -> None:
    today = paris_day(system_clock())
    soon = str(today + timedelta(days=10))
    held: dict[str, str] = {}

    def note(event: Event) -> None:
        if event.name in {"snapshot", "upsert"}:
            held[event.data["key"]] = said(event.data["count"])
        elif event.name == "delete":
            held.pop(event.data["key"], None)

    def follow(portal: Portal, position: str | None, wanted: dict[str, str]) -> str:
        with Feed(f"{portal.url}/v1/views/exits/stream", position) as feed:
            while True:
                event = feed.take(1)[0]
                note(event)
                if event.id and held == wanted:
                    return event.id

    position = None
    with Portal(kafka, topics, tmp_path) as portal:
        for number, size in enumerate((8, 20, 3)):
            instant = datetime(2026, 1, 5 + number, 8)  # noqa: DTZ001  # a file's name speaks of Paris
            people = [row(n, dd_datefinplanformation=soon, dd_datedebutplanformation="2026-01-01") for n in range(size)]
            region.publish(named(tmp_path, instant, people), instant, snapshot=True)
            position = follow(portal, position, expected_exits(region.published, today))
            portal.restart()


def test_the_trade_table_of_the_demonstration_is_counted_under_rome_too(
    kafka: KafkaSettings, topics: str, region: Region, tmp_path: Path
) -> None:
    today = paris_day(system_clock())
    instant = datetime(2026, 1, 5, 8)  # noqa: DTZ001  # a file's name speaks of Paris
    soon = str(today + timedelta(days=10))
    people = [row(n, dd_datefinplanformation=soon, dd_datedebutplanformation="2026-01-01") for n in range(7)]
    region.publish(named(tmp_path, instant, people), instant)
    rome = {"31816": list(Trades.load(TRADE_TABLE).of([], ["31816"]))}
    codes = {code: [ref.partition(":")[2] for ref in refs if ref.startswith("rome:")] for code, refs in rome.items()}
    with Worker(kafka, topics, tmp_path, trade_table=str(TRADE_TABLE)):
        wanted = expected_exits(region.published, today, codes)
        until(lambda: region.exits() == wanted, 40, "every count as recomputed")
    assert wanted["region:32|rome:N4101|P30D"] == disclosed(7)
