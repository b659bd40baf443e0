"""A certificate: the whole sheet against a running gateway, in the sandbox, and what came of each step."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

import orjson
from joserfc.jwk import OKPKey

from beffroi.kit.broken import bad_samples
from beffroi.kit.check import Checked, check
from beffroi.kit.folder import Start, start
from beffroi.kit.sheet import Ask, Came, Matter, Step, sheet
from connectors.formats.base import Format
from connectors.gateway.contracts import ContractFormat, contract_formats
from connectors.gateway.witness import KEY_PATH, NONCE, WITNESS, key_of
from connectors.inputs import Input
from connectors.intake import Intake
from schemas.clock import Clock
from schemas.contracts import sources
from schemas.errors import FileRefused, KafkaUnavailable, SettingsError
from schemas.examples import examples
from schemas.topics import SANDBOX_SOURCES, in_sandbox

#: A publication that waits for a broker takes up to a minute.
_TIMEOUT_S: Final = 90.0
#: Of the form of certificates.
_VERSION: Final = 2


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that was taken."""

    step: Step
    came: Came
    holds: bool

    def as_json(self) -> dict[str, Any]:
        """For the certificate."""
        told = {"step": self.step.name, "expected": self.step.expected, "came": str(self.came), "holds": self.holds}
        answer = self.came.body.decode("utf-8", "replace")
        return {**told, "witness": self.came.headers.get(WITNESS), "answer": answer}


class Gateway:
    """A gateway as a partner reaches it.

    Args:
        address: ``http://host:port`` or https.
        token: The partner's.

    Raises:
        SettingsError: The address is none.
    """

    def __init__(self, address: str, token: str) -> None:
        self._address: SplitResult = urlsplit(address)
        if self._address.scheme not in {"http", "https"} or not self._address.hostname:
            raise SettingsError("the gateway's address is no URL", fix="write it as https://gateway.example.org")
        self._tokens = {"ours": f"Bearer {token}", "wrong": "Bearer bft_wrong", "none": ""}

    def key(self) -> OKPKey:
        """Its public key.

        Raises:
            KafkaUnavailable: It does not answer.
            SettingsError: It gives none.
        """
        return key_of(self._address.geturl(), self._answer("GET", KEY_PATH, {}, b"").body)

    def ask(self, ask: Ask, nonce: str) -> Came:
        """The answer, signed; raises KafkaUnavailable when there is none."""
        return self._answer("POST", ask.path, {**self._headers(ask), NONCE: nonce}, ask.body)

    def _answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Came:
        kind = HTTPSConnection if self._address.scheme == "https" else HTTPConnection
        connection = kind(self._address.netloc, timeout=_TIMEOUT_S)
        try:
            connection.putrequest(method, self._address.path.rstrip("/") + path)
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.endheaders(body or None)
            response = connection.getresponse()
            came = {name.lower(): value for name, value in response.getheaders()}
            return Came(response.status, came, response.read())
        except (OSError, HTTPException) as error:
            raise KafkaUnavailable(
                f"the gateway gave no answer ({type(error).__name__})", fix="start it, or correct --gateway; then again"
            ) from None
        finally:
            connection.close()

    def _headers(self, ask: Ask) -> Mapping[str, str]:
        length = len(ask.body) if ask.announced is None else ask.announced
        token = {"Authorization": self._tokens[ask.whose]} if self._tokens[ask.whose] else {}
        return {"Content-Length": str(length), **ask.headers, **token}


def certify(gateway: Gateway, matter: Matter, tell: Callable[[Taken], None]) -> list[Taken]:
    """Take every step, and tell each at once; one that fails does not stop the others.

    Raises:
        KafkaUnavailable: The gateway does not answer.
    """
    came: dict[str, Came] = {}
    taken = []
    for step in sheet(matter):
        came[step.name] = gateway.ask(step.ask, nonce_of(matter, step))
        taken.append(Taken(step, came[step.name], step.holds(came[step.name], came)))
        tell(taken[-1])
    return taken


def nonce_of(matter: Matter, step: Step) -> str:
    """What binds an answer to a step of a run."""
    return f"{matter.run}/{step.name}"


def certificate(
    partner: str, matter: Matter, address: str, taken: list[Taken], began: str, clock: Clock
) -> dict[str, Any]:
    """What is written; who reads it believes what the gateway signed (``beffroi.kit.proof``)."""
    return {
        "version": _VERSION,
        "partner": partner,
        "format": matter.form.name,
        "contract": matter.contract.name,
        "source": matter.source,
        "run": matter.run,
        "gateway": address,
        "began_at": began,
        "ended_at": clock().isoformat(),
        "passed": all(one.holds for one in taken),
        "steps": [one.as_json() for one in taken],
    }


def matter_of(form: Format, source: str, intake: Intake, run: str) -> Matter:
    """What is published for a form; every part of it was checked offline.

    Args:
        form: How the partner writes.
        source: A sandbox's.
        intake: Checks.
        run: Makes keys of this run; small letters and digits.

    Raises:
        SettingsError: The source is no sandbox's: what is published here is invented.
        FileRefused: No example fits.
    """
    if not in_sandbox(source):
        raise SettingsError(
            f"source {source} is no sandbox",
            fix=f"use one whose name begins with {SANDBOX_SOURCES}: nothing of it is real",
        )
    contract = _contract(form)

    def judge(content: bytes, of: Format = form) -> Checked:
        return check(intake, Input.of_bytes(content, f"sample{of.suffixes[0]}"), of, source=source)

    def fits(record: Mapping[str, Any]) -> bool:
        return judge(orjson.dumps([{**record, "version": 1}]), contract).exit_code == 0

    record = _first(_records(contract, source, f"certificate-{run}"), fits)
    corrected = _first(_changes(record, contract), fits)
    begun = _begun(form, source, fits)
    return Matter(
        source, form, begun.good, tuple(bad_samples(begun.good, judge)), contract, record, corrected, run
    )  # fmt: skip


def _contract(form: Format) -> ContractFormat:
    """The contract in which single records are sent: the form itself, or the first that its records stand for."""
    if isinstance(form, ContractFormat):
        return form
    counted = sorted(name for name in form.writes if name.rpartition(".")[2] not in form.carries)
    return contract_formats()[counted[0]]


def _begun(form: Format, source: str, fits: Callable[[Mapping[str, Any]], bool]) -> Start:
    """The good file: the format's sample, or a record of the contract under the sandbox's own key."""
    if not isinstance(form, ContractFormat):
        return start(form)
    record = _first(_records(form, source, "certificate"), fits)
    return Start(form, source, orjson.dumps([record], option=orjson.OPT_INDENT_2) + b"\n")


def _records(contract: ContractFormat, source: str, key: str) -> Iterator[dict[str, Any]]:
    """The contract's examples as things of the sandbox, under its own key where sources may choose one."""
    for example in examples(contract.name).valid:
        record = {**example, "source": source, "source_key": key}
        record.pop("version", None)
        root = sources()[contract.name]["root"]
        yield {**record, root: f"{source}:{key}"}
        yield record


def _changes(record: Mapping[str, Any], contract: ContractFormat) -> Iterator[dict[str, Any]]:
    """The record with one text, number or day changed, whichever its contract allows."""
    kept = {sources()[contract.name]["root"], "source", "source_key", "person"}
    for name, value in record.items():
        if name not in kept and not name.endswith("_id"):
            yield from ({**record, name: other} for other in _others(value))


def _others(value: object) -> Iterator[object]:
    if isinstance(value, str):
        yield f"{value} bis"
        with suppress(ValueError):
            yield (date.fromisoformat(value) + timedelta(days=1)).isoformat()
    elif isinstance(value, int) and not isinstance(value, bool):
        yield value + 1


def _first(candidates: Iterator[dict[str, Any]], fits: Callable[[Mapping[str, Any]], bool]) -> dict[str, Any]:
    found = next((one for one in candidates if fits(one)), None)
    if found is None:
        raise FileRefused(
            "no example of the contract can be published for a sandbox", fix="report it: a defect of ours"
        )
    return found
