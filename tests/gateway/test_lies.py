"""Clients that lie about what they send, or drip it: each is answered, none is believed, and the gateway lives on."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import closing
from itertools import count

import pytest

from connectors.gateway.bodies import _timely
from connectors.gateway.problems import Rejected
from schemas.topics import FAILURES
from tests.bus import table
from tests.gateway.conftest import Site
from tests.gateway.desk import Gateway, offer
from tests.gateway.test_limits import DOOR, head, is_problem

JSON = "Content-Type: application/json"
CHUNKED = "Transfer-Encoding: chunked"
LIES = {
    "a chunk of no size": ((CHUNKED,), b"zz\r\n[]\r\n0\r\n\r\n"),
    "a chunk of a negative size": ((CHUNKED,), b"-2\r\n[]\r\n0\r\n\r\n"),
    "a chunk of more than a machine holds": ((CHUNKED,), b"f" * 40 + b"\r\n[]\r\n"),
    "a chunk longer than it says": ((CHUNKED,), b"1\r\n[][]\r\n0\r\n\r\n"),
    "a length of letters": (("Content-Length: two",), b"[]"),
    "a negative length": (("Content-Length: -2",), b"[]"),
    "two lengths": (("Content-Length: 2", "Content-Length: 40"), b"[]"),
    "an encoding of transfer that nobody knows": (("Transfer-Encoding: gzip",), b"[]"),
    "a header without a name": ((": x", "Content-Length: 2"), b"[]"),
    "a NUL in a header": (("X: a\0b", "Content-Length: 2"), b"[]"),
}


def said(gateway: Gateway, sent: bytes) -> bytes:
    with closing(socket.create_connection(("127.0.0.1", gateway.port), 20)) as client:
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: client.recv(65_536), b""))


@pytest.mark.kafka
@pytest.mark.parametrize("lie", LIES)
def test_who_lies_about_the_body_is_refused_and_the_next_one_is_served(gateway: Gateway, lie: str) -> None:
    headers, body = LIES[lie]
    answer = said(gateway, head(gateway, JSON, *headers) + body)
    assert re.match(rb"HTTP/1.1 4\d\d ", answer), answer[:200]
    assert b"Traceback" not in answer
    assert "Traceback" not in gateway.text()
    assert gateway.offers([offer(7_300)], "?dry_run=true").status == 200


@pytest.mark.kafka
def test_a_body_that_nobody_can_read_is_told_to_operators_and_a_token_that_is_none_is_not(site: Site) -> None:
    def told() -> dict[str, tuple[str, str]]:
        return {key: (one["door"], one["cause"]) for key, one in table(site.kafka, site.prefix + FAILURES).items()}

    token = site.gateway.issue("organisme", "kairos")
    wrong = {"Content-Type": "text/xml", "Authorization": f"Bearer {token}x"}
    assert site.gateway.post("/v1/formats/kairos-csv", b"<x/>", wrong).status == 401
    assert "kairos" not in told()
    assert site.gateway.post("/v1/formats/kairos-csv", b"<x/>", {"Content-Type": "text/xml"}, token=token).status == 415
    assert told()["kairos"] == ("GATEWAY", "REFUSED")
    sandbox = site.gateway.issue("organisme", "sandbox-organisme")
    assert site.gateway.post("/v1/formats/kairos-csv", b"<x/>", {"Content-Type": "text/xml"}, sandbox).status == 415
    assert "sandbox-organisme" not in told()


@pytest.mark.kafka
@pytest.mark.parametrize(
    ("door", "kind"),
    [
        ("/v1/formats/kairos-csv", "application/json"), ("/v1/formats/offres-json", "text/csv"),
        ("/v1/formats/intercarif-xml", "application/pdf"), ("/v1/formats/kairos-csv", "multipart/form-data"),
        (DOOR, "application/xml"), (DOOR, "image/png"), (DOOR, "json"), (DOOR, "application/json/x"),
    ],
)  # fmt: skip
def test_what_is_not_of_the_door_is_refused_by_its_type(gateway: Gateway, door: str, kind: str) -> None:
    reply = gateway.post(
        door,
        b"[]",
        {"Content-Type": kind},
        None if door == DOOR else gateway.issue("types", "kairos", "offres", "intercarif"),
    )
    assert is_problem(reply, 415, "media-type")
    assert reply.json["known"]


def test_who_drips_a_byte_now_and_then_is_given_up_though_never_silent() -> None:
    clock = count(0.0, 0.5)  # half a second from one look to the next

    async def drip() -> AsyncIterator[bytes]:
        while True:
            yield b"x"

    taken: list[bytes] = []

    async def received() -> None:
        async for chunk in _timely(drip(), 20.0, lambda: next(clock)):
            taken.append(chunk)  # noqa: PERF401  # a comprehension would lose them

    with pytest.raises(Rejected) as found:
        asyncio.run(received())
    assert found.value.code == "slow"
    assert 50 <= len(taken) <= 61
