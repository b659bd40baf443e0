"""What the gateway turns away: too much, too slow, too often, unknown, broken; always as a problem document."""

import gzip
import json
import socket
from contextlib import closing
from typing import Any

import pytest

from connectors.kafka.settings import KafkaSettings
from tests.bus import records
from tests.conftest import PARTITIONS
from tests.gateway.conftest import Site
from tests.gateway.desk import Gateway, Reply, offer
from tests.waiting import until

pytestmark = pytest.mark.kafka
DOOR = "/v1/contracts/JobOffer"


def is_problem(reply: Reply, status: int, code: str) -> bool:
    assert (reply.status, reply.headers["content-type"]) == (status, "application/problem+json"), reply
    assert (reply.json["status"], reply.json["type"]) == (status, f"/problems/{code}"), reply
    assert "Traceback" not in reply.body.decode()
    return True


def test_unknown_names_types_addresses_and_terms_are_said_with_a_way_out(gateway: Gateway) -> None:
    near = gateway.post("/v1/formats/kairos-cvs", b"x")
    assert is_problem(near, 415, "unknown-format")
    assert near.json["nearest"] == "kairos-csv"
    assert "offres-json" in near.json["known"]
    form = gateway.post(DOOR, b"[]", {"Content-Type": "application/x-www-form-urlencoded"})
    assert is_problem(form, 415, "media-type")
    assert "application/json" in form.json["known"]
    assert is_problem(gateway.post(DOOR, b"[]", {"Content-Encoding": "br"}), 415, "media-type")
    assert is_problem(gateway.ask("GET", "/v2"), 404, "not-found")
    assert is_problem(gateway.ask("GET", DOOR), 405, "method")
    assert is_problem(gateway.post(f"{DOOR}?atomc=true", []), 400, "query")
    assert is_problem(gateway.post(f"{DOOR}?as_of=yesterday", []), 400, "query")


def test_problems_are_french_for_those_who_prefer_it(gateway: Gateway) -> None:
    for languages, word in (("fr", "rien"), ("fr-FR,en;q=0.8", "rien"), ("en,fr;q=0.5", "nothing"), ("de", "nothing")):
        reply = gateway.ask("GET", "/v2", headers={"Accept-Language": languages})
        assert word in reply.json["title"], languages


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[", b"nul", b'"x"', b"[1,", b"[" * 100_000, b"\xff\xfe[\x00]\x00", b"PK\x03\x04x", b"\x1f\x8b",
        b"[]", b'[{"a":NaN}]', b"{}{", b'{"a":1}\n{"b"',
    ],
)  # fmt: skip
def test_broken_bodies_are_refused_whole(gateway: Gateway, body: bytes) -> None:
    assert is_problem(gateway.post(DOOR, body), 400, "malformed")


def test_a_broken_record_is_refused_alone(gateway: Gateway) -> None:
    deep: Any = {}
    for _ in range(60):
        deep = {"a": deep}
    nir = offer(7_001, description="n° 2 55 08 14 168 025 38")
    reply = gateway.post(DOOR, [3, deep, {"source_key": 5}, nir, offer(7_002)])
    assert reply.counts == (1, 0, 4)
    assert [one["problems"][0]["code"] for one in reply.json["verdicts"][:2]] == ["type", "too-deep"]
    assert reply.json["verdicts"][3]["problems"][0]["code"] == "nir"


def test_a_body_over_the_limit_is_not_taken_said_or_not(gateway: Gateway) -> None:
    large = b" " * ((8 << 20) + 1)
    assert is_problem(gateway.post(DOOR, large), 413, "too-large")
    assert is_problem(gateway.post(DOOR, gzip.compress(large), {"Content-Encoding": "gzip"}), 413, "too-large")


def test_a_bomb_is_stopped_and_broken_gzip_is_said(gateway: Gateway) -> None:
    bomb = gzip.compress(b"0" * (6 << 20))
    reply = gateway.post(DOOR, bomb, {"Content-Encoding": "gzip"})
    assert is_problem(reply, 413, "too-large")
    assert "times its size" in reply.json["detail"]
    whole = gzip.compress(json.dumps([offer(1)]).encode())
    for broken in (whole[:-9], b"no gzip at all", whole[:10] + b"\xff" * 20):
        assert is_problem(gateway.post(DOOR, broken, {"Content-Encoding": "gzip"}), 400, "malformed")
    two = gzip.compress(b"[") + gzip.compress(json.dumps(offer(1)).encode() + b"]")
    assert gateway.post(f"{DOOR}?dry_run=1", two, {"Content-Encoding": "gzip"}).status == 200


def head(gateway: Gateway, *more: str) -> bytes:
    lines = (f"POST {DOOR} HTTP/1.1", "Host: x", f"Authorization: Bearer {gateway.token}", *more)
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def test_a_client_that_stops_sending_is_given_up(gateway: Gateway) -> None:
    with closing(socket.create_connection(("127.0.0.1", gateway.port), 20)) as client:
        client.sendall(head(gateway, "Transfer-Encoding: chunked") + b"1\r\n[\r\n")
        answer = b"".join(iter(lambda: client.recv(65_536), b""))
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"/problems/slow" in answer


@pytest.mark.parametrize("how", ["Content-Length: 100000", "Transfer-Encoding: chunked"])
def test_a_cut_connection_leaves_nothing(site: Site, how: str) -> None:
    gateway = site.gateway
    number = 7_100 + len(how)
    line = json.dumps(offer(number)).encode() + b"\n"
    before = gateway.text().count('"status": 499')
    with closing(socket.create_connection(("127.0.0.1", gateway.port), 20)) as client:
        body = line if how.startswith("Content") else b"%x\r\n%b\r\n" % (len(line), line)
        client.sendall(head(gateway, how) + body)
    until(lambda: gateway.text().count('"status": 499') > before, 20, "the cut is noticed")
    found = records(site.kafka, site.prefix + "offers.events.v1", PARTITIONS)
    assert f"offres:{number}" not in {one["offer_id"] for one in found}


def test_a_quota_turns_its_own_partner_away_and_nobody_else(kafka: KafkaSettings, topics: str, tmp_path: Any) -> None:
    with Gateway(kafka.bootstrap, topics, tmp_path, gateway_per_minute="6", gateway_burst="3") as gateway:
        replies = [gateway.offers([offer(n)], "?dry_run=true") for n in range(6)]
        turned = [one for one in replies if one.status == 429]
        assert len(turned) >= 2
        assert is_problem(turned[0], 429, "quota")
        assert int(turned[0].headers["retry-after"]) >= 1
        assert turned[0].headers["ratelimit-policy"] == '"partner";q=3;w=30'
        assert "r=0" in turned[0].headers["ratelimit"]
        other = gateway.post(f"{DOOR}?dry_run=true", [offer(1)], token=gateway.issue("other", "offres"))
        assert other.status == 200


def test_what_happened_is_logged_without_content_and_measured(gateway: Gateway) -> None:
    before = gateway.text().count('"request answered"')
    gateway.offers([offer(7_200, title="Chaudronnier secret")])
    until(lambda: gateway.text().count('"request answered"') > before, 20, "it is told, once the answer is out")
    lines = [json.loads(line) for line in gateway.text().splitlines() if '"request answered"' in line]
    assert {"door", "partner", "format", "status", "seconds", "accepted", "refused"} <= lines[-1].keys()
    assert "secret" not in gateway.text()
    assert "Traceback" not in gateway.text()
    metrics = gateway.ask("GET", "/metrics").body.decode()
    assert 'beffroi_gateway_requests_total{door="contracts",status="200"}' in metrics
    assert "beffroi_gateway_kafka_up 1.0" in metrics


def test_the_description_names_every_answer_and_every_example_is_taken(gateway: Gateway) -> None:
    described = gateway.ask("GET", "/openapi.json").json
    door = described["paths"]["/v1/contracts/{contract}"]["post"]
    assert {"200", "207", "400", "401", "403", "408", "409", "413", "415", "422", "429", "500", "503"} <= set(
        door["responses"]
    )
    assert described["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    terms = {one["name"] for one in door["parameters"]}
    assert {"source", "as_of", "snapshot", "atomic", "dry_run", "Idempotency-Key"} <= terms
    example = door["requestBody"]["content"]["application/json"]["example"]
    assert gateway.post(f"{DOOR}?dry_run=true", example).status == 200
    for answer in door["responses"].values():
        for shown in answer["content"].get("application/problem+json", {}).get("examples", {}).values():
            assert gateway.ask("GET", shown["value"]["type"]).status == 200
