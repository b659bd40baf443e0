"""Forty bad kinds of tokens get one and the same answer; good ones open their own sources alone."""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import time
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from connectors.kafka.settings import KafkaSettings
from schemas.clock import system_clock
from tests.gateway.conftest import Site
from tests.gateway.desk import Gateway, Reply, offer

pytestmark = pytest.mark.kafka
ISSUER = "https://issuer.test"
RSA, EC = RSAKey.generate_key(2048, {"kid": "r1"}), ECKey.generate_key("P-256", {"kid": "e1"})
OKP = OKPKey.generate_key("Ed25519", {"kid": "o1"})
LATER, STRANGER = ECKey.generate_key("P-256", {"kid": "e2"}), ECKey.generate_key("P-256", {"kid": "e1"})
ALGORITHMS = ["RS256", "ES256", "EdDSA", "Ed25519", "HS256", "PS256", "none"]


@dataclass
class Issuer:
    """An OAuth2 issuer's keys over HTTP."""

    url: str
    keys: list[Any] = field(default_factory=lambda: [RSA, EC, OKP])
    asked: int = 0


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name that http.server calls
            found.asked += 1
            body = json.dumps({"keys": [key.as_dict(private=False) for key in found.keys]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Issuer(f"http://127.0.0.1:{server.server_address[1]}/jwks")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def guarded(
    site: Site, kafka: KafkaSettings, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    folder: Path = tmp_path_factory.mktemp("guarded")
    with Gateway(
        kafka.bootstrap, site.prefix, folder, gateway_issuer=ISSUER, gateway_jwks_url=issuer.url
    ) as gateway:  # fmt: skip
        yield gateway


def claims(**more: Any) -> dict[str, Any]:
    now = int(time())
    made = {"iss": ISSUER, "aud": "beffroi", "sub": "ft", "exp": now + 600, "beffroi_sources": "offres", **more}
    return {name: value for name, value in made.items() if value is not None}


def signed(key: Any = EC, algorithm: str = "ES256", header: dict[str, Any] | None = None, **more: Any) -> str:
    head = {"alg": algorithm, "kid": key.kid, **(header or {})}
    named = {name: value for name, value in head.items() if value is not None}
    return jwt.encode(named, claims(**more), key, algorithms=ALGORITHMS)


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def unsigned(algorithm: str, signature: str = "") -> str:
    return f"{part({'alg': algorithm, 'kid': 'e1'})}.{part(claims())}.{signature}"


def by_public_key() -> str:
    """HMAC with the issuer's public key: the classic confusion."""
    public = RSA.as_pem(private=False)
    return jwt.encode(
        {"alg": "HS256", "kid": "r1"},
        claims(),
        OctKey.import_key(base64.urlsafe_b64encode(public).decode()),
        algorithms=["HS256"],
    )


def bad_tokens(gateway: Gateway) -> dict[str, str | None]:
    good = gateway.token
    expired = gateway.tokens.issue("ft", ["offres"], system_clock() - timedelta(days=3), 1)[0]
    revoked, entry = gateway.tokens.issue("ft", ["offres"], system_clock())
    gateway.tokens.revoke(entry.id)
    head, body, tail = signed().split(".")
    now = int(time())
    return {
        "no header": None, "empty": "", "scheme alone": "Bearer", "scheme and space": "Bearer ",
        "another scheme": f"Basic {good}", "no scheme": good, "two spaces": f"Bearer  {good}",
        "text behind": f"Bearer {good} x", "cut": f"Bearer {good[:-1]}", "one letter more": f"Bearer {good}a",
        "other case": f"Bearer {good.swapcase()}", "prefix alone": "Bearer bft_", "unknown": "Bearer bft_" + "A" * 43,
        "its hash": f"Bearer {gateway.tokens.all()[0].sha256}", "its id": f"Bearer {gateway.tokens.all()[0].id}",
        "expired": f"Bearer {expired}", "revoked": f"Bearer {revoked}", "not ASCII": "Bearer bft_é",
        "endless": "Bearer " + "a" * 9_000, "quoted": f'Bearer "{good}"',
        "two at once": f"Bearer {good},{good}",
        "alg none": f"Bearer {unsigned('none')}",
        "alg NONE": f"Bearer {unsigned('NONE')}",
        "no alg": f"Bearer {part({'kid': 'e1'})}.{body}.{tail}",
        "alg a list": f"Bearer {part({'alg': ['ES256'], 'kid': 'e1'})}.{body}.{tail}",
        "no signature": f"Bearer {head}.{body}.",
        "signature of another": f"Bearer {head}.{body}.{signed(sub='x').split('.')[2]}",
        "other claims": f"Bearer {head}.{part(claims(sub='admin'))}.{tail}", "two parts": f"Bearer {head}.{body}",
        "four parts": f"Bearer {head}.{body}.{tail}.x", "no base64": "Bearer ä.b.c",
        "no JSON": f"Bearer {'e30x'}.{body}.{tail}",
        "by the public key": f"Bearer {by_public_key()}", "a stranger's key": f"Bearer {signed(STRANGER)}",
        "unknown key": f"Bearer {signed(header={'kid': 'zz'})}", "no key id": f"Bearer {signed(header={'kid': None})}",
        "another kind of key": f"Bearer {signed(header={'kid': 'r1'})}", "PS256": f"Bearer {signed(RSA, 'PS256')}",
        "key in the header": f"Bearer {signed(STRANGER, header={'kid': 'zz', 'jwk': STRANGER.as_dict(private=False)})}",
        "past": f"Bearer {signed(exp=now - 60)}", "no expiry": f"Bearer {signed(exp=None)}",
        "expiry a text": f"Bearer {signed(exp='never')}", "not yet": f"Bearer {signed(nbf=now + 600)}",
        "another issuer": f"Bearer {signed(iss='https://evil.test')}", "no issuer": f"Bearer {signed(iss=None)}",
        "another audience": f"Bearer {signed(aud='portal')}", "no audience": f"Bearer {signed(aud=None)}",
        "no subject": f"Bearer {signed(sub=None)}", "no sources": f"Bearer {signed(beffroi_sources='')}",
        "sources a number": f"Bearer {signed(beffroi_sources=7)}",
    }  # fmt: skip


def post(gateway: Gateway, header: str | None) -> Reply:
    headers = {"Content-Type": "application/json", **({} if header is None else {"Authorization": header})}
    named = {name: value.encode() if name == "Authorization" else value for name, value in headers.items()}
    return gateway.ask("POST", "/v1/contracts/JobOffer?dry_run=true", b"[]", named)  # type: ignore[arg-type]  # bytes as they are


def test_every_bad_token_gets_the_same_answer_and_none_is_logged(guarded: Gateway) -> None:
    bad = bad_tokens(guarded)
    assert len(bad) >= 40
    answers = {name: post(guarded, header) for name, header in bad.items()}
    assert {name for name, one in answers.items() if one.status != 401} == set()
    assert len({one.body for one in answers.values()}) == 1
    assert {one.headers["www-authenticate"] for one in answers.values()} == {'Bearer realm="beffroi"'}
    assert all(set(one.headers) == set(answers["no header"].headers) for one in answers.values())
    text = guarded.text()
    assert not any(len(secret) > 20 and secret in text for header in bad.values() if header for secret in [header[7:]])
    assert guarded.token not in guarded.tokens._path.read_text()


@pytest.mark.parametrize("make", [signed, lambda: signed(RSA, "RS256"), lambda: signed(OKP, "Ed25519")])
def test_a_token_of_the_issuer_opens_its_sources(guarded: Gateway, make: Callable[[], str]) -> None:
    assert guarded.post("/v1/contracts/JobOffer?dry_run=true", [offer(1)], token=make()).counts == (1, 0, 0)
    other = guarded.post("/v1/contracts/JobOffer?source=kairos", [offer(1)], token=make())
    assert (other.status, other.json["sources"]) == (403, ["offres"])


def test_strangers_cannot_make_us_ask_the_issuer_for_keys_again_and_again(guarded: Gateway, issuer: Issuer) -> None:
    for number in range(20):
        assert (
            guarded.post("/v1/contracts/JobOffer", [], token=signed(LATER, header={"kid": f"x{number}"})).status == 401
        )
    assert issuer.asked <= 2


def test_a_revoked_token_is_invalid_at_once(gateway: Gateway) -> None:
    text, entry = gateway.tokens.issue("short", ["offres"], system_clock())
    assert gateway.post("/v1/contracts/JobOffer?dry_run=true", [offer(1)], token=text).status == 200
    gateway.tokens.revoke(entry.id)
    assert gateway.post("/v1/contracts/JobOffer?dry_run=true", [offer(1)], token=text).status == 401


def test_a_partner_publishes_its_own_sources_and_what_they_are_registered_for(gateway: Gateway) -> None:
    both = gateway.issue("two", "offres", "kairos")
    unclear = gateway.post("/v1/contracts/JobOffer", [offer(1)], token=both)
    assert (unclear.status, unclear.json["sources"]) == (400, ["kairos", "offres"])
    unfit = gateway.post("/v1/contracts/JobOffer?source=kairos", [offer(1)], token=both)
    assert (unfit.status, unfit.json["type"]) == (403, "/problems/forbidden")
    assert gateway.post("/v1/contracts/JobOffer?source=offres&dry_run=1", [offer(1)], token=both).status == 200
