"""The planner and the feeds against a naive listing, without a network."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from connectors.pollers.data_inclusion import DataInclusion
from connectors.pollers.evenements import Evenements
from connectors.pollers.feeds import Answer, Ask, Feed
from connectors.pollers.offres import FIRST, Offres
from connectors.pollers.planner import READINGS, Planner
from schemas.clock import PARIS
from schemas.errors import SourceChanged

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
PAGE, CEILING = 4, 12


@dataclass
class Listing:
    """Offers by id: département and instant. Answers as the search does; counts what it is asked."""

    offers: dict[str, tuple[str, datetime]]
    inclusive: bool = True
    asked: int = 0

    def answer(self, ask: Ask) -> Answer:
        self.asked += 1
        found = dict(part.split("=") for part in ask.path.partition("?")[2].split("&"))
        first, last = (int(part) for part in found["range"].split("-"))
        assert first <= CEILING - PAGE
        assert last <= CEILING - 1
        assert last - first < PAGE
        low, high = (datetime.fromisoformat(found[name][:-1]) for name in ("minCreationDate", "maxCreationDate"))
        listed = [
            name
            for name, (code, instant) in sorted(self.offers.items(), key=lambda one: (one[1][1], one[0]), reverse=True)
            if code == found["departement"] and self._between(low, instant, high)
        ]
        if not listed:
            return Answer(204)
        shown = listed[first : last + 1]
        header = {"content-range": f"offres {first}-{first + len(shown) - 1}/{len(listed)}"}
        return Answer(206, header, {"resultats": [{"id": name} for name in shown]})

    def _between(self, low: datetime, instant: datetime, high: datetime) -> bool:
        wall = instant.astimezone(PARIS).replace(tzinfo=None)
        return low <= wall <= high if self.inclusive else low < wall < high


def swept(feed: Feed, listing: Listing) -> tuple[Counter[str], Planner]:
    """How often each key is handed over, and the planner at its end."""
    planner = Planner(feed, feed.parts(NOW))
    kept: dict[str, Any] = {}
    while (ask := planner.ask()) is not None:
        part = planner.take(feed.read(ask, listing.answer(ask)))
        if part:
            kept[part.name] = part.items
    return Counter(key for key, _ in feed.chosen(kept, lambda name: kept[name].items())), planner


#: Instants in clusters, as when an employer files many offers at once, from the oldest to a clock that is ahead.
INSTANTS = st.one_of(
    st.datetimes(
        FIRST.replace(tzinfo=None) + timedelta(days=1),
        (NOW + timedelta(hours=22)).replace(tzinfo=None),
        timezones=st.just(UTC),
    ),
    st.integers(0, 40).map(lambda n: NOW - timedelta(seconds=n)),
    st.integers(0, 400).map(lambda n: NOW - timedelta(milliseconds=n * 250)),
)
POPULATIONS = st.lists(st.tuples(st.sampled_from(["59", "62"]), INSTANTS), max_size=120)


#: Four a second for half a minute: halves meet between two of them.
DENSE = [("59", NOW - timedelta(milliseconds=250 * n)) for n in range(120)]


@settings(max_examples=100, deadline=None)
@example(population=DENSE, inclusive=True)
@example(population=DENSE, inclusive=False)
@given(POPULATIONS, st.booleans())
def test_every_offer_is_handed_over_exactly_once_and_no_question_goes_beyond_the_ceiling(
    population: list[tuple[str, datetime]],
    inclusive: bool,  # noqa: FBT001  # whether bounds belong to their stretch
) -> None:
    listing = Listing({f"o{n}": one for n, one in enumerate(population)}, inclusive)
    found, planner = swept(Offres(("59", "62"), PAGE, CEILING), listing)
    assert set(found.values()) <= {1}
    if planner.incomplete:
        assert all("date" in why for why in planner.incomplete.values())
        assert crowded(population)
    else:
        assert set(found) == set(listing.offers)


def crowded(population: list[tuple[str, datetime]]) -> bool:
    """Whether more offers than the ceiling lie within the shortest stretch."""
    return any(
        sum(code == other and abs(instant - one) <= timedelta(seconds=3) for other, one in population) > CEILING
        for code, instant in population
    )


def test_questions_stay_few() -> None:
    listing = Listing({f"o{n}": ("59", NOW - timedelta(hours=n)) for n in range(240)})
    found, planner = swept(Offres(("59",), PAGE, CEILING), listing)
    assert (len(found), planner.incomplete) == (240, {})
    assert listing.asked <= 240 / (PAGE - 1) * 2


def test_a_list_that_moves_between_two_pages_is_read_anew() -> None:
    listing = Listing({f"o{n:02}": ("59", NOW - timedelta(hours=n)) for n in range(10)})
    feed = Offres(("59",), PAGE, CEILING)
    planner = Planner(feed, feed.parts(NOW)[:1])

    def answer() -> Any:
        ask = planner.ask()
        return ask and planner.take(feed.read(ask, listing.answer(ask)))

    assert answer() is None
    # One goes and one comes: the total stays, and what follows the first page moved up by one.
    del listing.offers["o01"]
    listing.offers["late"] = ("59", NOW - timedelta(hours=20))
    assert answer() is None
    parts = [part for _ in range(10) if (part := answer())]
    assert set(parts[0].items) == set(listing.offers)
    assert planner.incomplete == {}


def test_a_list_that_never_stands_still_is_incomplete_and_ends() -> None:
    feed = Evenements(("59",), page=2)
    planner = Planner(feed, feed.parts(NOW))
    asked = 0
    while planner.ask() is not None:
        asked += 1
        items = [{"id": asked * 2}, {"id": asked * 2 + 1}]
        planner.take(feed.read(Ask("", start=0), Answer(200, {}, {"content": items, "totalElements": 5 + asked % 3})))
    assert list(planner.incomplete.values()) == [f"the list moved in each of {READINGS} readings"]
    assert asked <= 3 * READINGS + 3


def test_a_page_that_comes_back_empty_is_not_the_end_of_the_list() -> None:
    feed = Evenements(("59",), page=2)
    planner = Planner(feed, feed.parts(NOW))
    pages = [[{"id": 1}, {"id": 2}], [], [{"id": 1}, {"id": 2}], [{"id": 3}]]
    parts = []
    for items in pages:
        assert planner.ask() is not None
        parts.append(planner.take(feed.read(Ask(""), Answer(200, {}, {"content": items, "totalElements": 3}))))
    assert [bool(part) for part in parts] == [False, False, False, True]
    assert planner.incomplete == {}


def test_contact_and_agency_are_never_kept_and_a_record_without_id_goes_on() -> None:
    feed = Offres(("59",))
    offers = [{"id": "048KLTP", "contact": {"nom": "x"}, "agence": {}, "intitule": "Boulanger"}, {"intitule": "?"}, 7]
    answer = Answer(200, {"content-range": "offres 0-2/3"}, {"resultats": offers})
    page = feed.read(Ask(""), answer)
    assert page.items == (("048KLTP", {"id": "048KLTP", "intitule": "Boulanger"}), ("?1", {"intitule": "?"}), ("?2", 7))


def test_structures_without_a_mobility_service_are_left_out() -> None:
    feed = DataInclusion(("59",))
    kept = {
        "services 59": [("s1", {"id": "s1", "structure_id": "a"})],
        "structures 59": [("a", {"id": "a"}), ("b", {"id": "b"})],
    }
    found = feed.chosen(kept, lambda name: kept[name])
    assert dict(found) == {"services s1": {"id": "s1", "structure_id": "a"}, "structures a": {"id": "a"}}


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, {}, {"resultats": []}),
        Answer(200, {"content-range": "offres 0-1/2"}, {"results": []}),
        Answer(206, {"content-range": "offres 150-299/999"}, {"resultats": []}),
        Answer(206, {"content-range": "items 0-1"}, {"resultats": []}),
        Answer(200, {"content-range": "offres 0-1/2"}, []),
        Answer(200, {"content-range": "offres 0-1/2"}),
        Answer(202, {"content-range": "offres 0-1/2"}, {"resultats": []}),
    ],
)
def test_an_answer_of_another_form_is_said_with_its_shape(answer: Answer) -> None:
    with pytest.raises(SourceChanged) as error:
        Offres(("59",)).read(Ask(""), answer)
    assert "search of offers" in error.value.message
    assert "documentation" in error.value.fix


@pytest.mark.parametrize(
    "content", [None, [], {"content": []}, {"content": {}, "totalElements": 1}, {"content": [], "totalElements": -1}]
)
def test_the_other_feeds_say_it_too(content: Any) -> None:
    for feed in (Evenements(("59",)), DataInclusion(("59",))):
        with pytest.raises(SourceChanged):
            feed.read(Ask(""), Answer(200, {}, content))


def test_events_that_took_place_are_asked_for_a_month_so_that_they_are_not_withdrawn() -> None:
    feed = Evenements(("59", "2A"))
    assert feed.parts(NOW) == ("59 2026-10-24", "2A 2026-10-24")
    ask = feed.question("59 2026-10-24", 200)
    assert (ask.path, ask.body) == (
        "/mee/evenements?page=2&size=100",
        {"departements": ["59"], "dateDebut": "2026-10-24"},
    )
