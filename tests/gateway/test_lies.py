"""Clients that lie about what they send, or drip it: each is answered, none is believed, and the gateway lives on."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack, closing, suppress
from itertools import count
from pathlib import Path
from time import monotonic

import pytest

from connectors.gateway.bodies import _timely
from connectors.gateway.problems import Rejected
from schemas.topics import FAILURES
from tests.bus import table
from tests.gateway.conftest import Site
from tests.gateway.desk import Gateway, offer
from tests.gateway.test_limits import DOOR, head, is_problem
from tests.waiting import until

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


LONG = 1 << 20
HEADS = {
    "a header of a megabyte": b"X: " + b"x" * LONG + b"\r\n",
    "a name of a megabyte": b"x" * LONG + b": x\r\n",
    "10,000 headers": b"".join(b"X-%d: %d\r\n" % (number, number) for number in range(10_000)),
    "a header that is folded over a megabyte": b"X: x\r\n" + b" x\r\n" * (LONG // 4),
}


def answered(client: socket.socket) -> bytes:
    """What comes before the connection ends; the gateway may end it while it is still being sent to."""
    found = b""
    with suppress(ConnectionError):
        while more := client.recv(65_536):
            found += more
    return found


def resident(gateway: Gateway) -> int:
    """Kilobytes that the gateway ever held."""
    status = Path(f"/proc/{gateway.pid}/status").read_text("ascii")
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1])  # type: ignore[index]  # Linux always says it


@pytest.mark.kafka
@pytest.mark.parametrize("what", [*HEADS, "an address of a megabyte", "nothing but letters"])
def test_a_head_that_is_too_long_is_refused_at_once_and_in_little_memory(gateway: Gateway, what: str) -> None:
    sent = {
        "an address of a megabyte": b"GET /" + b"x" * LONG + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        "nothing but letters": b"x" * LONG,
    }.get(what) or b"GET /health HTTP/1.1\r\nHost: x\r\n" + HEADS.get(what, b"") + b"\r\n"
    assert gateway.ask("GET", "/health").status == 200
    before, began = resident(gateway), monotonic()
    with closing(socket.create_connection(("127.0.0.1", gateway.port), 20)) as client:
        with suppress(ConnectionError):
            client.sendall(sent)
        answer = answered(client)
    assert re.match(rb"HTTP/1.1 4\d\d |$", answer), answer[:200]
    assert monotonic() - began < 10
    assert resident(gateway) - before < 16 << 10
    assert gateway.offers([offer(7_301)], "?dry_run=true").status == 200
    assert "Traceback" not in gateway.text()


@pytest.mark.kafka
@pytest.mark.parametrize("first", [b"", b"G", b"GET /health HTTP/1.1\r\nHost: x\r\nX: "])
def test_who_drips_a_head_is_given_up_and_others_are_served_meanwhile(gateway: Gateway, first: bytes) -> None:
    with ExitStack() as held:
        drips = [held.enter_context(socket.create_connection(("127.0.0.1", gateway.port), 20)) for _ in range(50)]
        for one in drips:
            one.sendall(first)

        def ended() -> bool:
            """Each sends one byte more and looks whether it was given up."""
            for one in list(drips):
                with suppress(BlockingIOError):
                    try:
                        if first:
                            one.send(b"x")
                        one.settimeout(0)
                        if one.recv(4_096)[:12] in {b"", b"HTTP/1.1 408"}:
                            drips.remove(one)
                    except ConnectionError:
                        drips.remove(one)
            return not drips

        assert gateway.offers([offer(7_302)], "?dry_run=true").status == 200
        until(ended, 15, "all that dripped were given up")
    assert gateway.offers([offer(7_302)], "?dry_run=true").status == 200


@pytest.mark.kafka
def test_a_second_request_on_a_connection_is_waited_for_no_longer(gateway: Gateway) -> None:
    with closing(socket.create_connection(("127.0.0.1", gateway.port), 20)) as client:
        client.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.recv(65_536).startswith(b"HTTP/1.1 200")
        client.sendall(b"GET /hea")
        assert answered(client).rpartition(b"HTTP/1.1 ")[2].startswith(b"408")
