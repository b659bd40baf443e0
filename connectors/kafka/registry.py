"""Schema ids from a registry, and our contracts into one.

Source of the API: Confluent Schema Registry, REST API reference, through confluent-kafka's client; Apicurio Registry
speaks it under ``/apis/ccompat/v7``. A registry cannot be told which id to give, so a deployment takes its ids either
from the lock file or from its registry; a record always says its own.
"""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from threading import Lock
from typing import Any, Final, NamedTuple, Self

from connectors.kafka.settings import KafkaSettings
from schemas.codec import Codec
from schemas.contracts import Contract, LockFile, contract, fingerprint, lock_file
from schemas.errors import ContractError, RegistryUnavailable, UnknownSchema, WrongSchema

#: What every subject of ours is held to; our own rules are stricter still.
COMPATIBILITY: Final = "FULL_TRANSITIVE"
_NOT_FOUND: Final = 404
_CACHE: Final = "registry.json"


def codec(settings: KafkaSettings) -> Codec:
    """The codec of a deployment: ids from its registry when it has one, else from the lock file."""
    if not settings.registry:
        return Codec()
    return Codec(RegistryIds(settings.registry, settings.registry_auth_text, settings.registry_cache))


class Pushed(NamedTuple):
    """One version of one contract in a registry.

    Attributes:
        contract: As the lock file has it.
        id: The id that the registry gave it.
        fresh: Whether it was not there before.
    """

    contract: Contract
    id: int
    fresh: bool


def push(url: str, auth: str | None = None, contracts: Iterable[Contract] | None = None) -> list[Pushed]:
    """Register every version of every contract, in the order of their ids; again, it changes nothing.

    Args:
        url: Of the registry.
        auth: ``user:password``.
        contracts: Those of the lock file when left out.

    Raises:
        RegistryUnavailable: It does not answer.
        WrongSchema: It holds another schema under the id it gave.
        ContractError: It refuses a contract.
    """
    with _Client(url, auth) as client:
        done = [_push(client, url, one) for one in contracts or lock_file().all()]
        for name in dict.fromkeys(pushed.contract.name for pushed in done):
            client.hold(name)
    return done


def _push(client: "_Client", url: str, one: Contract) -> Pushed:
    known = client.find(one)
    number = known if known is not None else client.register(one)
    if fingerprint(client.text(number) or {}) != one.fingerprint:
        raise _wrong(url, number, one.name)
    return Pushed(one, number, known is None)


class RegistryIds:
    """Ids as a schema registry gives them, kept on disk so that a worker starts without it; thread-safe.

    Args:
        url: Of the registry.
        auth: ``user:password``.
        cache: Folder to keep what was learnt; nothing is kept when left out.
        package: The contracts of this package: what writers use and readers want.
    """

    def __init__(
        self, url: str, auth: str | None = None, cache: Path | None = None, package: LockFile | None = None
    ) -> None:
        self._url = url
        self._auth = auth
        self._path = cache / _CACHE if cache else None
        self._package = package or lock_file()
        self._by_id = self._load()
        self._by_name: dict[str, Contract] = {}
        self._learning = Lock()
        self._checked = False

    def by_name(self, name: str) -> Contract:
        """The newest version of this package under the registry's id.

        Raises:
            ContractError: The registry does not hold it.
            RegistryUnavailable: It does not answer, and the id was never learnt.
            WrongSchema: A known id stands for another schema now.
        """
        if name not in self._by_name:
            self._by_name[name] = self._find(self._package.by_name(name))
        return self._by_name[name]

    def by_id(self, schema_id: int) -> Contract:
        """The version a record was written with; raises UnknownSchema when the registry does not have it either."""
        if schema_id not in self._by_id:
            with self._client() as client:
                self._check(client)
                text = client.text(schema_id)
            if text is None:
                raise UnknownSchema(
                    f"schema id {schema_id} is not in the registry {self._url}",
                    fix="ask who publishes it where its schema is registered",
                )
            self._learn(contract(schema_id, text))
        return self._by_id[schema_id]

    def _find(self, ours: Contract) -> Contract:
        try:
            with self._client() as client:
                self._check(client)
                number = client.find(ours)
        except RegistryUnavailable:
            known = next((one for one in tuple(self._by_id.values()) if one.fingerprint == ours.fingerprint), None)
            if known is None:
                raise
            return known
        if number is None:
            raise ContractError(
                f"the registry {self._url} does not hold this version of {ours.name}",
                fix=f"beffroi contracts push {self._url}",
            )
        return self._learn(contract(number, ours.text))

    def _learn(self, found: Contract) -> Contract:
        with self._learning:
            known = self._by_id.get(found.id)
            if known is not None and known.fingerprint != found.fingerprint:
                raise _wrong(self._url, found.id, found.name)
            self._by_id[found.id] = found
            self._save()
        return found

    def _client(self) -> "_Client":
        return _Client(self._url, self._auth)

    def _check(self, client: "_Client") -> None:
        """Once, before anything is asked: every id known from before still stands for its schema."""
        for known in () if self._checked else tuple(self._by_id.values()):
            text = client.text(known.id)
            if text is None or fingerprint(text) != known.fingerprint:
                raise _wrong(self._url, known.id, known.name)
        self._checked = True

    def _load(self) -> dict[int, Contract]:
        if self._path is None or not self._path.exists():
            return {}
        kept: dict[str, Any] = json.loads(self._path.read_text("utf-8"))
        entries = kept["schemas"] if kept["url"] == self._url else []
        return {entry["id"]: contract(entry["id"], entry["schema"]) for entry in entries}

    def _save(self) -> None:
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"url": self._url, "schemas": [one.entry() for one in self._by_id.values()]})
        half = self._path.with_suffix(f".{os.getpid()}")
        half.write_text(text, "utf-8")
        half.replace(self._path)


class _Client:
    """confluent-kafka's client with errors of ours; a context, for it holds connections."""

    def __init__(self, url: str, auth: str | None) -> None:
        from confluent_kafka.schema_registry import SchemaRegistryClient

        conf = {"url": url, "timeout": 5, "max.retries": 1}
        self._url = url
        self._client: SchemaRegistryClient = SchemaRegistryClient(
            conf | ({"basic.auth.user.info": auth} if auth else {})
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._client.close()

    def find(self, one: Contract) -> int | None:
        """The id under which the registry holds a contract's version."""
        number: int | None = self._ask(lambda: self._client.lookup_schema(one.name, _schema(one)).schema_id)
        return number

    def register(self, one: Contract) -> int:
        """Register a version; raises ContractError when the registry refuses it."""
        number: int | None = self._ask(lambda: self._client.register_schema(one.name, _schema(one)))
        if number is None:
            raise ContractError(f"the registry {self._url} took no {one.name}", fix="look into its log")
        return number

    def text(self, number: int) -> dict[str, Any] | None:
        """The schema under an id; None when there is none."""
        found = self._ask(lambda: self._client.get_schema(number).schema_str)
        return json.loads(found) if found else None

    def hold(self, name: str) -> None:
        """Hold a subject to our mode of compatibility."""
        self._ask(lambda: self._client.set_compatibility(name, COMPATIBILITY))

    def _ask(self, call: Any) -> Any:  # noqa: ANN401  # whatever the call gives
        import httpx2
        from confluent_kafka.schema_registry.error import SchemaRegistryError

        try:
            return call()
        except SchemaRegistryError as error:
            if error.http_status_code == _NOT_FOUND:
                return None
            raise ContractError(
                f"the registry {self._url} refuses: {error.error_message}",
                fix="see `beffroi contracts check` for what changed",
            ) from error
        except httpx2.HTTPError as error:
            raise RegistryUnavailable(
                f"no schema registry answers at {self._url} ({type(error).__name__})",
                fix="start it, or unset BEFFROI_REGISTRY to take the ids from the lock file",
            ) from error


def _schema(one: Contract) -> Any:  # noqa: ANN401  # confluent-kafka's class, imported late
    from confluent_kafka.schema_registry import Schema

    return Schema(json.dumps(one.text, ensure_ascii=False), "AVRO")


def _wrong(url: str, number: int, name: str) -> WrongSchema:
    return WrongSchema(
        f"id {number} of the registry {url} no longer stands for the {name} it stood for",
        fix="the registry was emptied or exchanged: restore it, or read its records with the lock file's ids",
    )
