"""A gateway process and what partners do with it, for tests."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Self

from beffroi.stack.supervisor import healthy
from connectors.gateway import TokenFile
from connectors.gateway.settings import token_file
from schemas.clock import system_clock
from schemas.examples import examples
from tests.ports import free_port
from tests.waiting import until

OFFER = "beffroi.offers.v1.JobOffer"


@dataclass(frozen=True)
class Reply:
    """An answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def counts(self) -> tuple[int, int, int]:
        """Accepted, duplicate, refused."""
        tally = self.json["tally"]
        return tally["accepted"], tally["duplicate"], tally["refused"]


def offer(number: int, **fields: Any) -> dict[str, Any]:
    """An offer of the source ``offres``; its version is 1."""
    own = {"offer_id": f"offres:{number}", "source_key": str(number), "source": "offres", "version": 1}
    return {**examples(OFFER).valid[0], **own, **fields}


class Gateway:
    """``beffroi gateway`` as a process of its own.

    Args:
        bootstrap: The broker.
        prefix: Of the topics.
        folder: Its data folder.
        settings: More settings, by name.
    """

    def __init__(self, bootstrap: str, prefix: str, folder: Path, **settings: str) -> None:
        self.port = free_port()
        self.log = folder / f"gateway-{self.port}.log"
        self.tokens = TokenFile(token_file(folder))
        made = {
            "KAFKA": bootstrap,
            "TOPIC_PREFIX": prefix,
            "DATA_DIR": str(folder),
            "GATEWAY_PORT": str(self.port),
            "GATEWAY_PER_MINUTE": "60000",
            "GATEWAY_BURST": "1000",
            "LOG_FORMAT": "json",
        }
        names = {f"BEFFROI_{name.upper()}": value for name, value in (made | settings).items()}
        self._environment = os.environ | names
        self._process: subprocess.Popen[bytes] | None = None
        self.token = self.issue("france-travail", "offres")

    def __enter__(self) -> Self:
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "beffroi", "gateway"], env=self._environment, stdout=out, stderr=out
            )
        until(lambda: healthy("127.0.0.1", self.port), 30, "gateway ready")
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.terminate()
        assert self._process.wait(30) == 0, self.text()[-2000:]

    @property
    def pid(self) -> int:
        """Of the process."""
        assert self._process is not None
        return self._process.pid

    def issue(self, partner: str, *sources: str) -> str:
        """A token."""
        return self.tokens.issue(partner, sources, system_clock())[0]

    def text(self) -> str:
        """What it logged."""
        return self.log.read_text("utf-8", "replace")

    def post(
        self, path: str, body: Any, headers: Mapping[str, str | None] | None = None, token: str | None = None
    ) -> Reply:
        """Post something: a list of records as JSON, bytes as they are. A header of None is left out."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"Content-Type": "application/json", "Authorization": f"Bearer {token or self.token}", **(headers or {})}
        return self.ask("POST", path, data, {name: value for name, value in sent.items() if value is not None})

    def offers(self, records: list[dict[str, Any]], query: str = "", **headers: str) -> Reply:
        """Post offers to the contract's door."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.post(f"/v1/contracts/JobOffer{query}", records, named)

    def ask(self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> Reply:
        """One request over a connection of its own."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=90)
        try:
            connection.request(method, path, body, dict(headers or {}))
            response = connection.getresponse()
            return Reply(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()
