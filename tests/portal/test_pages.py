"""The pages in a real browser: with and without JavaScript, wide and narrow."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect

from portal.pages.words import moment
from schemas.clock import paris_day, system_clock
from tests.portal.conftest import Portal, Views
from tests.waiting import until

pytestmark = [pytest.mark.kafka, pytest.mark.browser]


@pytest.fixture
def filled(views: Views, portal: Portal) -> Portal:
    """A portal with counts around Lens and sessions there."""
    for window, count in (("P30D", 20), ("P90D", 60)):
        views.exits("region:32", "all", window, count)
        views.exits("arrondissement:627", "all", window, count)
    views.exits("arrondissement:622", "rome:N4101", "P90D", None)
    views.exits("region:32", "rome:N4101", "P90D", 10)
    soon = paris_day(system_clock()) + timedelta(days=5)
    views.session("intercarif:1", ends_on=soon, commune="62498", commune_name="Lens")
    views.fresh("kairos", system_clock())
    until(lambda: portal.get("/v1/views/freshness.json").json()["rows"], 5, "rows arrive")
    return portal


def test_an_employer_reads_the_answer_without_javascript(filled: Portal, browser: Browser) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(filled.url)
    page.get_by_label("Territoire").fill("Lens")
    page.get_by_label("Échéance").select_option("P30D")
    page.get_by_role("button", name="Rechercher").click()
    expect(page.get_by_role("heading", level=2).first).to_contain_text(
        "Environ 20 personnes terminent une formation dans l'arrondissement de Lens d'ici le"
    )
    expect(page.get_by_role("cell", name="Lens (62)")).to_be_visible()
    expect(page.get_by_text("Kairos : données arrêtées")).to_be_visible()
    assert "lieu=Lens" in page.url


def test_nothing_found_is_no_dead_end(filled: Portal, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(f"{filled.url}/?metier=N4101&lieu=Lens")
    expect(page.get_by_role("heading", level=2).first).to_contain_text("Aucune sortie de formation")
    expect(page.get_by_text("Il y en a ailleurs")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="Béthune").filter(has_text="moins de 5").first).to_be_visible()
    expect(
        page.get_by_role("listitem").filter(has_text="Hauts-de-France").filter(has_text="environ 10")
    ).to_be_visible()


def test_a_change_is_told_in_one_sentence_and_moves_nothing(filled: Portal, views: Views, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(filled.url)
    heading = page.get_by_role("heading", level=2).first
    expect(heading).to_contain_text("Environ 60 personnes")
    expect(page.get_by_role("status")).to_be_hidden()
    views.exits("region:32", "all", "P90D", 70)
    expect(page.get_by_role("status")).to_have_text("1 nombre a changé depuis l'ouverture de la page.")
    expect(heading).to_contain_text("Environ 60 personnes")
    page.get_by_role("link", name="Afficher").click()
    expect(page.get_by_role("heading", level=2).first).to_contain_text("Environ 70 personnes")


def test_who_is_silent_is_said_with_since_when(filled: Portal, views: Views, browser: Browser) -> None:
    now = system_clock()
    for source, hours in (("region", 100), ("intercarif", 40)):
        views.fresh(source, now - timedelta(hours=hours + 1), now - timedelta(hours=hours))
    until(lambda: len(filled.get("/v1/views/freshness.json").json()["rows"]) == 3, 5, "rows arrive")
    page = browser.new_page()
    page.goto(filled.url)
    since = moment((now - timedelta(hours=100)).isoformat())
    expect(page.get_by_text(re.compile("Region : données arrêtées"))).to_contain_text(
        f"muette depuis {since} (attendue chaque jour)"
    )
    expect(page.get_by_text(re.compile("Intercarif : données"))).to_contain_text("en retard (attendue chaque jour)")
    expect(page.get_by_text(re.compile("Kairos : données"))).not_to_contain_text("attendue")
    page.get_by_role("link", name="Toutes les sources").click()
    rows = page.get_by_role("row").all_inner_texts()
    assert f"muette depuis {since}" in rows[1]
    assert "Région Hauts-de-France" in rows[1]
    assert ("en retard" in rows[2], "à l'heure" in rows[3], "jamais entendue" in rows[4]) == (True, True, True)


@pytest.mark.parametrize(
    "path", ["/", "/?metier=N4101&lieu=Lens", "/glossaire", "/api", "/donnees-personnelles", "/sources"]
)
def test_a_narrow_screen_needs_no_sideways_scroll_and_a_page_is_light(
    filled: Portal, browser: Browser, path: str
) -> None:
    page = browser.new_page(viewport={"width": 320, "height": 640})
    answer = page.goto(filled.url + path)
    assert answer is not None
    assert len(answer.body()) <= 60_000
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    assert page.evaluate("document.documentElement.lang") == "fr"
    assert page.locator("h1").count() == 1


def test_what_partners_write_is_never_run(filled: Portal, views: Views, browser: Browser) -> None:
    soon = paris_day(system_clock()) + timedelta(days=6)
    views.session("intercarif:2", title="<script>document.title='run'</script>", ends_on=soon)
    until(lambda: "intercarif:2" in filled.get("/v1/views/sessions.json").text, 5, "the session arrives")
    page = browser.new_page()
    page.goto(filled.url)
    expect(page.get_by_text("<script>document.title='run'</script>")).to_be_visible()
    assert page.title() != "run"


def test_a_page_asks_nothing_of_another_host(filled: Portal, browser: Browser) -> None:
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(filled.url)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert all(url.startswith((filled.url, "data:")) for url in asked), asked
