"""The HTTP edge against a local server that behaves, and misbehaves, as the real ones do."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

import pytest
from pydantic import SecretStr

from connectors.pollers import feed
from connectors.pollers.access import edge
from connectors.pollers.credentials import ClientCredentials
from connectors.pollers.edge import Edge, retry_after
from connectors.pollers.feeds import Answer, Ask, Feed
from schemas.clock import system_clock
from schemas.errors import BeffroiError, SettingsError, SourceChanged, SourceRefused, SourceUnavailable
from tests.pollers.apis import SECRET, Apis, content, cut, silence, status
from tests.pollers.polling import NOW, QUICK, offers, settings, small_offres

ASK = small_offres().question(small_offres().parts(NOW)[0], 0)


def asking(
    apis: Apis, work: Callable[[Edge], Awaitable[Any]], polled: Feed | None = None, **terms: Any
) -> tuple[Any, list[str]]:
    """What comes of some work with an open edge, and the outcomes that were observed."""
    outcomes: list[str] = []

    async def run() -> Any:
        async with edge(
            polled or small_offres(), settings(apis, **terms), lambda outcome, _: outcomes.append(outcome), system_clock
        ) as opened:
            return await work(opened)

    return asyncio.run(run()), outcomes


def once(apis: Apis, **terms: Any) -> tuple[Answer, list[str]]:
    return asking(apis, lambda opened: opened.ask(ASK), **terms)


def test_a_question_is_answered(apis: Apis) -> None:
    apis.offers = offers(7)
    answer, outcomes = once(apis)
    assert (answer.status, answer.headers["content-range"]) == (206, "offres 0-4/7")
    assert [one["id"] for one in answer.content["resultats"]] == [f"59-{n:04}" for n in range(5)]
    assert outcomes == ["taken", "taken"]  # the token, the offers


def test_nothing_listed_is_an_answer_too(apis: Apis) -> None:
    answer, outcomes = once(apis)
    assert (answer.status, outcomes[-1]) == (204, "empty")


def test_a_refused_token_is_renewed_once_and_by_one_alone(apis: Apis) -> None:
    apis.offers = offers(3)

    async def work(opened: Edge) -> list[Answer]:
        first = await opened.ask(ASK)
        apis.expire()
        return [first, *await asyncio.gather(*(opened.ask(ASK) for _ in range(5)))]

    answers, _ = asking(apis, work)
    assert {answer.status for answer in answers} == {200}
    assert apis.renewals == 2


def test_a_token_is_renewed_shortly_before_its_end_whatever_the_clocks_say() -> None:
    now = itertools.count()
    clock = {"s": 0.0}
    sent: list[dict[str, str]] = []

    async def post(form: dict[str, str]) -> object:
        sent.append(form)
        return {"access_token": f"t{next(now)}", "expires_in": 1499}

    async def work() -> list[str]:
        held = ClientCredentials("id", SecretStr("secret"), ("a", "b"), post, lambda: clock["s"])
        found = []
        for clock["s"] in (0.0, 1438.0, 1439.0, 1440.0):
            found.append(await held.token())
        return found

    assert asyncio.run(work()) == ["t0", "t0", "t1", "t1"]
    assert sent[0]["scope"] == "a b"


@pytest.mark.parametrize("life", [1, 59, 60.5, 0])
def test_a_short_lived_token_is_used_for_half_its_life(life: float) -> None:
    clock = {"s": 100.0}
    renewals = itertools.count()

    async def post(_: dict[str, str]) -> object:
        return {"access_token": f"t{next(renewals)}", "expires_in": life}

    async def work() -> None:
        held = ClientCredentials("id", SecretStr("s"), ("a",), post, lambda: clock["s"])
        first = await held.token()
        clock["s"] += life
        assert await held.token() != first or life == 0

    asyncio.run(work())


@pytest.mark.parametrize(
    "answer", [{}, [], None, {"access_token": 7}, {"access_token": "x", "expires_in": "soon"}, {"access_token": ""}]
)
def test_a_token_service_that_answers_otherwise_is_said(answer: object) -> None:
    async def post(_: dict[str, str]) -> object:
        return answer

    held = ClientCredentials("id", SecretStr("s"), ("a",), post, lambda: 0.0)
    with pytest.raises(SourceChanged, match="access_token"):
        asyncio.run(held.token())


@pytest.mark.parametrize(
    "faults",
    [
        [status(500), status(503)],
        [cut(b'{"resultats":[')],
        [content(b'{"resultats":[', 206, Content_Range="offres 0-4/7")],
        [content(b"\x1f\x8b broken", 200, Content_Encoding="gzip")],
        [status(429), status(429, Retry_After="0")],
        [status(408)],
    ],
    ids=["500", "cut", "half JSON", "broken gzip", "429", "408"],
)
def test_what_passes_is_asked_again(apis: Apis, faults: list[Any]) -> None:
    apis.offers, apis.faults = offers(3), list(faults)
    answer, _ = once(apis)
    assert answer.status == 200
    assert len(apis.asked) == len(faults) + 1


def test_an_api_that_asks_to_wait_is_waited_for(apis: Apis) -> None:
    apis.offers, apis.faults = offers(3), [status(429, Retry_After="1")]
    began = monotonic()
    answer, outcomes = once(apis)
    assert (answer.status, outcomes) == (200, ["taken", "limited", "taken"])
    assert monotonic() - began >= 1.0


def test_a_wait_that_is_too_long_ends_the_sweep(apis: Apis) -> None:
    apis.faults = [status(429, Retry_After="3600")]
    with pytest.raises(SourceUnavailable, match="wait 3600 s") as error:
        once(apis)
    assert error.value.retriable
    assert len(apis.asked) == 1


def test_a_date_to_wait_for_is_counted_from_the_servers_own_clock() -> None:
    ours = datetime(2026, 11, 24, 8, tzinfo=UTC)
    theirs = {"retry-after": "Tue, 24 Nov 2026 11:00:30 GMT", "date": "Tue, 24 Nov 2026 11:00:00 GMT"}
    assert retry_after(theirs, ours) == 30.0
    assert retry_after({"retry-after": "Tue, 24 Nov 2026 07:00:00 GMT"}, ours) == 0.0
    assert [retry_after({"retry-after": text}, ours) for text in ("", "soon", "-1", "²")] == [None] * 4


def test_a_date_to_wait_for_from_a_server_whose_clock_is_ahead(skewed: Apis) -> None:
    until = datetime.now(UTC) + skewed.ahead + timedelta(seconds=1)
    skewed.offers = offers(3)
    skewed.faults = [status(429, Retry_After=until.strftime("%a, %d %b %Y %H:%M:%S GMT"))]
    answer, _ = once(skewed)
    assert answer.status == 200


def test_an_answer_that_never_ends_is_given_up(apis: Apis) -> None:
    apis.offers, apis.faults = offers(3), [silence(apis)]
    answer, outcomes = once(apis, patience=replace(QUICK, answer=0.3))
    assert (answer.status, outcomes) == (200, ["taken", "failed", "taken"])


def test_no_answer_at_all_is_said_with_the_place(apis: Apis) -> None:
    apis.faults = [status(502)] * 10
    with pytest.raises(SourceUnavailable, match="API of job offers gave no answer in 4 attempts: status 502"):
        once(apis)
    assert len(apis.asked) == QUICK.attempts


def test_nobody_listening_is_said() -> None:
    with pytest.raises(SourceUnavailable, match="token service gave no answer"):
        once(Apis(url="http://127.0.0.1:9"))


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (status(400), SourceChanged, "does not understand"),
        (status(422), SourceChanged, "does not understand"),
        (status(404), SourceChanged, "not there any more"),
        (status(410), SourceChanged, "not there any more"),
        (status(301, Location="https://new.example.org/x?secret=1"), SourceChanged, "moved to new.example.org"),
        (status(403), SourceRefused, "no right"),
    ],
)
def test_what_does_not_pass_is_said_at_once(apis: Apis, fault: Any, kind: type[BeffroiError], words: str) -> None:
    apis.faults = [fault]
    with pytest.raises(kind, match=words) as error:
        once(apis)
    assert error.value.fix
    assert "France Travail's API of job offers" in error.value.message
    assert len(apis.asked) == 1


def test_a_wrong_secret_is_refused_and_never_shown(apis: Apis) -> None:
    with pytest.raises(SourceRefused, match="token service refuses our credentials") as error:
        once(apis, secret="another-secret")  # noqa: S106  # that nobody has
    assert "another-secret" not in str(error.value)
    assert SECRET not in repr(settings(apis))


def test_a_missing_scope_is_told_from_wrong_credentials(apis: Apis) -> None:
    apis.granted = {"api_evenementsv1", "evenements", "api_offresdemploiv2"}
    with pytest.raises(SourceRefused, match="no right") as error:
        once(apis)
    assert "scopes" in error.value.fix


def test_a_fixed_token_that_is_refused_is_not_tried_again(apis: Apis) -> None:
    polled = feed("data-inclusion", ("59",))
    ask = polled.question("services 59", 0)
    with pytest.raises(SourceRefused, match="data·inclusion refuses"):
        asking(apis, lambda opened: opened.ask(ask), polled, token="old")  # noqa: S106  # that nobody has
    assert len(apis.asked) == 1


def test_a_body_without_end_is_cut_off(apis: Apis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.pollers.edge.MOST_BYTES", 1000)
    apis.offers, apis.faults = offers(3), [content(b" " * 1001)]
    with pytest.raises(SourceChanged, match="more than 1000 bytes"):
        once(apis)


def test_questions_keep_the_rate(apis: Apis) -> None:
    polled = small_offres()
    polled.rate = 20.0

    async def work(opened: Edge) -> float:
        await opened.ask(ASK)
        began = monotonic()
        await asyncio.gather(*(opened.ask(ASK) for _ in range(11)))
        return monotonic() - began

    seconds, _ = asking(apis, work, polled)
    assert seconds >= 0.5


def test_missing_credentials_name_the_setting(apis: Apis) -> None:
    bare = settings(apis).model_copy(update={"france_travail_client_secret": None})

    async def work() -> None:
        async with edge(small_offres(), bare, lambda *_: None, system_clock):
            raise AssertionError

    with pytest.raises(SettingsError, match="BEFFROI_FRANCE_TRAVAIL_CLIENT_SECRET"):
        asyncio.run(work())


def test_an_unknown_source_names_those_there_are() -> None:
    with pytest.raises(SettingsError, match="offres, evenements, data-inclusion"):
        feed("kairos", ())


def test_only_what_is_documented_is_asked(apis: Apis) -> None:
    once(apis)
    stretch = "minCreationDate=2025-11-24T08:00:00Z&maxCreationDate=2026-11-25T08:00:00Z"
    assert apis.asked == [f"/offresdemploi/v2/offres/search?range=0-4&sort=1&departement=59&{stretch}"]
    assert Ask("/x").body is None
