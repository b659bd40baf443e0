"""A contract as columns: Avro's types as Arrow's.

Sources: Avro 1.12 specification, "Logical Types"; Apache Arrow columnar format 1.5, "Data Types".
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import pyarrow as pa

from schemas.fields import branches, kind_of, logical, named_types, nullable

#: Column of a row's key in its view.
KEY: Final = "key"

_PLAIN: Final[Mapping[str, Callable[[], pa.DataType]]] = {
    "string": pa.string, "bytes": pa.binary, "boolean": pa.bool_, "int": pa.int32, "long": pa.int64,
    "float": pa.float32, "double": pa.float64, "enum": pa.string, "null": pa.null,
}  # fmt: skip


def columns(contract: Mapping[str, Any]) -> pa.Schema:
    """The columns of a view: the key, then the fields of its contract."""
    names = named_types(contract)
    return pa.schema([pa.field(KEY, pa.string(), nullable=False), *_fields(contract, names)])


def _fields(record: Mapping[str, Any], names: Mapping[str, Any]) -> list[pa.Field]:
    return [pa.field(one["name"], _type(one["type"], names), nullable(one["type"])) for one in record["fields"]]


def _type(kind: Any, names: Mapping[str, Any]) -> pa.DataType:  # noqa: ANN401  # a type in Avro's JSON
    """The type of a field; raises ValueError for a union of more than null and one other."""
    (one,) = branches(kind) or ["null"]
    one = names.get(one.rpartition(".")[2], one) if isinstance(one, str) else one
    name = kind_of(one)
    if special := logical(one):
        return _logical(special, one)
    if name == "record":
        return pa.struct(_fields(one, names))
    if name == "array":
        return pa.list_(_type(one["items"], names))
    if name == "map":
        return pa.map_(pa.string(), _type(one["values"], names))
    return _PLAIN[name]()


def _logical(name: str, kind: Mapping[str, Any]) -> pa.DataType:
    if name == "decimal":
        return pa.decimal128(kind["precision"], kind.get("scale", 0))
    return {"date": pa.date32(), "timestamp-millis": pa.timestamp("ms", tz="UTC")}[name]
