"""``beffroi poll`` as an operator runs it: real processes, a real bus, the real intake."""

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
import typer
from prometheus_client import CollectorRegistry

from beffroi import compose
from beffroi.commands.poll import exit_code, lines, time_of
from beffroi.settings import load
from connectors.intake import Intake
from connectors.kafka.settings import KafkaSettings
from connectors.pollers import Cursor, CursorTopic, Delivered, Poller, Spool, Swept, ToIntake, feed
from connectors.privacy import Pseudonymiser
from monitoring.polling import PollHealth, PollMetrics
from schemas.codec import Codec
from schemas.errors import KafkaUnavailable, SettingsError
from schemas.territory.areas import Territory
from schemas.topics import AGENDA_EVENTS, CURSORS, FAILURES, MOBILITY_EVENTS, OFFERS_EVENTS
from tests.bus import every_byte, records, table
from tests.conftest import PARTITIONS
from tests.pollers.apis import CLIENT, DATA_INCLUSION_TOKEN, SECRET, Apis, silence
from tests.pollers.polling import NOW, offers, settings, small_offres
from tests.ports import free_port
from tests.waiting import until


def environment(apis: Apis, folder: Path, **more: str) -> dict[str, str]:
    made = {
        "DATA_DIR": str(folder),
        "FRANCE_TRAVAIL_URL": apis.url,
        "FRANCE_TRAVAIL_TOKEN_URL": f"{apis.url}/connexion/oauth2/access_token?realm=/partenaire",
        "FRANCE_TRAVAIL_CLIENT_ID": CLIENT,
        "FRANCE_TRAVAIL_CLIENT_SECRET": SECRET,
        "POLL_RATE": "500",
        **more,
    }
    return os.environ | {f"BEFFROI_{name}": value for name, value in made.items()}


def poll(environ: dict[str, str], *arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "beffroi", "poll", *arguments]
    return subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def page(url: str) -> str:
    with suppress(httpx2.HTTPError):
        return httpx2.get(url, timeout=2).text
    return ""


def events(kafka: KafkaSettings, prefix: str) -> list[dict[str, Any]]:
    return records(kafka, prefix + OFFERS_EVENTS, PARTITIONS)


@pytest.mark.kafka
def test_a_killed_poll_goes_on_and_every_offer_is_published_once(
    apis: Apis, kafka: KafkaSettings, topics: str, tmp_path: Path
) -> None:
    apis.page, apis.ceiling = 150, 3150
    now = datetime.now(UTC)
    apis.offers = (
        offers(400, step=timedelta(minutes=5), now=now) | offers(200, "62", now=now) | offers(9, "75", now=now)
    )
    hanging = 7

    def hang(number: int) -> None:
        if number == hanging:
            apis.faults = [silence(apis)]

    apis.before = hang
    environ = environment(apis, tmp_path, KAFKA=kafka.bootstrap, TOPIC_PREFIX=topics)
    killed = poll(environ, "offres", "--once")
    until(lambda: len(apis.asked) == hanging, 30, "the poll is in the middle of its sweep")
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert events(kafka, topics) == []
    port = free_port()
    second = poll(environ | {"BEFFROI_POLL_PORT": str(port)}, "offres", "--every", "1h")
    try:
        line = 'beffroi_poll_sweeps_total{outcome="complete",source="offres"} 1.0'
        until(lambda: line in page(f"http://127.0.0.1:{port}/metrics"), 60, "the sweep is counted")
        assert '"status": "ok"' in page(f"http://127.0.0.1:{port}/health")
        second.send_signal(signal.SIGTERM)
        _, err = second.communicate(timeout=30)
    finally:
        second.kill()
        second.communicate()
    assert second.returncode == 0, err
    assert "sweep resumed" in err
    published = Counter(one["source_key"] for one in events(kafka, topics))
    assert published == Counter(name for name in apis.offers if not name.startswith("75"))
    asked = Counter(apis.asked)
    assert sum(count - 1 for count in asked.values()) <= 3, "what was read before the kill is not read again"
    everything = every_byte(kafka, topics, PARTITIONS)
    assert b"Untel" not in everything
    assert b"0300000000" not in everything
    assert SECRET not in err


@pytest.mark.kafka
def test_offers_that_are_no_longer_listed_are_withdrawn_and_many_are_held(
    apis: Apis, kafka: KafkaSettings, topics: str, tmp_path: Path
) -> None:
    intake = Intake(kafka, prefix=topics, pseudonyms=Pseudonymiser(b"k"), territory=Territory.load(), clock=lambda: NOW)
    minutes = iter(range(100))

    def sweep(*, confirm: bool = False) -> tuple[str, int, int]:
        instant = NOW + timedelta(minutes=next(minutes))
        poller = Poller(
            small_offres(), settings(apis), Spool(tmp_path), CursorTopic(kafka, topics + CURSORS, Codec()),
            ToIntake(intake, confirm), PollMetrics(CollectorRegistry(), "offres"),
            PollHealth("offres", lambda: NOW, 60.0), 60.0, lambda: instant, intake.note,
        )  # fmt: skip
        swept = asyncio.run(poller.once())
        return swept.outcome, swept.delivered.accepted, swept.delivered.withdrawn

    apis.offers = offers(40)
    assert sweep() == ("complete", 40, 0)
    gone = [apis.offers.pop(name).id for name in ("59-0003", "59-0017")]
    assert sweep() == ("complete", 0, 2)
    assert sorted(one["source_key"] for one in events(kafka, topics) if one["withdrawn"]) == gone
    for name in list(apis.offers)[:15]:
        del apis.offers[name]
    apis.offers["59-new"] = replace(apis.offers["59-0039"], id="59-new", created=NOW)
    assert sweep() == ("held", 1, 0)
    assert sweep() == ("held", 0, 0)
    assert table(kafka, topics + FAILURES)["offres"]["cause"] == "HELD"
    assert sweep(confirm=True) == ("complete", 0, 15)
    assert sweep() == ("complete", 0, 0)


def swept(outcome: str, *, refused: int = 0, held: str = "") -> Swept:
    return Swept(outcome, 41208, Delivered(1930, 39278, refused, 617, held), Cursor())


def test_the_outcome_is_told_in_one_line() -> None:
    assert lines("offres", swept("complete")) == [
        "offres: 41,208 records, 1,930 new or changed, 39,278 known, 0 refused, 617 withdrawn; the sweep was complete"
    ]
    assert lines("offres", swept("held", held="9 of 10 vanished"))[1:] == [
        "held: 9 of 10 vanished", "  fix: look at what the source lists, then poll with --confirm",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (swept("complete"), 0), (swept("complete", refused=1), 4), (swept("held", refused=1), 5),
        (swept("incomplete"), 75), (swept("empty"), 75),
    ],
)  # fmt: skip
def test_the_exit_code_says_what_is_to_do(found: Swept, code: int) -> None:
    assert exit_code(found) == code


@pytest.mark.parametrize(
    ("source", "variable", "words"),
    [
        ("offres", "FRANCE_TRAVAIL_CLIENT_ID", "needs BEFFROI_FRANCE_TRAVAIL_CLIENT_ID"),
        ("evenements", "FRANCE_TRAVAIL_CLIENT_SECRET", "needs BEFFROI_FRANCE_TRAVAIL_CLIENT_SECRET"),
        ("data-inclusion", "DATA_INCLUSION_TOKEN", "needs BEFFROI_DATA_INCLUSION_TOKEN"),
        ("kairos", "", "cannot be polled; one of offres, evenements, data-inclusion"),
    ],
)
def test_what_is_missing_is_said_before_anything_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, variable: str, words: str
) -> None:
    given = environment(Apis(), tmp_path, DATA_INCLUSION_TOKEN=DATA_INCLUSION_TOKEN)
    for name, value in given.items():
        if name != f"BEFFROI_{variable}":
            monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=words) as error:
        compose.poller(load(), source, CollectorRegistry(), confirm=False)
    assert error.value.exit_code == 78


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("30m", 1800), ("1h", 3600)])
def test_times_are_written_as_people_do(text: str, seconds: int) -> None:
    assert time_of(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["soon", "0s", "1", "-1h", "1.5h", "1d"])
def test_other_times_are_refused_with_an_example(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="1h, 30m or 90s"):
        time_of(text)


@pytest.mark.kafka
def test_what_an_api_refuses_is_said_with_place_way_out_and_exit_code(
    apis: Apis, kafka: KafkaSettings, topics: str, tmp_path: Path
) -> None:
    environ = environment(
        apis, tmp_path, KAFKA=kafka.bootstrap, TOPIC_PREFIX=topics, FRANCE_TRAVAIL_CLIENT_SECRET=CLIENT
    )
    process = poll(environ, "evenements")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 77, err
    assert "error: France Travail's token service refuses our credentials" in err
    assert "fix: correct the client id and secret" in err
    assert "Traceback" not in err


@pytest.mark.kafka
def test_events_services_and_structures_reach_the_bus(
    apis: Apis, kafka: KafkaSettings, topics: str, tmp_path: Path
) -> None:
    apis.events = [
        {
            "id": 110105, "titre": "Forum de l'alternance",
            "codePostal": "59000", "ville": "Lille", "codeInsee": "59350",
            "dateEvenement": "2026-12-01T08:00:00.000+00:00", "heureDebut": "08:00:00", "heureFin": "11:00:00",
            "timezone": "Europe/Paris", "type": "Forum", "modalites": ["en physique"], "codesRome": ["M16"],
        }
    ]  # fmt: skip
    apis.services = [
        {
            "id": "dora--1", "source": "dora", "structure_id": "dora--a", "nom": "Prêt de scooters",
            "code_insee": "59350",
            "thematiques": ["mobilite--louer-un-vehicule"], "date_maj": "2026-11-01", "contact_nom_prenom": "Mme Untel",
        }
    ]  # fmt: skip
    apis.structures = [
        {
            "id": f"dora--{name}",
            "source": "dora",
            "nom": f"Structure {name}",
            "code_insee": "59350",
            "date_maj": "2026-11-01",
        }
        for name in "ab"
    ]
    for source in ("evenements", "data-inclusion"):
        swept = asyncio.run(real_poller(apis, kafka, topics, tmp_path, source).once())
        assert (swept.outcome, swept.delivered.refused) == ("complete", 0)
    (event,) = records(kafka, topics + AGENDA_EVENTS, PARTITIONS)
    assert event["title"] == "Forum de l'alternance"
    mobility = records(kafka, topics + MOBILITY_EVENTS, PARTITIONS)
    assert sorted(one["name"] for one in mobility) == ["Prêt de scooters", "Structure a"]
    assert b"Untel" not in every_byte(kafka, topics, PARTITIONS)


def real_poller(apis: Apis, kafka: KafkaSettings, prefix: str, folder: Path, source: str) -> Poller:
    polled = feed(source, ("59",))
    polled.rate = 1000.0
    intake = Intake(kafka, prefix=prefix, pseudonyms=Pseudonymiser(b"k"), territory=Territory.load(), clock=lambda: NOW)
    return Poller(
        polled, settings(apis), Spool(folder / source), CursorTopic(kafka, prefix + CURSORS, Codec()), ToIntake(intake),
        PollMetrics(CollectorRegistry(), source), PollHealth(source, lambda: NOW, 60.0), 60.0, lambda: NOW, intake.note,
    )  # fmt: skip


class Deaf(CursorTopic):
    """A topic whose first note that a sweep was handed over is lost, as when the poller is killed just before it."""

    lost = False

    def write(self, source: str, cursor: Cursor) -> None:
        """Write, unless it is that note."""
        if cursor.began_at is None and not self.lost:
            self.lost = True
            raise KafkaUnavailable("no answer")
        super().write(source, cursor)


@pytest.mark.kafka
def test_a_kill_between_delivery_and_cursor_publishes_nothing_twice(
    apis: Apis, kafka: KafkaSettings, topics: str, tmp_path: Path
) -> None:
    apis.offers = offers(12)
    poller = replace(
        real_poller(apis, kafka, topics, tmp_path, "offres"),
        feed=small_offres(),
        cursors=Deaf(kafka, topics + CURSORS, Codec()),
    )
    with pytest.raises(KafkaUnavailable):
        asyncio.run(poller.once())
    asked = len(apis.asked)
    again = asyncio.run(poller.once())
    assert (again.delivered.accepted, again.delivered.duplicate, len(apis.asked)) == (0, 12, asked)
    assert len(events(kafka, topics)) == 12
