"""Records of a contract itself as a format of their own, so that they go through the one pipeline like any file.

JSON (an array, one object, or one on each line), or Avro: an object container file (Avro 1.12, "Object Container
Files") or records in Confluent's wire format one after another.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache, cached_property
from typing import IO, Any, Final

import orjson
from fastavro import reader, schemaless_reader
from fastavro.read import SchemaResolutionError
from fastavro.schema import SchemaParseException, to_parsing_canonical_form

from connectors.formats.base import Context, Event, Format, Item, Problem, Refused, Taken
from connectors.formats.documents import alone, documents
from connectors.gateway.through import Through
from connectors.inputs import Input
from connectors.privacy import has_nir
from schemas.clock import EPOCH, to_millis
from schemas.contracts import TRAINING_ENROLMENT, Contract, lock_file, sources
from schemas.errors import FileRefused, UnknownSchema
from schemas.fits import fits
from schemas.plain import plain
from schemas.validation import take

_CONTAINER: Final = b"Obj\x01"
_WIRE: Final = b"\x00"
_HEADER_BYTES: Final = 5
#: What fastavro raises for bytes that are no record of their schema.
_BROKEN: Final = (
    ValueError, TypeError, KeyError, IndexError, EOFError, OverflowError, MemoryError, StopIteration,
    SchemaParseException, SchemaResolutionError,
)  # fmt: skip
_INTERCARIF: Final = "intercarif:"
#: Roots that begin with the source's name, so that nobody writes under another's; see the documents of the fields.
_OWN_ROOTS: Final = frozenset(
    {"offer_id", "event_id", "need_id", "request_id", "opening_id", "session_id", "aid_id", "provider_id"}
)
#: Its ids are the roots of mobility aids and providers as they are.
_DATA_INCLUSION: Final = "data-inclusion"

Record = Mapping[str, Any]
Numbered = tuple[int, "Record | Problem", bytes]


@cache
def contract_formats() -> Mapping[str, "ContractFormat"]:
    """A format for each contract that partners write, by the contract's full name."""
    domains = ("training", "offers", "mobility", "agenda", "employers")
    return {
        name: ContractFormat(name)
        for name, schema in sources().items()
        if "root" in schema and name.split(".")[1] in domains
    }


class ContractFormat(Format):
    """Records of one contract.

    Args:
        contract: Its full name.
    """

    default_source = ""
    suffixes = (".json", ".ndjson", ".avro")
    media_types = (
        "application/json", "application/x-ndjson", "application/vnd.apache.avro", "application/avro", "avro/binary",
    )  # fmt: skip
    snapshots = True

    def __init__(self, contract: str) -> None:
        schema = sources()[contract]
        fields = frozenset(field["name"] for field in schema["fields"])
        self.name = contract  # type: ignore[misc]  # a format for each contract
        self.writes = {contract: fields - {"source", "version", "occurred_at", "withdrawn"}}  # type: ignore[misc]  # the same
        self._contract = contract
        self._schema = schema
        self._root: str = schema["root"]

    @cached_property
    def _through(self) -> Through | None:
        """Made when it is first needed; none for people, whose pseudonyms are keyed again before they are written."""
        return None if self._contract == TRAINING_ENROLMENT else Through.of(self._contract)

    def read(self, data: Input, context: Context) -> Iterator[Item]:
        """One item for each record; raises FileRefused for what is neither JSON nor Avro, or ends too early."""
        for line, found, text in self._records(data, context):
            item = Refused((found,)) if isinstance(found, Problem) else self._item(line, found, text, context)
            yield replace(item, original=alone(text)) if isinstance(item, Refused) and text else item

    def _records(self, data: Input, context: Context) -> Iterator[Numbered]:
        data.file.seek(0)
        head = data.file.read(len(_CONTAINER))
        data.file.seek(0)
        if head == _CONTAINER:
            return _numbered(self._contained(data.file))
        if head.startswith(_WIRE):
            return _numbered(self._wired(data.file))
        return documents(data, context)

    def _contained(self, file: IO[bytes]) -> Iterator[Record]:
        try:
            container = reader(file, reader_schema=lock_file().by_name(self._contract).schema)
            self._check_writer(container.writer_schema, container.codec)
            for record in container:
                yield self._whole(record)
        except _BROKEN as error:
            raise _broken() from error

    def _check_writer(self, schema: Any, codec: str) -> None:  # noqa: ANN401  # any Avro schema
        """A schema of the sender's own could make a few bytes into endless records."""
        if codec not in {"null", None}:
            raise FileRefused("the container is packed", fix='write it with codec "null", and send it with gzip')
        known = {to_parsing_canonical_form(one.schema) for one in lock_file().versions(self._contract)}
        if to_parsing_canonical_form(schema) not in known:
            raise FileRefused(
                f"the container was written with another schema than {self._contract}",
                fix="write it with the schema of docs/contracts.md",
            )

    def _wired(self, file: IO[bytes]) -> Iterator[Record]:
        wanted = lock_file().by_name(self._contract).schema
        while header := file.read(_HEADER_BYTES):
            written = self._written(header)
            try:
                record = schemaless_reader(file, written.schema, wanted)
            except _BROKEN as error:
                raise _broken() from error
            yield self._whole(record)

    @staticmethod
    def _whole(record: Any) -> Record:  # noqa: ANN401  # what fastavro gives
        if not isinstance(record, dict):
            raise _broken()
        return record

    def _written(self, header: bytes) -> Contract:
        if len(header) < _HEADER_BYTES or not header.startswith(_WIRE):
            raise _broken()
        number = int.from_bytes(header[1:], "big")
        try:
            found = lock_file().by_id(number)
        except UnknownSchema:
            found = None
        if found is None or found.name != self._contract:
            raise FileRefused(
                f"schema id {number} is no version of {self._contract}",
                fix="ids are those of schemas/lock.json; post each contract to its own address",
            )
        return found

    def _item(self, line: int, given: Record, text: bytes, context: Context) -> Item:
        if has_nir(text):
            return _refused(
                line, "", "nir", "it holds what looks like a national identification number", "leave it out"
            )
        event = self._through and self._through.event(given, context.source)
        if event and given["source_key"] and self._is_own(given[self._root], context.source):
            return Taken(line, (event,))
        found = self._fitting(line, {"source": context.source, "version": 0, "occurred_at": EPOCH, **given})
        if isinstance(found, Refused):
            return found
        return self._misplaced(line, found, context.source) or self._taken(line, found, given, context)

    def _fitting(self, line: int, record: Record) -> dict[str, Any] | Refused:
        """The record in the codec's forms; the slow validation is asked only when the fast one has doubts."""
        found: dict[str, Any] | None = plain(self._contract)(record)
        if found is not None and fits(self._contract)(found):
            return found
        taken = take(self._schema, record)
        problems = (Problem(line, p.pointer, p.code, p.message, p.fix) for p in taken.problems)
        return Refused(tuple(problems)) if taken.problems else taken.record

    def _misplaced(self, line: int, record: Record, source: str) -> Refused | None:
        if record["source"] != source:
            return _refused(
                line, "/source", "source", "another source than the one you publish", "leave it out, or name it rightly"
            )
        if record["version"] < 0 or not record["source_key"]:
            return _refused(
                line, "/version", "range", "a version below 0 or an empty source_key", "write a revision and a key"
            )
        if self._is_own(record[self._root], source):
            return None
        return _refused(
            line, f"/{self._root}", "root", "a key that is not under your source",
            f"begin it with {' or '.join(self._prefixes(source))}",
        )  # fmt: skip

    def _is_own(self, root: str, source: str) -> bool:
        return self._root not in _OWN_ROOTS or source == _DATA_INCLUSION or root.startswith(self._prefixes(source))

    def _prefixes(self, source: str) -> tuple[str, ...]:
        return (f"{source}:", _INTERCARIF) if self._root == "session_id" else (f"{source}:",)

    def _taken(self, line: int, record: dict[str, Any], given: Record, context: Context) -> Taken:
        if self._contract == TRAINING_ENROLMENT:
            _protect(record, context)
        return Taken(line, (Event(
            self._contract,
            {name: record[name] for name in self.writes[self._contract]},
            version=record["version"] or None,
            withdrawn=record["withdrawn"],
            instant=to_millis(record["occurred_at"]) if "occurred_at" in given else None,
        ),))  # fmt: skip


def _protect(record: dict[str, Any], context: Context) -> None:
    """Key a partner's pseudonym once more: whoever knows the partner's key cannot find the person on the bus."""
    given: str = record["person"]
    person = context.pseudonyms.person(national=None, source=context.source, local=given.encode())
    record["person"] = person
    record["source_key"] = f"{record['session_id']}/{person}"


def _refused(line: int, pointer: str, code: str, message: str, fix: str) -> Refused:
    return Refused((Problem(line, pointer, code, message, fix),))


def _numbered(records: Iterator[Record]) -> Iterator[Numbered]:
    empty = True
    for number, record in enumerate(records, 1):
        empty = False
        yield number, record, orjson.dumps(record, default=str)
    if empty:
        raise FileRefused("there is no record in it", fix="send it again with its records")


def _broken() -> FileRefused:
    return FileRefused("it is no Avro of this contract, or is cut", fix="write it again, and send it whole")
