"""Where processes listen: one that cannot says which setting is to be changed."""

import asyncio
import socket
from collections.abc import Iterator

import httpx2
import pytest
from prometheus_client import CollectorRegistry, Gauge

from monitoring.serve import Place, serve
from schemas.errors import SettingsError


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody else listens at."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def test_a_port_in_use_names_the_setting_of_the_process_that_wanted_it(taken: int) -> None:
    place = Place("inbox's monitoring", "BEFFROI_INBOX_PORT", "127.0.0.1", taken)
    with pytest.raises(SettingsError, match=f"the inbox's monitoring cannot listen at 127.0.0.1:{taken}") as caught:
        serve(place, CollectorRegistry(), lambda: (True, {}))
    assert "set BEFFROI_INBOX_PORT to another port" in caught.value.fix


def test_answers_do_not_wait_for_the_acknowledgement_of_what_was_sent_before() -> None:
    told: list[int] = []

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        told.append(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    async def ask() -> None:
        bound = Place("test", "BEFFROI_X", "127.0.0.1", 0).bound()
        async with await asyncio.start_server(answer, sock=bound):
            reader, writer = await asyncio.open_connection(*bound.getsockname())
            assert await reader.read() == b""
            writer.close()

    asyncio.run(ask())
    assert told == [1]


def test_metrics_and_health_are_served_until_it_is_stopped() -> None:
    registry = CollectorRegistry()
    Gauge("beffroi_some_rows", "Rows", registry=registry).set(3)
    server = serve(Place("test", "BEFFROI_X", "127.0.0.1", 0), registry, lambda: (False, {"why": "no"}))
    address = f"http://127.0.0.1:{server.port}"
    health = httpx2.get(f"{address}/health")
    assert (health.status_code, health.json()) == (503, {"status": "unwell", "why": "no"})
    assert "beffroi_some_rows 3.0" in httpx2.get(f"{address}/metrics").text
    server.stop()
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"{address}/health")
