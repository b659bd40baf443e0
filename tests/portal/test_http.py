"""HTTP manners of the portal, against a real process and a real broker."""

import csv
import io
import json
import signal
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.portal.conftest import Portal, Views
from tests.sse import Feed
from tests.waiting import until

pytestmark = pytest.mark.kafka
REGION = "/v1/views/exits.json?area=region:32&trade=all&window=P30D"


def rows(portal: Portal, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = portal.get(path).json()["rows"]
    return found


def test_a_view_in_every_form(views: Views, portal: Portal) -> None:
    views.exits("region:32", "all", "P30D", 40)
    views.exits("region:32", "rome:N4101", "P30D", None)
    views.fresh("kairos", datetime(2026, 11, 23, 8, tzinfo=UTC))
    until(lambda: len(rows(portal, "/v1/views/exits.json")) == 2, 5, "rows arrive")
    answer = portal.get("/v1/views/exits?trade=all")
    body = answer.json()
    assert [row["count"]["value"] for row in body["rows"]] == [40]
    until(lambda: portal.get(REGION).json()["freshness"], 5, "freshness arrives")
    assert portal.get(REGION).json()["freshness"][0]["source"] == "kairos"
    assert answer.headers["beffroi-position"] == body["position"]
    assert answer.headers["link"].endswith('; rel="monitor"')
    lines = portal.get("/v1/views/exits.ndjson").text.splitlines()
    assert [json.loads(line)["key"] for line in lines] == ["region:32|all|P30D", "region:32|rome:N4101|P30D"]
    sheet = portal.get("/v1/views/exits", Accept="text/csv")
    assert sheet.text.startswith("\ufeffarea_type;")
    machine = csv.DictReader(io.StringIO(portal.get("/v1/views/exits.csv?dialect=rfc4180").text))
    assert [(row["count"], row["fewer_than"]) for row in machine] == [("40", ""), ("", "5")]


def test_what_did_not_change_is_not_sent_again(views: Views, portal: Portal) -> None:
    views.exits("region:32", "all", "P30D", 40)
    until(lambda: rows(portal, REGION), 5, "rows arrive")
    tag = portal.get(REGION).headers["etag"]
    assert portal.get(REGION, If_None_Match=tag).status_code == 304
    views.exits("region:32", "all", "P30D", 45)
    until(lambda: rows(portal, REGION)[0]["count"]["value"] == 45, 5, "the change arrives")
    assert portal.get(REGION, If_None_Match=tag).status_code == 200


def test_pages_follow_each_other_by_cursor(views: Views, portal: Portal) -> None:
    for number in range(5):
        views.session(f"intercarif:{number}", ends_on=datetime(2026, 12, 1 + number, tzinfo=UTC).date())
    until(lambda: len(rows(portal, "/v1/views/sessions.json")) == 5, 5, "rows arrive")
    found, cursor = [], ""
    while True:
        body = portal.get(f"/v1/views/sessions.json?limit=2&cursor={cursor}").json()
        found += [row["key"] for row in body["rows"]]
        cursor = body["next"]
        if not cursor:
            break
    assert found == [f"intercarif:{number}" for number in range(5)]
    late = rows(portal, "/v1/views/sessions.json?area=arrondissement:627&ends_from=2026-12-04")
    assert [row["key"] for row in late] == ["intercarif:3", "intercarif:4"]


def test_a_cell_that_a_spreadsheet_would_run_is_made_harmless(views: Views, portal: Portal) -> None:
    views.session("intercarif:1", title='=HYPERLINK("http://evil")')
    until(lambda: rows(portal, "/v1/views/sessions.json"), 5, "rows arrive")
    assert "'=HYPERLINK" in portal.get("/v1/views/sessions.csv").text
    assert '"=HYPERLINK' in portal.get("/v1/views/sessions.csv?dialect=rfc4180").text


@pytest.mark.parametrize(
    ("path", "pointer", "nearest"),
    [
        ("/v1/views/exits?area=arrondissement:Lens", "area", "arrondissement:627"),
        ("/v1/views/exits?area=commune:75056", "area", "outside:france"),
        ("/v1/views/exits?trade=rome:soudeur", "trade", "rome:H2913"),
        ("/v1/views/exits?window=P31D", "window", "P30D"),
        ("/v1/views/exits?territory=region:32", "territory", "trade"),
        ("/v1/views/sessions?ends_from=tomorrow", "ends_from", None),
        ("/v1/views/freshness?area=region:32", "area", None),
    ],
)
def test_a_question_that_makes_no_sense_gets_the_nearest_that_does(
    portal: Portal, path: str, pointer: str, nearest: str | None
) -> None:
    answer = portal.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert (answer.json()["pointer"], answer.json()["nearest"]) == (pointer, nearest)
    assert portal.get(path, Accept_Language="fr").json()["title"] == "la demande n'a pas de sens"


def test_what_does_not_exist_is_told_as_such(portal: Portal) -> None:
    assert portal.get("/v1/views/none").status_code == 404
    assert portal.get("/v1/views/exits.xml").status_code == 406
    assert portal.get("/v1/views/exits/stream?after=beef.3").status_code == 410
    assert portal.get("/openapi.json").json()["info"]["title"] == "Beffroi"


def test_a_feed_gives_a_snapshot_a_mark_and_every_change(views: Views, portal: Portal) -> None:
    views.exits("region:32", "all", "P30D", 40)
    until(lambda: rows(portal, REGION), 5, "rows arrive")
    with Feed(portal.url + "/v1/views/exits/stream?trade=all") as feed:
        assert [event.name for event in feed.take(2)] == ["snapshot", "caught-up"]
        views.exits("region:32", "rome:N4101", "P30D", 5)
        views.exits("region:32", "all", "P30D", 45)
        (upsert,) = feed.take(1)
        assert (upsert.name, upsert.data["count"]["value"]) == ("upsert", 45)
        views.exits("region:32", "all", "P30D", 0, gone=True)
        (delete,) = feed.take(1)
        assert (delete.name, delete.data) == ("delete", {"key": "region:32|all|P30D"})
        position = upsert.id
    views.exits("arrondissement:627", "all", "P30D", 10)
    until(lambda: len(rows(portal, "/v1/views/exits.json?trade=all")) == 1, 5, "the change arrives")
    with Feed(portal.url + "/v1/views/exits/stream?trade=all", position) as feed:
        delete, upsert, mark = feed.take(3)
        assert (delete.name, upsert.name, mark.name) == ("delete", "upsert", "caught-up")
        assert upsert.data["key"] == "arrondissement:627|all|P30D"


def test_an_open_feed_gets_a_last_word_and_does_not_keep_the_process_alive(views: Views, portal: Portal) -> None:
    views.exits("region:32", "all", "P30D", 40)
    with Feed(portal.url + "/v1/views/exits/stream") as feed:
        feed.until("caught-up")
        portal.process.send_signal(signal.SIGTERM)
        assert feed.until("shutdown").name == "shutdown"
    assert portal.process.wait(10) == 0


def test_metrics_and_health_speak_of_what_is_held(views: Views, portal: Portal) -> None:
    views.exits("region:32", "all", "P30D", 40)
    until(lambda: rows(portal, REGION), 5, "rows arrive")
    assert 'beffroi_portal_rows{view="exits"} 1.0' in portal.get("/metrics").text
    assert portal.get("/health").json()["status"] == "ok"
