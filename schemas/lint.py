"""What a contract must have beyond being Avro: names, documents, classes of data, units.

Each rule says where, what is wrong and what to write instead; none shows data, for schemas hold none.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from schemas.contracts import contract
from schemas.errors import ContractError
from schemas.fields import CLASSES, branches, fields, kind_of, logical, named_types


class Lint(NamedTuple):
    """One thing to mend.

    Attributes:
        file: Name of the file.
        pointer: JSON pointer into it.
        code: Names the rule.
        message: What is wrong.
        fix: What to write instead.
    """

    file: str
    pointer: str
    code: str
    message: str
    fix: str


#: A rule's findings: pointer, message, fix.
_Found = Iterator[tuple[str, str, str]]

_FIELD: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_TYPE: Final = re.compile(r"[A-Z][A-Za-z0-9]*")
_SYMBOL: Final = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")
_NAMESPACE: Final = re.compile(r"beffroi\.[a-z]+\.v[1-9][0-9]*")
_DATE_NAME: Final = re.compile(r"(.*_)?(on|from|until|by)")
_INSTANT_NAME: Final = re.compile(r"(.*_)?(at|as_of)")
#: What names a person or reaches one: such a field says its class.
_PERSONAL: Final = re.compile(
    r"(first|last|given|family|maiden|birth|sur)_?name|birth_?(date|day|on)|born_.*|e?_?mail|phone|mobile|fax|gender|nationality"
)
_NIR: Final = re.compile(r"nir|social_security(_number)?|ssn|insee_number|numero_securite_sociale")
_MONEY: Final = re.compile(r"(.*_)?(amount|price|salary|fee|cost|wage|budget|eur|euros)(_.*)?")
_CURRENCIES: Final = frozenset({"EUR", "euro", "cent"})


def lint(text: str, file: str) -> list[Lint]:
    """Everything to mend in one ``.avsc`` file."""
    try:
        schema = json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        return [Lint(file, "", "not-json", f"not JSON at {where}: {error.msg.lower()}", "correct that place")]
    if not isinstance(schema, dict) or schema.get("type") != "record":
        return [Lint(file, "/type", "not-a-record", "a contract is one record", 'write {"type": "record", …}')]
    found = [Lint(file, *_coded(code, one)) for code, rule in _RULES.items() for one in rule(schema)]
    return found or _avro(schema, file)


def _coded(code: str, found: tuple[str, str, str]) -> tuple[str, str, str, str]:
    pointer, message, fix = found
    return pointer, code, message, fix


def _avro(schema: Mapping[str, Any], file: str) -> list[Lint]:
    try:
        contract(0, dict(schema))
    except ContractError as error:
        return [Lint(file, "", "not-avro", error.message, "see the Avro 1.12 specification, Schema Declaration")]
    return []


def _namespace(schema: Mapping[str, Any]) -> _Found:
    if not _NAMESPACE.fullmatch(str(schema.get("namespace", ""))):
        yield "/namespace", "the namespace says neither domain nor major", "write beffroi.<domain>.v<major>"


def _names(schema: Mapping[str, Any]) -> _Found:
    for name in named_types({**schema, "name": schema.get("name", "")}):
        if not _TYPE.fullmatch(name):
            yield "/name", f"the type name {name} is not in capitals of words", "write it like TrainingSession"
    for field in fields(schema):
        if not _FIELD.fullmatch(str(field.text.get("name", ""))):
            yield (
                f"{field.pointer}/name",
                f"the field name {field.name} is not in snake case",
                "write it like starts_on",
            )


def _moments(schema: Mapping[str, Any]) -> _Found:
    for field in fields(schema):
        for kind in branches(field.text.get("type")):
            if logical(kind) == "date" and not _DATE_NAME.fullmatch(field.name):
                yield f"{field.pointer}/name", f"the day {field.name} does not sound like one", f"write {field.name}_on"
            if str(logical(kind)).startswith("timestamp") and not _INSTANT_NAME.fullmatch(field.name):
                yield (
                    f"{field.pointer}/name",
                    f"the instant {field.name} does not sound like one",
                    f"write {field.name}_at",
                )


def _docs(schema: Mapping[str, Any]) -> _Found:
    for name, language in (("doc", "English"), ("fr", "French")):
        if not str(schema.get(name, "")).endswith("."):
            yield f"/{name}", f"the contract has no sentence in {language}", f'add "{name}": "… ."'
        for field in fields(schema):
            if not str(field.text.get(name, "")).endswith("."):
                yield f"{field.pointer}/{name}", f"{field.path} has no sentence in {language}", f'add "{name}": "… ."'


def _classes(schema: Mapping[str, Any]) -> _Found:
    for field in fields(schema):
        if field.text.get("class") not in CLASSES:
            yield f"{field.pointer}/class", f"{field.path} has no class of data", f"write one of {', '.join(CLASSES)}"


def _personal(schema: Mapping[str, Any]) -> _Found:
    for field in fields(schema):
        if _NIR.fullmatch(field.name):
            yield (
                field.pointer,
                f"{field.path} would carry a national number (NIR)",
                "take it out: the NIR never enters",
            )
        elif _PERSONAL.fullmatch(field.name) and field.text.get("class") in {None, "public"}:
            yield (
                f"{field.pointer}/class", f"{field.path} names or reaches a person, and its class does not say so",
                "write professional for somebody at work, personal for anybody else; better, leave it out",
            )  # fmt: skip
        elif field.text.get("class") == "forbidden":
            yield field.pointer, f"{field.path} is of a class that never enters", "take it out"


def _money(schema: Mapping[str, Any]) -> _Found:
    for field in fields(schema):
        floats = {"float", "double"} & {kind_of(kind) for kind in branches(field.text.get("type"))}
        if floats and (field.text.get("unit") in _CURRENCIES or _MONEY.fullmatch(field.name)):
            yield (
                f"{field.pointer}/type", f"{field.path} is money as a {floats.pop()}: cents get lost",
                'write {"type": "bytes", "logicalType": "decimal", "precision": 10, "scale": 2}',
            )  # fmt: skip


def _enums(schema: Mapping[str, Any]) -> _Found:
    for field in fields(schema):
        for kind in _parts(field.text.get("type")):
            if isinstance(kind, Mapping) and "symbols" in kind:
                yield from _enum(kind, f"{field.pointer}/type")


def _enum(kind: Mapping[str, Any], where: str) -> _Found:
    symbols = kind["symbols"]
    if kind.get("default") != "UNKNOWN" or "UNKNOWN" not in symbols:
        yield where, f"the enum {kind['name']} has no room for symbols to come", 'add UNKNOWN, "default": "UNKNOWN"'
    if odd := [one for one in symbols if not _SYMBOL.fullmatch(one)]:
        yield where, f"the symbols {', '.join(odd)} are not in capitals", "write them like JOB_DATING"


def _parts(kind: Any) -> Iterator[Any]:  # noqa: ANN401  # a type in Avro's JSON
    """A type's branches and their items."""
    for one in branches(kind):
        yield one
        if isinstance(one, Mapping):
            yield from (part for name in ("items", "values") if name in one for part in _parts(one[name]))


def _optional(schema: Mapping[str, Any]) -> _Found:
    for field in fields(schema):
        kind = field.text.get("type")
        if (
            isinstance(kind, list)
            and "null" in kind
            and (kind[0] != "null" or field.text.get("default", "") is not None)
        ):
            yield (
                field.pointer,
                f"{field.path} is optional without a null default",
                'put "null" first and "default": null',
            )


def _patterns(schema: Mapping[str, Any]) -> _Found:
    for field in fields(schema):
        pattern = field.text.get("pattern")
        if pattern is not None and not _anchored(pattern):
            yield (
                f"{field.pointer}/pattern",
                f"the pattern of {field.path} does not hold for the whole value",
                "write ^…$",
            )


def _anchored(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return pattern.startswith("^") and pattern.endswith("$")


def _stewards(schema: Mapping[str, Any]) -> _Found:
    for name in ("owner", "writers", "readers"):
        if not schema.get(name):
            yield f"/{name}", f"the contract does not say its {name}", f'add "{name}": "…"'
    if schema.get("root") not in {one.get("name") for one in schema.get("fields", ())}:
        yield "/root", "the root is no field of the contract", "name the field whose value is the record's key"


_RULES: Final[Mapping[str, Callable[[Mapping[str, Any]], _Found]]] = {
    "namespace": _namespace, "name": _names, "moment": _moments, "doc": _docs, "class": _classes,
    "personal": _personal, "money": _money, "enum": _enums, "optional": _optional, "pattern": _patterns,
    "steward": _stewards,
}  # fmt: skip
