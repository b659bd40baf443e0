"""The table of changes: each with the rules that judge it, our verdict, and a schema registry's."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]


def base() -> Schema:
    """A small contract with one field of every kind that may change."""
    field = {"doc": "A field.", "fr": "Un champ.", "class": "public"}
    return {
        "type": "record",
        "name": "Thing",
        "namespace": "beffroi.test.v1",
        "doc": "A thing.",
        "fr": "Une chose.",
        "root": "id",
        "owner": "Somebody",
        "fields": [
            {"name": "id", "type": "string", **field},
            {"name": "n", "type": "int", **field, "unit": "place", "minimum": 0, "maximum": 9},
            {"name": "big", "type": "long", "default": 0, **field},
            {"name": "ratio", "type": "float", "default": 0.0, **field},
            {"name": "note", "type": ["null", "string"], "default": None, "aliases": ["remark"], **field},
            {"name": "code", "type": "string", "default": "", **field, "pattern": "^[0-9]*$", "codes": "INSEE 2025"},
            {"name": "day", "type": {"type": "int", "logicalType": "date"}, "default": 0, **field},
            {
                "name": "amount",
                "type": {"type": "bytes", "logicalType": "decimal", "precision": 8, "scale": 2},
                "default": "",
                **field,
                "unit": "EUR",
            },
            {"name": "pin", "type": {"type": "fixed", "name": "Pin", "size": 4}, **field},
            {"name": "tags", "type": {"type": "array", "items": "string"}, "default": [], **field},
            {"name": "sizes", "type": {"type": "map", "values": "int"}, "default": {}, **field},
            {"name": "either", "type": ["string", "int"], "default": "", **field},
            {
                "name": "state",
                "type": {"type": "enum", "name": "State", "symbols": ["OPEN", "SHUT", "UNKNOWN"], "default": "UNKNOWN"},
                "default": "UNKNOWN",
                **field,
                "class": "professional",
            },
            {"name": "bare", "type": {"type": "enum", "name": "Bare", "symbols": ["A", "B"]}, "default": "A", **field},
            {
                "name": "place",
                "type": {
                    "type": "record",
                    "name": "Place",
                    "doc": "A place.",
                    "fr": "Un lieu.",
                    "fields": [{"name": "town", "type": "string", "default": "", **field}],
                },
                "default": {},
                **field,
            },
        ],
    }


def at(schema: Schema, name: str) -> Any:
    """A field by its name."""
    return next(one for one in schema["fields"] if one["name"] == name)


@dataclass(frozen=True)
class Case:
    """One kind of change.

    Attributes:
        label: In words.
        edit: Makes the change in place.
        rules: The rules that judge it, in the order of the fields.
        verdict: Ours.
        registry: Whether a registry in mode FULL_TRANSITIVE takes it; None where it has no say (not valid Avro, or no
            change to it at all).
        path: Where it is found.
    """

    label: str
    edit: Callable[[Schema], Any]
    rules: tuple[str, ...]
    verdict: str
    registry: bool | None = True
    path: str = ""

    def versions(self) -> tuple[Schema, Schema]:
        """The schema before and after."""
        old, new = base(), base()
        self.edit(new)
        return old, new


def put(name: str, /, **values: Any) -> Callable[[Schema], Any]:
    """Set attributes of a field."""
    return lambda schema: at(schema, name).update(deepcopy(values))


def kind(name: str, /, **values: Any) -> Callable[[Schema], Any]:
    """Set attributes of a field's type."""
    return lambda schema: at(schema, name)["type"].update(deepcopy(values))


def drop(name: str, *keys: str) -> Callable[[Schema], Any]:
    """Remove attributes of a field."""
    return lambda schema: [at(schema, name).pop(key) for key in keys]


def add(**field: Any) -> Callable[[Schema], Any]:
    """Add a field at the end."""
    return lambda schema: schema["fields"].append({"doc": "New.", "fr": "Neuf.", "class": "public", **field})


def gone(name: str) -> Callable[[Schema], Any]:
    """Remove a field."""
    return lambda schema: schema["fields"].remove(at(schema, name))


def nested(**values: Any) -> Callable[[Schema], Any]:
    """Set attributes of the nested record's field."""
    return lambda schema: at(schema, "place")["type"]["fields"][0].update(values)


OK, LOOK, BREAKS = "compatible", "warning", "breaking"
_NEW = {"name": "x", "type": "int", "default": 0, "doc": "X.", "fr": "X.", "class": "public"}
_DATE = {"type": "int", "logicalType": "date"}

CASES: tuple[Case, ...] = (
    Case("nothing", put("id"), (), OK),
    Case(
        "a field with a default is added",
        add(name="x", type=["null", "int"], default=None),
        ("field-added",),
        OK,
        path="x",
    ),
    Case(
        "a field without default is added",
        add(name="x", type="int"),
        ("field-without-default-added",),
        BREAKS,
        registry=False,
        path="x",
    ),
    Case("a field with a default is removed", gone("note"), ("field-removed",), LOOK, path="note"),
    Case(
        "a field without default is removed",
        gone("n"),
        ("field-without-default-removed",),
        BREAKS,
        registry=False,
        path="n",
    ),
    Case(
        "a field is renamed with an alias",
        put("big", name="huge", aliases=["big"]),
        ("field-renamed",),
        BREAKS,
        path="huge",
    ),
    Case(
        "a field without default is renamed with an alias",
        put("n", name="m", aliases=["n"]),
        ("field-without-default-renamed",),
        BREAKS,
        registry=False,
        path="m",
    ),
    Case("a field is renamed without alias", put("big", name="huge"), ("field-removed", "field-added"), LOOK),
    Case("a field changes its place", lambda schema: schema["fields"].reverse(), ("fields-reordered",), OK),
    Case("a default is added", put("n", default=0), ("default-added",), OK, path="n"),
    Case("a default is removed", drop("big", "default"), ("default-removed",), BREAKS, path="big"),
    Case("a default changes", put("big", default=1), ("default-changed",), BREAKS, path="big"),
    Case(
        "a default changes from null",
        put("note", type=["string", "null"], default="?"),
        ("default-changed", "branches-reordered"),
        BREAKS,
        path="note",
    ),
    Case("an alias is added", put("note", aliases=["remark", "comment"]), ("alias-added",), OK, path="note"),
    Case("an alias is removed", drop("note", "aliases"), ("alias-removed",), BREAKS, path="note"),
    Case(
        "the record is renamed", lambda schema: schema.update(name="Other"), ("type-renamed",), BREAKS, registry=False
    ),
    Case(
        "a nested record is renamed",
        kind("place", name="Spot"),
        ("type-renamed",),
        BREAKS,
        registry=False,
        path="place",
    ),
    Case("an enum is renamed", kind("state", name="Status"), ("type-renamed",), BREAKS, registry=False, path="state"),
    Case(
        "the namespace changes",
        lambda schema: schema.update(namespace="beffroi.test.v2"),
        ("namespace-changed",),
        BREAKS,
    ),
    Case("the namespace is removed", lambda schema: schema.pop("namespace"), ("namespace-removed",), BREAKS),
    Case(
        "a nested type gets a namespace",
        kind("place", namespace="beffroi.places.v1"),
        ("namespace-added",),
        BREAKS,
        path="place",
    ),
    Case("int becomes long", put("n", type="long"), ("number-widened",), BREAKS, registry=False, path="n"),
    Case(
        "float becomes double", put("ratio", type="double"), ("number-widened",), BREAKS, registry=False, path="ratio"
    ),
    Case("int becomes double", put("n", type="double"), ("number-widened",), BREAKS, registry=False, path="n"),
    Case("long becomes int", put("big", type="int"), ("number-narrowed",), BREAKS, registry=False, path="big"),
    Case("text becomes bytes", put("code", type="bytes"), ("text-and-bytes-exchanged",), BREAKS, path="code"),
    Case("text becomes a number", put("id", type="int"), ("type-changed",), BREAKS, registry=False, path="id"),
    Case("a number becomes a boolean", put("n", type="boolean"), ("type-changed",), BREAKS, registry=False, path="n"),
    Case(
        "text becomes a list",
        put("id", type={"type": "array", "items": "string"}),
        ("type-changed",),
        BREAKS,
        registry=False,
        path="id",
    ),
    Case(
        "a list becomes a map",
        put("tags", type={"type": "map", "values": "string"}, default={}),
        ("default-changed", "type-changed"),
        BREAKS,
        registry=False,
        path="tags",
    ),
    Case(
        "text becomes an enum",
        put("id", type={"type": "enum", "name": "Id", "symbols": ["A"]}),
        ("type-changed",),
        BREAKS,
        registry=False,
        path="id",
    ),
    Case("an enum becomes text", put("bare", type="string"), ("type-changed",), BREAKS, registry=False, path="bare"),
    Case(
        "a record becomes text",
        put("place", type="string", default=""),
        ("default-changed", "type-changed"),
        BREAKS,
        registry=False,
        path="place",
    ),
    Case(
        "a value becomes optional", put("n", type=["null", "int"]), ("made-optional",), BREAKS, registry=False, path="n"
    ),
    Case(
        "an optional value becomes required",
        put("note", type="string", default=""),
        ("default-changed", "made-required"),
        BREAKS,
        registry=False,
        path="note",
    ),
    Case(
        "a union gets a branch",
        put("either", type=["string", "int", "boolean"]),
        ("branch-added",),
        BREAKS,
        registry=False,
        path="either",
    ),
    Case(
        "a union loses a branch",
        put("either", type="string"),
        ("branch-removed",),
        BREAKS,
        registry=False,
        path="either",
    ),
    Case(
        "the branches change their order",
        put("either", type=["int", "string"], default=0),
        ("default-changed", "branches-reordered"),
        BREAKS,
        path="either",
    ),
    Case(
        "null goes behind",
        put("note", type=["string", "null"]),
        ("branches-reordered",),
        LOOK,
        registry=None,
        path="note",
    ),
    Case(
        "items of a list change their type",
        put("tags", type={"type": "array", "items": "int"}),
        ("type-changed",),
        BREAKS,
        registry=False,
        path="tags[]",
    ),
    Case(
        "items of a list may be null",
        put("tags", type={"type": "array", "items": ["null", "string"]}),
        ("made-optional",),
        BREAKS,
        registry=False,
        path="tags[]",
    ),
    Case(
        "values of a map are widened",
        put("sizes", type={"type": "map", "values": "long"}),
        ("number-widened",),
        BREAKS,
        registry=False,
        path="sizes[]",
    ),
    Case(
        "a fixed type changes its size",
        kind("pin", size=8),
        ("fixed-size-changed",),
        BREAKS,
        registry=False,
        path="pin",
    ),
    Case("a number becomes a date", put("n", type=_DATE), ("logical-type-added",), BREAKS, path="n"),
    Case("a date becomes a number", put("day", type="int"), ("logical-type-removed",), BREAKS, path="day"),
    Case(
        "a date becomes a time of day",
        put("day", type={"type": "int", "logicalType": "time-millis"}),
        ("logical-type-changed",),
        BREAKS,
        path="day",
    ),
    Case(
        "an instant takes the place of a number",
        put("big", type={"type": "long", "logicalType": "timestamp-millis"}),
        ("logical-type-added",),
        BREAKS,
        path="big",
    ),
    Case(
        "a decimal gets more digits",
        kind("amount", precision=10),
        ("precision-changed",),
        BREAKS,
        registry=None,
        path="amount",
    ),
    Case(
        "a decimal changes its scale", kind("amount", scale=3), ("scale-changed",), BREAKS, registry=None, path="amount"
    ),
    Case(
        "a symbol is added, readers have a default",
        kind("state", symbols=["OPEN", "SHUT", "HELD", "UNKNOWN"]),
        ("symbol-added",),
        OK,
        path="state",
    ),
    Case(
        "a symbol is added, readers have none",
        kind("bare", symbols=["A", "B", "C"]),
        ("symbol-without-default-added",),
        BREAKS,
        registry=False,
        path="bare",
    ),
    Case(
        "a symbol is removed, readers have a default",
        kind("state", symbols=["OPEN", "UNKNOWN"]),
        ("symbol-removed",),
        LOOK,
        path="state",
    ),
    Case(
        "a symbol is removed, readers have none",
        kind("bare", symbols=["A"]),
        ("symbol-without-default-removed",),
        BREAKS,
        registry=False,
        path="bare",
    ),
    Case("symbols change their order", kind("bare", symbols=["B", "A"]), ("symbols-reordered",), OK, path="bare"),
    Case("an enum gets a default", kind("bare", default="A"), ("enum-default-added",), OK, path="bare"),
    Case(
        "an enum loses its default",
        lambda schema: at(schema, "state")["type"].pop("default"),
        ("enum-default-removed",),
        BREAKS,
        path="state",
    ),
    Case("an enum changes its default", kind("state", default="SHUT"), ("enum-default-changed",), BREAKS, path="state"),
    Case("a doc is reworded", put("n", doc="Other words."), ("doc-changed",), OK, path="n"),
    Case("a doc is removed", drop("n", "doc"), ("doc-removed",), BREAKS, path="n"),
    Case("an enum is documented", kind("state", doc="Its state."), ("doc-added",), OK, path="state"),
    Case("the contract loses its doc", lambda schema: schema.pop("doc"), ("doc-removed",), BREAKS),
    Case("the French text is reworded", put("n", fr="Autrement."), ("fr-changed",), OK, path="n"),
    Case("the French text is removed", drop("n", "fr"), ("fr-removed",), BREAKS, path="n"),
    Case("a French text is added", kind("state", fr="Son état."), ("fr-added",), OK, path="state"),
    Case("a class is tightened", put("n", **{"class": "pseudonym"}), ("class-tightened",), LOOK, path="n"),
    Case("a class is loosened", put("state", **{"class": "public"}), ("class-loosened",), BREAKS, path="state"),
    Case("a class is removed", drop("state", "class"), ("class-loosened",), BREAKS, path="state"),
    Case("a pattern is added", put("id", pattern="^[a-z]+$"), ("pattern-added",), BREAKS, path="id"),
    Case("a pattern changes", put("code", pattern="^[0-9]{5}$"), ("pattern-changed",), BREAKS, path="code"),
    Case("a pattern is removed", drop("code", "pattern"), ("pattern-removed",), LOOK, path="code"),
    Case("a minimum rises", put("n", minimum=1), ("minimum-tightened",), BREAKS, path="n"),
    Case("a minimum falls", put("n", minimum=-1), ("minimum-loosened",), LOOK, path="n"),
    Case("a maximum is added", put("big", maximum=10), ("maximum-tightened",), BREAKS, path="big"),
    Case("a maximum is removed", drop("n", "maximum"), ("maximum-loosened",), LOOK, path="n"),
    Case("a unit changes", put("n", unit="hour"), ("unit-changed",), BREAKS, path="n"),
    Case("a unit is removed", drop("n", "unit"), ("unit-removed",), BREAKS, path="n"),
    Case("a unit is added", put("big", unit="second"), ("unit-added",), OK, path="big"),
    Case("a code list changes", put("code", codes="INSEE 2026"), ("codes-changed",), LOOK, path="code"),
    Case("a code list is named", put("id", codes="Ours"), ("codes-added",), OK, path="id"),
    Case("a code list is no longer named", drop("code", "codes"), ("codes-removed",), LOOK, path="code"),
    Case("the root changes", lambda schema: schema.update(root="code"), ("root-changed",), BREAKS),
    Case("the root is removed", lambda schema: schema.pop("root"), ("root-removed",), BREAKS),
    Case("somebody else answers for it", lambda schema: schema.update(owner="Other"), ("stewardship-changed",), OK),
    Case(
        "a nested field changes its type",
        nested(type="int", default=0),
        ("default-changed", "type-changed"),
        BREAKS,
        registry=False,
        path="place.town",
    ),
    Case("a nested field gets a root", kind("place", root="town"), ("root-added",), BREAKS, path="place"),
    Case(
        "a nested record gets a field",
        lambda schema: at(schema, "place")["type"]["fields"].append(_NEW),
        ("field-added",),
        OK,
        path="place.x",
    ),
    Case(
        "two changes at once, the worst counts",
        lambda schema: [edit(schema) for edit in (put("n", doc="Words."), put("big", default=3))],
        ("doc-changed", "default-changed"),
        BREAKS,
    ),
)
