"""The contracts of this package: what the ``.avsc`` files say, and the ids that ``lock.json`` gave them."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Protocol

from fastavro.schema import SchemaParseException, UnknownType, parse_schema

from schemas.errors import ContractError, UnknownSchema

TRAINING_SESSION = "beffroi.training.v1.TrainingSession"
TRAINING_ENROLMENT = "beffroi.training.v1.TrainingEnrolment"
TRAINING_HEADCOUNT = "beffroi.training.v1.TrainingHeadcount"
OUTCOME_RATE = "beffroi.training.v1.OutcomeRate"
JOB_OFFER = "beffroi.offers.v1.JobOffer"
IMMERSION_OPENING = "beffroi.offers.v1.ImmersionOpening"
HIRING_TRAINING_REQUEST = "beffroi.offers.v1.HiringTrainingRequest"
MOBILITY_AID = "beffroi.mobility.v1.MobilityAid"
MOBILITY_PROVIDER = "beffroi.mobility.v1.MobilityProvider"
EMPLOYMENT_EVENT = "beffroi.agenda.v1.EmploymentEvent"
EMPLOYER_CONTACT = "beffroi.employers.v1.EmployerContact"
EMPLOYER_REFERENT = "beffroi.employers.v1.EmployerReferent"
EMPLOYER_COMMITMENT = "beffroi.employers.v1.EmployerCommitment"
SKILLS_NEED = "beffroi.employers.v1.SkillsNeed"
CELL = "beffroi.platform.v1.Cell"
CHECKPOINT = "beffroi.platform.v1.Checkpoint"
SESSION_FACTS = "beffroi.platform.v1.SessionFacts"
LEDGER_ENTRY = "beffroi.platform.v1.LedgerEntry"
QUARANTINED = "beffroi.platform.v1.Quarantined"
QUARANTINE_OUTCOME = "beffroi.platform.v1.QuarantineOutcome"
HEARTBEAT = "beffroi.platform.v1.Heartbeat"
SOURCE_FAILURE = "beffroi.platform.v1.SourceFailure"
SOURCE_STATUS = "beffroi.platform.v1.SourceStatus"
POLL_CURSOR = "beffroi.platform.v1.PollCursor"
GENERATION = "beffroi.platform.v1.Generation"
EXITS_ROW = "beffroi.views.v1.ExitsRow"
SESSIONS_ROW = "beffroi.views.v1.SessionsRow"
FRESHNESS_ROW = "beffroi.views.v1.FreshnessRow"

#: An Avro schema as JSON gives it.
Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Contract:
    """One version of one contract.

    Attributes:
        name: Full name, which is also the registry subject.
        id: Id in the Confluent wire format's header.
        fingerprint: SHA-256 of the canonical JSON text, hexadecimal.
        text: The schema as written.
        schema: The schema as fastavro parsed it.
    """

    name: str
    id: int
    fingerprint: str
    text: Schema
    schema: Schema

    def entry(self) -> dict[str, Any]:
        """Its entry in a lock file."""
        return {"id": self.id, "sha256": self.fingerprint, "name": self.name, "schema": self.text}


class SchemaIds(Protocol):
    """Where ids come from: the lock file, or a schema registry."""

    def by_name(self, name: str) -> Contract:
        """The version that writers use; raises ContractError for a name nobody declared."""
        ...

    def by_id(self, schema_id: int) -> Contract:
        """The version a record was written with; raises UnknownSchema."""
        ...


def canonical(schema: Mapping[str, Any]) -> str:
    """The text that is hashed: JSON with sorted keys, no spaces."""
    return json.dumps(schema, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def fingerprint(schema: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical text, hexadecimal."""
    return hashlib.sha256(canonical(schema).encode()).hexdigest()


def full_name(schema: Mapping[str, Any]) -> str:
    """Namespace and name of a record schema."""
    return f"{schema['namespace']}.{schema['name']}"


@cache
def sources() -> Mapping[str, Schema]:
    """Every ``.avsc`` of this package by full name, as written by hand."""
    folder = files("schemas") / "avro"
    texts = (path.read_text("utf-8") for domain in folder.iterdir() for path in domain.iterdir())
    schemas: list[Schema] = [json.loads(text) for text in texts]
    return {full_name(schema): schema for schema in sorted(schemas, key=full_name)}


class LockFile:
    """Ids as ``schemas/lock.json`` fixes them: a number once given to a schema stays with it for ever."""

    def __init__(self, entries: list[dict[str, Any]]) -> None:
        self._by_id = {entry["id"]: contract(entry["id"], entry["schema"]) for entry in entries}
        self._by_name = {contract.name: contract for contract in self._by_id.values()}

    def by_name(self, name: str) -> Contract:
        """The newest version of a contract."""
        try:
            return self._by_name[name]
        except KeyError:
            raise ContractError(f"no contract is named {name}", fix="see schemas/avro for the names") from None

    def by_id(self, schema_id: int) -> Contract:
        """The version that was written under this id."""
        try:
            return self._by_id[schema_id]
        except KeyError:
            raise UnknownSchema(
                f"schema id {schema_id} is not in the lock file of this version",
                fix="upgrade Beffroi here, or ask who publishes with a newer contract",
            ) from None

    def versions(self, name: str) -> tuple[Contract, ...]:
        """Every version of a contract, the oldest first."""
        return tuple(contract for contract in self._by_id.values() if contract.name == name)

    def all(self) -> tuple[Contract, ...]:
        """Every version of every contract, in the order of their ids."""
        return tuple(self._by_id[number] for number in sorted(self._by_id))


def contract(schema_id: int, text: Schema) -> Contract:
    """A contract under an id; raises ContractError for a text that is no Avro schema."""
    try:
        schema: Schema = parse_schema(json.loads(json.dumps(text)))  # type: ignore[assignment]  # a record schema is a dict
    except (SchemaParseException, UnknownType, KeyError, TypeError, ValueError) as error:
        raise ContractError(
            f"not an Avro schema: {error}", fix="correct it; `beffroi contracts lint` says where"
        ) from None
    return Contract(full_name(text), schema_id, fingerprint(text), text, schema)


@cache
def lock_file() -> LockFile:
    """The lock file of this package."""
    return LockFile(json.loads((files("schemas") / "lock.json").read_text("utf-8"))["schemas"])


def versions(name: str) -> tuple[Contract, ...]:
    """Every version of a contract in this package, the oldest first."""
    return lock_file().versions(name)


def relock(entries: list[dict[str, Any]], schemas: Mapping[str, Schema]) -> list[dict[str, Any]]:
    """The lock file's entries once every schema has an id.

    Args:
        entries: What the lock file holds now; kept as they are, in their order.
        schemas: Every schema by full name.

    Returns:
        The entries, then one with the next free id for each schema text that none of them holds.
    """
    known = {entry["sha256"] for entry in entries}
    fresh = [schema for schema in schemas.values() if fingerprint(schema) not in known]
    first = max((entry["id"] for entry in entries), default=0) + 1
    added = [
        {"id": first + n, "sha256": fingerprint(schema), "name": full_name(schema), "schema": schema}
        for n, schema in enumerate(fresh)
    ]
    return [*entries, *added]
