"""``?as_of=`` of the portal, over an archive that the test writes itself."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from connectors.kafka.settings import KafkaSettings
from schemas.archive import Archive
from schemas.clock import paris_day, system_clock
from schemas.contracts import EXITS_ROW, FRESHNESS_ROW, SESSIONS_ROW, sources
from tests.portal.conftest import Portal, exits_row

pytestmark = pytest.mark.kafka
DAY = date(2026, 3, 12)
SINCE = datetime(2026, 3, 11, 9, tzinfo=UTC)
VIEW = "/v1/views/exits.json?area=arrondissement:627&as_of="


def leavers(key: str, ends_on: date) -> dict[str, Any]:
    return {
        "session_id": key,
        "title": "Conducteur routier",
        **dict.fromkeys(("provider", "commune", "commune_name", "postcode", "trade", "trade_title", "starts_on")),
        **dict.fromkeys(("recruitment", "seats", "seats_basis", "url")),
        "areas": ["region:32"],
        "trades": ["rome:N4101"],
        "ends_on": ends_on,
        "leavers": {"disclosure": "ROUNDED", "value": 10, "below": None},
        "sources": ["kairos"],
        "as_of": SINCE,
    }


@pytest.fixture
def past(kafka: KafkaSettings, topics: str, tmp_path: Path) -> Iterator[tuple[Portal, Path]]:
    """A running portal and the folder of its archive."""
    folder = tmp_path / "archive"
    counts = {"region:32": 40, "arrondissement:627": 15, "arrondissement:622": None}
    exits = {f"{area}|all|P30D": exits_row(area, "all", "P30D", n) for area, n in counts.items()}
    sessions = {f"s{number}": leavers(f"s{number}", DAY + timedelta(number)) for number in range(5)}
    heard = {"source": "kairos", "data_as_of": SINCE, "heard_at": SINCE, "accepted": 1, "refused": 0}
    for view, contract, rows in (
        ("exits", EXITS_ROW, exits),
        ("sessions", SESSIONS_ROW, sessions),
        ("freshness", FRESHNESS_ROW, {"kairos": heard}),
    ):
        Archive(folder / f"{topics}{view}", sources()[contract]).write(DAY, SINCE, sorted(rows.items()))
    with Portal(kafka, topics, tmp_path) as running:
        yield running, folder / f"{topics}exits"


def test_a_day_that_is_over_is_given_in_every_form_and_kept_by_caches(past: tuple[Portal, Path]) -> None:
    portal, _ = past
    answer = portal.get(f"{VIEW}{DAY}")
    body = answer.json()
    assert [row["count"]["value"] for row in body["rows"]] == [15]
    held = {"since": "2026-03-11T09:00:00.000Z", "until": "2026-03-12T23:00:00.000Z", "exact": True}
    assert body["as_of"] == {"asked": "2026-03-12", **held}
    assert [row["source"] for row in body["freshness"]] == ["kairos"]
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["beffroi-as-of"].endswith('"2026-03-12T23:00:00.000Z";exact=?1')
    assert answer.headers["link"].startswith("</v1/views/exits?area=arrondissement:627>")
    assert portal.get(f"{VIEW}{DAY}", If_None_Match=answer.headers["etag"]).status_code == 304
    assert len(portal.get(f"/v1/views/exits.ndjson?as_of={DAY}").text.splitlines()) == 3
    sheet = portal.get(f"/v1/views/exits.csv?as_of={DAY}&dialect=rfc4180&window=P30D").text.splitlines()
    assert len(sheet) == 4
    late = portal.get(f"/v1/views/sessions.json?as_of={DAY}&area=region:32&ends_from=2026-03-15").json()["rows"]
    assert [row["key"] for row in late] == ["s3", "s4"]
    first = portal.get(f"/v1/views/sessions.json?as_of={DAY}&limit=2").json()
    second = portal.get(f"/v1/views/sessions.json?as_of={DAY}&limit=2&cursor={first['next']}").json()
    assert [row["key"] for row in second["rows"]] == ["s2", "s3"]


@pytest.mark.browser
def test_the_page_of_a_day_that_is_over_says_so_and_is_not_live(past: tuple[Portal, Path], browser: Browser) -> None:
    portal, _ = past
    page = browser.new_page(viewport={"width": 320, "height": 640})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{portal.url}/?lieu=Lens&echeance=P30D")
    page.get_by_label("Tel que publié le").fill(str(DAY))
    page.get_by_role("button", name="Relire ce jour").click()
    notice = page.get_by_text("Tel que publié le 12 mars 2026.")
    expect(notice).to_be_visible()
    heading = page.get_by_role("heading", level=2).first
    expect(heading).to_have_text("Environ 15 personnes terminent une formation dans l'arrondissement de Lens "
                                 "d'ici le 10 avril 2026.")  # fmt: skip
    expect(page.get_by_role("link", name="Béthune moins de 5")).to_be_visible()
    expect(page.get_by_text("Kairos : données arrêtées le 11/03/2026 à 10\xa0h\xa000")).to_be_visible()
    expect(page.get_by_role("status")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    page.get_by_label("Territoire").fill("Hauts-de-France")  # a search on such a page stays in that day
    page.get_by_role("button", name="Rechercher").click()
    expect(heading).to_contain_text("Environ 40 personnes")
    expect(page.get_by_text("5 sessions se terminent")).to_be_visible()
    expect(notice).to_be_visible()
    assert not [url for url in asked if "/stream" in url and f"as_of={DAY}" in url]
    page.get_by_role("link", name="Revenir à aujourd'hui").click()
    expect(heading).to_contain_text("Aucune sortie de formation")
    assert "as_of" not in page.url


def test_a_page_of_a_day_that_was_not_kept_says_which_day_it_tells_of(past: tuple[Portal, Path]) -> None:
    portal, _ = past
    page = portal.get(f"/?as_of={DAY + timedelta(3)}&echeance=P30D")
    assert page.status_code == 200
    assert "Le 15 mars 2026 n&#39;a pas été conservé" in page.text
    assert "tel que publié le 12 mars 2026." in page.text
    assert f"/v1/views/exits.csv?area=region:32&trade=all&as_of={DAY + timedelta(3)}" in page.text
    assert "live.js" not in page.text
    assert 'data-stream="' not in page.text
    later = str(paris_day(system_clock()))
    for text, status in (("2026-01-01", 404), ("2026-13-01", 400), (later, 400), ("%3Cscript%3E", 400)):
        answer = portal.get(f"/?lieu=Lens&as_of={text}")
        assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
        assert "as_of=2026-03-12" in answer.text, "the nearest day that is held"
        assert "<script>" not in answer.text


def test_a_day_that_was_not_kept_says_what_is_known_and_is_not_kept_by_caches(past: tuple[Portal, Path]) -> None:
    portal, _ = past
    answer = portal.get(f"{VIEW}{DAY + timedelta(3)}")
    assert answer.json()["as_of"]["exact"] is False
    assert answer.json()["as_of"]["until"] == "2026-03-12T23:00:00.000Z"
    assert answer.headers["cache-control"] == "public, max-age=300"
    before = portal.get(f"{VIEW}{DAY - timedelta(1)}")  # nothing changed between its last hours and the next evening
    assert before.json()["as_of"]["exact"] is True


def test_a_day_without_an_answer_names_the_nearest_that_has_one(past: tuple[Portal, Path]) -> None:
    portal, folder = past
    today = paris_day(system_clock())
    for text, status in (("2026-01-01", 404), ("2026-13-01", 400), (str(today), 400), (f"{today.year + 1}-01-01", 400)):
        answer = portal.get(VIEW + text, Accept_Language="fr")
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
        assert (answer.json()["pointer"], answer.json()["nearest"]) == ("as_of", "2026-03-12")
        assert answer.json()["title"] in {"il n'y a rien ici", "la demande n'a pas de sens"}
    feed = portal.get(f"/v1/views/exits/stream?as_of={DAY}")
    assert (feed.status_code, feed.json()["pointer"]) == (400, "as_of")
    file = folder / f"{DAY}.parquet"
    file.write_bytes(file.read_bytes()[:100])
    broken = portal.get(f"{VIEW}{DAY}")
    assert (broken.status_code, str(folder) in broken.text) == (500, False)
    file.unlink()
    assert portal.get(f"{VIEW}{DAY}").json()["archived_days"] == []
