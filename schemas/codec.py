"""The one codec: Avro in the Confluent wire format, for connectors, agents and portal.

Source of the format: Confluent documentation, "Wire format": byte 0x00, the schema id as a 4-byte big-endian integer,
then the record in Avro's binary encoding.
"""

import struct
from collections.abc import Mapping
from io import BytesIO
from typing import Any

from fastavro import schemaless_reader, schemaless_writer
from fastavro.validation import ValidationError, validate

from schemas.contracts import Contract, SchemaIds, lock_file
from schemas.errors import BadWireFormat, ContractError

#: A decoded record: dates are ``date``, instants aware ``datetime``, enums their symbol.
Record = dict[str, Any]

_HEADER = struct.Struct(">bI")
_MAGIC = 0


class Codec:
    """Turns records into bytes of the bus and back.

    Args:
        ids: Where schema ids come from; the package's lock file when left out.
    """

    def __init__(self, ids: SchemaIds | None = None) -> None:
        self._ids = ids or lock_file()

    def encode(self, name: str, record: Mapping[str, Any]) -> bytes:
        """The wire bytes of a record.

        Raises:
            ContractError: The record does not fit; names the field.
        """
        contract = self._ids.by_name(name)
        out = BytesIO()
        out.write(_HEADER.pack(_MAGIC, contract.id))
        try:
            schemaless_writer(out, contract.schema, record, strict_allow_default=True)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
            raise _misfit(contract, record) from error
        return out.getvalue()

    def decode(self, data: bytes) -> tuple[str, Record]:
        """The full name and the record behind wire bytes, in the newest form this package knows.

        Raises:
            BadWireFormat: Not the wire format, or cut short.
            UnknownSchema: Written with a schema this package does not know.
        """
        written = self._ids.by_id(schema_id(data))
        wanted = self._ids.by_name(written.name)
        reader = None if wanted.id == written.id else wanted.schema
        try:
            record = schemaless_reader(BytesIO(data[_HEADER.size :]), written.schema, reader)
        except (EOFError, ValueError, IndexError, TypeError, OverflowError, struct.error) as error:
            raise BadWireFormat(
                f"{len(data)} bytes do not hold a whole {written.name}", fix="publish the record again"
            ) from error
        return written.name, record  # type: ignore[return-value]  # every contract is a record

    def read(self, name: str, data: bytes) -> Record:
        """The record behind wire bytes that must be of one contract; raises ContractError for another."""
        found, record = self.decode(data)
        if found != name:
            raise ContractError(f"expected a {name}, found a {found}", fix="check which topic the record came from")
        return record


def schema_id(data: bytes) -> int:
    """The schema id in the header; raises BadWireFormat."""
    if len(data) < _HEADER.size or data[0] != _MAGIC:
        raise BadWireFormat(
            f"{len(data)} bytes without the header 0x00 and a 4-byte schema id",
            fix="publish with a Confluent Avro serializer",
        )
    number: int = _HEADER.unpack_from(data)[1]
    return number


def _misfit(contract: Contract, record: Mapping[str, Any]) -> ContractError:
    """Name the first field that does not fit, without its value."""
    fields = {field["name"]: field["type"] for field in contract.schema["fields"]}
    for extra in record.keys() - fields.keys():
        return ContractError(
            f"{contract.name} has no field {extra}", fix="remove it, or publish under a newer contract"
        )
    defaults = {field["name"] for field in contract.schema["fields"] if "default" in field}
    for name, kind in fields.items():
        if name not in record and name in defaults:
            continue
        try:
            validate(record.get(name), kind)
        except ValidationError:
            return ContractError(
                f"field {name} of {contract.name} does not fit: found {type(record.get(name)).__name__}",
                fix=f"see the field's type and doc in the contract {contract.name}",
            )
    return ContractError(f"a record does not fit {contract.name}", fix="compare it with the contract")
