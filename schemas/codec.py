"""The one codec: Avro in the Confluent wire format, for connectors, agents and portal.

Source of the format: Confluent documentation, "Wire format": byte 0x00, the schema id as a 4-byte big-endian integer,
then the record in Avro's binary encoding.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from decimal import InvalidOperation
from io import BytesIO
from typing import Any, Final

from fastavro import schemaless_writer

from schemas.checked import CheckedEncoder, Put, compile_checked_encoder
from schemas.compiled import Decoder, Reader, compile_decoder, compile_reader
from schemas.contracts import Contract, SchemaIds, lock_file
from schemas.errors import BadWireFormat, ContractError
from schemas.flat import Encoder, compile_encoder
from schemas.majors import CONVERSIONS, Conversion, Majors, Record
from schemas.validation import take

_HEADER: Final = struct.Struct(">bI")
_MAGIC: Final = 0
_UNFIT: Final = (ValueError, TypeError, KeyError, AttributeError, OverflowError, InvalidOperation)


class Codec:
    """Turns records into bytes of the bus and back.

    Decoded records hold dates as ``date``, instants as aware ``datetime``, decimals as ``Decimal``, enums as
    their symbol.

    Args:
        ids: Where schema ids come from; the package's lock file when left out.
        conversions: Between the majors of a contract.

    Attributes:
        ids: Where schema ids come from.
        majors: Which contracts have a newer major.
    """

    def __init__(
        self,
        ids: SchemaIds | None = None,
        conversions: Iterable[Conversion] = CONVERSIONS,
    ) -> None:
        self.ids = ids or lock_file()
        self._conversions = tuple(conversions)
        self.majors = Majors(self._conversions)
        self._decoders: dict[int, tuple[str, Decoder]] = {}
        self._encoders: dict[tuple[str, Put], CheckedEncoder] = {}

    def reading(self, fields: Mapping[str, Sequence[str]]) -> "FieldReader":
        """Reads only some fields of some contracts, which is faster.

        Args:
            fields: Top-level fields wanted, by the contract's full name.
        """
        return FieldReader(self, self.ids, self.majors, fields)

    def writing(self, name: str) -> "FieldWriter":
        """Writes the fields of a contract one by one, so that those that repeat are written once."""
        return FieldWriter(self.ids.by_name(name))

    def encode(self, name: str, record: Mapping[str, object]) -> bytes:
        """The wire bytes of a record.

        Raises:
            ContractError: The record does not fit; names the field, never its value.
        """
        contract = self.ids.by_name(name)
        out = BytesIO()
        out.write(_HEADER.pack(_MAGIC, contract.id))
        try:
            schemaless_writer(out, contract.schema, record, strict_allow_default=True)
        except _UNFIT as error:
            raise _misfit(contract, record) from error
        return out.getvalue()

    def flat(self, name: str) -> Encoder:
        """Writes records of a contract that is flat, its values in the order of the fields; faster, and checks less."""
        contract = self.ids.by_name(name)
        return compile_encoder(contract.schema, _HEADER.pack(_MAGIC, contract.id))

    def checked(self, name: str, put: Put = ()) -> CheckedEncoder:
        """Writes records of a contract and checks them in the same pass; gives None for what does not fit.

        Args:
            name: The contract's full name.
            put: Fields that records do not hold, see ``compile_checked_encoder``.
        """
        if (name, put) not in self._encoders:  # to make one takes as long as to write a thousand records
            contract = self.ids.by_name(name)
            header = _HEADER.pack(_MAGIC, contract.id)
            self._encoders[name, put] = compile_checked_encoder(contract.text, header, put)
        return self._encoders[name, put]

    def encode_older(self, name: str, record: Record, wanted: str) -> bytes:
        """The wire bytes of a record for those who still read an older major of its contract."""
        return self.encode(wanted, self.majors.older(name, record, wanted))

    def decode(self, data: bytes) -> tuple[str, Record]:
        """The full name and the record behind wire bytes, in the newest form and major this package knows.

        Raises:
            BadWireFormat: Not the wire format, or cut short.
            UnknownSchema: Written with a schema this package does not know.
        """
        number = schema_id(data)
        name, decoder = self._decoders.get(number) or self._compiled(number)
        try:
            record, end = decoder(data, _HEADER.size)
        except (IndexError, *_UNFIT, struct.error) as error:
            raise _cut(data, name) from error
        if end != len(data):
            raise _cut(data, name)
        return self.majors.newest(name, record) if self._conversions else (name, record)

    def _compiled(self, number: int) -> tuple[str, Decoder]:
        written = self.ids.by_id(number)
        wanted = self.ids.by_name(written.name)
        try:
            decoder = compile_decoder(written.schema, wanted.schema)
        except ValueError as error:
            raise _unresolved(written, error) from error
        self._decoders[number] = (written.name, decoder)
        return self._decoders[number]

    def read(self, name: str, data: bytes) -> Record:
        """The record behind wire bytes that must be of one contract; raises ContractError for another."""
        found, record = self.decode(data)
        if found != name:
            raise ContractError(f"expected a {name}, found a {found}", fix="check which topic the record came from")
        return record


class FieldReader:
    """Reads only the wanted fields of records; made by ``Codec.reading``.

    Args:
        codec: For records of older majors, which are converted whole.
        ids: Where schema ids come from.
        majors: Which contracts have a newer major.
        fields: Top-level fields wanted, by the contract's full name; other contracts are only checked to be whole.
    """

    def __init__(self, codec: Codec, ids: SchemaIds, majors: Majors, fields: Mapping[str, Sequence[str]]) -> None:
        self._codec = codec
        self._ids = ids
        self._majors = majors
        self._fields = fields
        self._readers: dict[bytes, tuple[str, Reader | None]] = {}

    def decode(self, data: bytes) -> tuple[str, tuple[Any, ...]]:
        """The full name of the newest major, and the wanted fields in their order.

        Raises:
            BadWireFormat: Not the wire format, or cut short.
            UnknownSchema: Written with a schema this package does not know.
        """
        name, reader = self._readers.get(data[:5]) or self._compiled(data)
        if reader is None:
            name, record = self._codec.decode(data)
            return name, tuple(record[one] for one in self._fields.get(name, ()))
        try:
            found, end = reader(data, 5)
        except (IndexError, *_UNFIT, struct.error) as error:
            raise _cut(data, name) from error
        if end != len(data):
            raise _cut(data, name)
        return name, found

    def _compiled(self, data: bytes) -> tuple[str, Reader | None]:
        written = self._ids.by_id(schema_id(data))
        reader = None
        if not self._majors.is_old(written.name):
            wanted = self._ids.by_name(written.name)
            try:
                reader = compile_reader(written.schema, wanted.schema, self._fields.get(written.name, ()))
            except ValueError as error:
                raise _unresolved(written, error) from error
        self._readers[data[: _HEADER.size]] = (written.name, reader)
        return written.name, reader


class FieldWriter:
    """Writes single fields; made by ``Codec.writing``.

    Source: Avro 1.12 specification, "Binary Encoding": a record is its fields' encodings in the order of the schema.

    Args:
        contract: What it writes.

    Attributes:
        header: What stands before the first field.
        names: The fields, in their order.
    """

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._types = {field["name"]: field["type"] for field in contract.schema["fields"]}
        self.header = _HEADER.pack(_MAGIC, contract.id)
        self.names = tuple(self._types)

    def write(self, name: str, value: object) -> bytes:
        """The bytes of one field; raises ContractError for a value that does not fit."""
        out = BytesIO()
        try:
            schemaless_writer(out, self._types[name], value, strict_allow_default=True)
        except _UNFIT as error:
            raise ContractError(
                f"{self._contract.name} at {name}: a value does not fit", fix="compare it with the contract"
            ) from error
        return out.getvalue()


def _unresolved(written: Contract, error: ValueError) -> ContractError:
    return ContractError(
        f"schema {written.id} of {written.name} and this package's own do not resolve: {error}",
        fix="see `beffroi contracts diff`: a breaking change needs a new major",
    )


def schema_id(data: bytes) -> int:
    """The schema id in the header; raises BadWireFormat."""
    if len(data) < _HEADER.size or data[0] != _MAGIC:
        raise BadWireFormat(
            f"{len(data)} bytes without the header 0x00 and a 4-byte schema id",
            fix="publish with a Confluent Avro serializer",
        )
    number: int = _HEADER.unpack_from(data)[1]
    return number


def _cut(data: bytes, name: str) -> BadWireFormat:
    return BadWireFormat(f"{len(data)} bytes do not hold one whole {name}", fix="publish the record again")


def _misfit(contract: Contract, record: Mapping[str, object]) -> ContractError:
    """Name the first field that does not fit, without its value."""
    for problem in take(contract.schema, record).problems:
        return ContractError(f"{contract.name} at {problem.message}", fix=problem.fix)
    return ContractError(f"a record does not fit {contract.name}", fix="compare it with the contract")
