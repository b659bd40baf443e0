"""A contract as JSON Schema: for the HTTP side, the documents, and the pydantic models.

Source: JSON Schema draft 2020-12. Instants are RFC 3339 texts, days ISO 8601 dates, decimals numbers of a fixed step.
"""

from collections.abc import Mapping
from typing import Any, Final

from schemas.fields import PRIMITIVES, branches, logical, nullable

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_INT, _LONG = 2**31, 2**63
_PRIMITIVES: Final[Mapping[str, Mapping[str, Any]]] = {
    "string": {"type": "string"},
    "boolean": {"type": "boolean"},
    "int": {"type": "integer", "minimum": -_INT, "maximum": _INT - 1},
    "long": {"type": "integer", "minimum": -_LONG, "maximum": _LONG - 1},
    "float": {"type": "number"},
    "double": {"type": "number"},
    "bytes": {"type": "string", "format": "binary"},
}
#: What stands beside a field's type in the ``.avsc`` and narrows it.
_BOUNDS: Final = ("minimum", "maximum")


def json_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON Schema of a record schema.

    Returns:
        A schema whose named types lie under ``$defs``; fields without default are required, others may be left out.
    """
    defs: dict[str, Any] = {}
    top = _record(schema, defs)
    return {"$schema": DIALECT, "$id": f"urn:beffroi:{schema['namespace']}.{schema['name']}", **top, "$defs": defs}


def _record(schema: Mapping[str, Any], defs: dict[str, Any]) -> dict[str, Any]:
    return {
        "title": schema["name"],
        "description": schema.get("doc", ""),
        "type": "object",
        "additionalProperties": False,
        "properties": {field["name"]: _field(field, defs) for field in schema["fields"]},
        "required": [field["name"] for field in schema["fields"] if "default" not in field],
    }


def _field(field: Mapping[str, Any], defs: dict[str, Any]) -> dict[str, Any]:
    found = [_narrowed(_kind(kind, defs), field) for kind in branches(field["type"])]
    text = found[0] if len(found) == 1 else {"anyOf": found}
    if nullable(field["type"]):
        text = _or_null(text)
    extra = {"default": field["default"]} if "default" in field else {}
    return {**text, "description": field.get("doc", ""), **extra}


def _or_null(text: dict[str, Any]) -> dict[str, Any]:
    if isinstance(text.get("type"), str) and text["type"] != "array":
        return {**text, "type": [text["type"], "null"]}
    return {"anyOf": [*text.get("anyOf", [text]), {"type": "null"}]}


def _narrowed(text: dict[str, Any], field: Mapping[str, Any]) -> dict[str, Any]:
    """A type with the field's own pattern and bounds; on an array they hold for its items."""
    if text.get("type") == "array":
        return {**text, "items": _narrowed(text["items"], field)}
    if text.get("type") == "string" and "pattern" in field:
        text = {**text, "pattern": field["pattern"]}
    if text.get("type") in {"integer", "number"}:
        text = {**text, **{bound: field[bound] for bound in _BOUNDS if bound in field}}
    return text


def _kind(kind: Any, defs: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401  # a type in Avro's JSON
    if isinstance(kind, str):
        return dict(_PRIMITIVES[kind]) if kind in PRIMITIVES else {"$ref": f"#/$defs/{kind.rpartition('.')[2]}"}
    if special := _logical(kind):
        return special
    if kind["type"] in {"record", "enum"}:
        return _named(kind, defs)
    if kind["type"] == "array":
        return {"type": "array", "items": _kind(kind["items"], defs)}
    if kind["type"] == "map":
        return {"type": "object", "additionalProperties": _kind(kind["values"], defs)}
    return _kind(kind["type"], defs)


def _named(kind: Mapping[str, Any], defs: dict[str, Any]) -> dict[str, Any]:
    name = kind["name"]
    defs[name] = {}  # its place in the order, and an end to recursion
    if kind["type"] == "enum":
        defs[name] = {"title": name, "description": kind.get("doc", ""), "type": "string", "enum": kind["symbols"]}
    else:
        defs[name] = _record(kind, defs)
    return {"$ref": f"#/$defs/{name}"}


def _logical(kind: Mapping[str, Any]) -> dict[str, Any] | None:
    match logical(kind):
        case "date":
            return {"type": "string", "format": "date"}
        case "timestamp-millis":
            return {"type": "string", "format": "date-time"}
        case "decimal":
            return decimal(kind["precision"], kind.get("scale", 0))
    return None


def decimal(precision: int, scale: int) -> dict[str, Any]:
    """Bounds and step of Avro's decimal: ``precision`` digits, ``scale`` of them behind the point."""
    step = float(f"1e-{scale}")
    most = float(f"{'9' * (precision - scale) or '0'}.{'9' * scale or '0'}")
    return {"type": "number", "format": "decimal", "multipleOf": step, "minimum": -most, "maximum": most}
