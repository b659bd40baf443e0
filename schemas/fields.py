"""Walks over a contract's schema: its fields with their paths, its types with their kinds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

#: Avro's types that have no parts (Avro 1.12 specification, "Primitive Types").
PRIMITIVES: Final = frozenset({"null", "boolean", "int", "long", "float", "double", "bytes", "string"})
#: Classes of data, from what anybody may read to what never enters.
CLASSES: Final = ("public", "professional", "pseudonym", "personal", "forbidden")
#: What stands for the items of an array and the values of a map in a path.
ITEMS: Final = "[]"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a contract, at any depth.

    Attributes:
        path: Names from the root, as ``place.commune.code`` and ``certifications[].code``.
        pointer: JSON pointer of the field's object in the ``.avsc`` (RFC 6901).
        text: The field's object as written.
        record: Name of the record that holds it.
    """

    path: str
    pointer: str
    text: Mapping[str, Any]
    record: str

    @property
    def name(self) -> str:
        """Its own name."""
        return str(self.text["name"])

    @property
    def data_class(self) -> str:
        """Its class of data; ``forbidden`` when the schema does not say."""
        return str(self.text.get("class", "forbidden"))


def branches(kind: Any) -> list[Any]:  # noqa: ANN401  # a type in Avro's JSON: a name, an object or a union
    """What a type may be besides null."""
    return [one for one in (kind if isinstance(kind, list) else [kind]) if one != "null"]


def nullable(kind: Any) -> bool:  # noqa: ANN401  # the same
    """Whether a type may be null."""
    return kind == "null" or (isinstance(kind, list) and "null" in kind)


def kind_of(kind: Any) -> str:  # noqa: ANN401  # the same
    """A type's Avro name: record, enum, array, long, …; ``union`` for several."""
    if isinstance(kind, list):
        return "union"
    return str(kind["type"]) if isinstance(kind, Mapping) else str(kind)


def logical(kind: Any) -> str | None:  # noqa: ANN401  # the same
    """The logical type, when there is one."""
    return kind.get("logicalType") if isinstance(kind, Mapping) else None


def named_types(schema: Any) -> dict[str, Mapping[str, Any]]:  # noqa: ANN401  # the same
    """Every record, enum and fixed of a schema by short name."""
    found: dict[str, Mapping[str, Any]] = {}
    for one in _objects(schema):
        if one.get("type") in {"record", "enum", "fixed"} and "name" in one:
            found[one["name"].rpartition(".")[2]] = one
    return found


def _objects(schema: Any) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401  # the same
    if isinstance(schema, list):
        for one in schema:
            yield from _objects(one)
    elif isinstance(schema, Mapping):
        yield schema
        for field in schema.get("fields", ()):
            yield from _objects(field.get("type"))
        for part in ("items", "values"):
            yield from _objects(schema.get(part))
        if isinstance(schema.get("type"), Mapping | list):
            yield from _objects(schema["type"])


def fields(schema: Mapping[str, Any]) -> Iterator[Field]:
    """Every field of a record schema, parents before their children."""
    yield from _fields(schema, "", "", named_types(schema))


def _fields(kind: Any, path: str, pointer: str, names: Mapping[str, Any]) -> Iterator[Field]:  # noqa: ANN401  # the same
    if isinstance(kind, list):
        for number, one in enumerate(kind):
            yield from _fields(one, path, f"{pointer}/{number}", names)
    elif isinstance(kind, Mapping):
        yield from _parts(kind, path, pointer, names)


def _parts(kind: Mapping[str, Any], path: str, pointer: str, names: Mapping[str, Any]) -> Iterator[Field]:
    for number, text in enumerate(kind.get("fields", ())):
        own = f"{path}.{text.get('name')}".lstrip(".")
        where = f"{pointer}/fields/{number}"
        yield Field(own, where, text, str(kind.get("name")))
        yield from _fields(text.get("type"), own, f"{where}/type", names)
    for part in ("items", "values"):
        if part in kind:
            yield from _fields(kind[part], path + ITEMS, f"{pointer}/{part}", names)
