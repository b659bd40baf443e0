"""A record against its contract: what fits, as the codec wants it; where something does not, what and how to fix it.

Takes what JSON gives (days and instants as ISO 8601 texts, decimals as numbers or texts) and Python's own values.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any, Final, NamedTuple

from schemas.fields import branches, kind_of, logical, named_types, nullable
from schemas.shape import shape

_MISSING: Final = object()


class Problem(NamedTuple):
    """One reason why a record does not fit.

    Attributes:
        pointer: JSON pointer into the record (RFC 6901); empty for the record itself.
        code: Cause, from a closed list: missing, unknown-field, type, format, range, code-list.
        expected: What the contract wants there.
        found: Type and shape of what was received, never the value.
        fix: What to write instead.
    """

    pointer: str
    code: str
    expected: str
    found: str
    fix: str

    @property
    def message(self) -> str:
        """One sentence."""
        return f"{self.pointer or 'the record'}: expected {self.expected}, found {self.found}"


@dataclass(slots=True)
class Taken:
    """A record as far as it fits.

    Attributes:
        record: The values as the codec takes them; complete only without problems.
        problems: Everything that does not fit.
    """

    record: Any
    problems: list[Problem] = field(default_factory=list)


def take(schema: Mapping[str, Any], value: Any) -> Taken:  # noqa: ANN401  # whatever JSON or a caller holds
    """Check a value against a record schema and turn it into what the codec encodes."""
    check = _Check(named_types(schema))
    record = check.kind(schema, value, "", {})
    return Taken(record, check.problems)


class _Check:
    """One pass over one record."""

    def __init__(self, names: Mapping[str, Mapping[str, Any]]) -> None:
        self.problems: list[Problem] = []
        self._names = names

    def kind(self, kind: Any, value: Any, pointer: str, hints: Mapping[str, Any]) -> Any:  # noqa: ANN401  # a type, a value
        if isinstance(kind, list):
            return self._union(kind, value, pointer, hints)
        if isinstance(kind, str):
            kind = self._names.get(kind.rpartition(".")[2], kind)
        if special := _LOGICAL.get(logical(kind) or ""):
            return self._accept(special(kind, value, hints), value, pointer, hints)
        if compound := _COMPOUND.get(kind_of(kind)):
            return compound(self, kind, value, pointer, hints)
        return self._accept(_PLAIN[kind_of(kind)](value, hints), value, pointer, hints)

    def _union(self, kind: list[Any], value: Any, pointer: str, hints: Mapping[str, Any]) -> Any:  # noqa: ANN401  # the same
        if value is None and nullable(kind):
            return None
        wanted = branches(kind)
        for one in wanted[:-1]:
            attempt = _Check(self._names)
            taken = attempt.kind(one, value, pointer, hints)
            if not attempt.problems:
                return taken
        return self.kind(wanted[-1], value, pointer, hints)

    def record(self, kind: Mapping[str, Any], value: Any, pointer: str, _: "_Hints") -> Any:  # noqa: ANN401  # the same
        if not isinstance(value, Mapping):
            return self._refuse(pointer, "type", f"an object ({kind['name']})", value, "write an object {…}")
        known = [one["name"] for one in kind["fields"]]
        for extra in sorted(set(map(str, value)) - set(known)):
            self._unknown(f"{pointer}/{extra}", extra, known, kind["name"])
        return {one["name"]: self._field(one, value, pointer) for one in kind["fields"]}

    def _unknown(self, pointer: str, name: str, known: list[str], record: str) -> None:
        near = get_close_matches(name, known, 1)
        fix = f"write {near[0]}" if near else "leave it out, or ask for it in the contract's next minor version"
        self.problems.append(Problem(pointer, "unknown-field", f"a field of {record}", "another name", fix))

    def _field(self, one: Mapping[str, Any], value: Mapping[str, Any], pointer: str) -> Any:  # noqa: ANN401  # the same
        found = value.get(one["name"], _MISSING)
        where = f"{pointer}/{one['name']}"
        if found is not _MISSING:
            return self.kind(one["type"], found, where, one)
        if "default" in one:
            return one["default"]
        doc = str(one.get("doc", "")).rstrip(".")
        self.problems.append(Problem(where, "missing", "a value", "nothing", f"add it: {doc}"))
        return None

    def array(self, kind: Mapping[str, Any], value: Any, pointer: str, hints: Mapping[str, Any]) -> Any:  # noqa: ANN401  # the same
        if not isinstance(value, list | tuple):
            return self._refuse(pointer, "type", "a list", value, "write a list […], empty when there is none")
        return [self.kind(kind["items"], one, f"{pointer}/{n}", hints) for n, one in enumerate(value)]

    def map(self, kind: Mapping[str, Any], value: Any, pointer: str, hints: Mapping[str, Any]) -> Any:  # noqa: ANN401  # the same
        if not isinstance(value, Mapping):
            return self._refuse(pointer, "type", "an object", value, "write an object {…}")
        return {str(key): self.kind(kind["values"], one, f"{pointer}/{key}", hints) for key, one in value.items()}

    def enum(self, kind: Mapping[str, Any], value: Any, pointer: str, _: "_Hints") -> Any:  # noqa: ANN401  # the same
        if isinstance(value, str) and value in kind["symbols"]:
            return str(value)
        near = get_close_matches(str(value).upper(), kind["symbols"], 1)
        fix = f"write {near[0]}" if near else f"write {kind.get('default', kind['symbols'][0])} when none applies"
        return self._refuse(pointer, "code-list", f"one of {', '.join(kind['symbols'])}", value, fix)

    def _accept(self, result: "_Result", value: Any, pointer: str, hints: Mapping[str, Any]) -> Any:  # noqa: ANN401  # the same
        if result.code:
            doc = f"{hints['doc'].rstrip('.')}: " if hints.get("doc") else ""
            return self._refuse(pointer, result.code, result.expected, value, f"{doc}write {result.expected}")
        return result.value

    def _refuse(self, pointer: str, code: str, expected: str, value: Any, fix: str) -> None:  # noqa: ANN401  # one line of a table
        self.problems.append(Problem(pointer, code, expected, _found(value), fix.rstrip(".")))


class _Result(NamedTuple):
    value: Any
    code: str = ""
    expected: str = ""


_Hints = Mapping[str, Any]


def _found(value: Any) -> str:  # noqa: ANN401  # the same
    if value is None:
        return "null"
    if isinstance(value, str):
        return f"the text {shape(value)}" if value else "an empty text"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float | Decimal):
        return f"the number {shape(str(value))}"
    return "an object" if isinstance(value, Mapping) else "a list" if isinstance(value, list) else "something else"


def _text(value: object, hints: _Hints) -> _Result:
    pattern = hints.get("pattern")
    if not isinstance(value, str):
        return _Result(None, "type", "a text")
    if pattern and not re.fullmatch(pattern, value):
        return _Result(None, "format", f"a text of the form {pattern}")
    return _Result(str(value))


def _integer(bits: int) -> Callable[[object, _Hints], _Result]:
    most = 2 ** (bits - 1)

    def check(value: object, hints: _Hints) -> _Result:
        low, high = hints.get("minimum", -most), hints.get("maximum", most - 1)
        expected = "a whole number" + (f" {_bounds(hints)}" if {"minimum", "maximum"} & hints.keys() else "")
        if isinstance(value, bool) or not isinstance(value, int):
            return _Result(None, "type", expected)
        return _Result(value) if low <= value <= high else _Result(None, "range", f"{expected} of {bits} bits")

    return check


def _number(value: object, hints: _Hints) -> _Result:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _Result(None, "type", "a number")
    return _Result(float(value)) if _within(value, hints) else _Result(None, "range", f"a number {_bounds(hints)}")


def _boolean(value: object, hints: _Hints) -> _Result:  # noqa: ARG001  # the same call for every type
    return _Result(value) if isinstance(value, bool) else _Result(None, "type", "true or false")


def _bytes(value: object, hints: _Hints) -> _Result:  # noqa: ARG001  # the same
    if isinstance(value, str):
        value = value.encode()
    return _Result(value) if isinstance(value, bytes) else _Result(None, "type", "bytes")


def _null(value: object, hints: _Hints) -> _Result:  # noqa: ARG001  # the same
    return _Result(None) if value is None else _Result(None, "type", "null")


def _date(kind: _Hints, value: object, hints: _Hints) -> _Result:  # noqa: ARG001  # the same
    if isinstance(value, date) and not isinstance(value, datetime):
        return _Result(value)
    try:
        return _Result(date.fromisoformat(value if isinstance(value, str) else ""))
    except ValueError:
        return _Result(None, "format", "a day like 2026-11-23")


def _instant(kind: _Hints, value: object, hints: _Hints) -> _Result:  # noqa: ARG001  # the same
    expected = "an instant with its offset like 2026-11-23T08:00:00Z"
    text = value if isinstance(value, str) else ""
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(text)
        return _Result(found.astimezone(UTC)) if found.tzinfo else _Result(None, "format", expected)
    except (ValueError, OverflowError):  # the latter before year 1 or after 9999, once it is in UTC
        return _Result(None, "format", expected)


def _decimal(kind: _Hints, value: object, hints: _Hints) -> _Result:
    precision, scale = kind["precision"], kind.get("scale", 0)
    expected = f"a number of at most {precision - scale} digits and {scale} decimals"
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return _Result(None, "type", expected)
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return _Result(None, "type", expected)
    _, digits, exponent = found.as_tuple()
    if not isinstance(exponent, int) or -exponent > scale or len(digits) + exponent > precision - scale:
        return _Result(None, "range", expected)
    return _Result(found) if _within(found, hints) else _Result(None, "range", f"{expected} {_bounds(hints)}")


def _within(value: float | Decimal, hints: _Hints) -> bool:
    low, high = hints.get("minimum"), hints.get("maximum")
    return (low is None or value >= low) and (high is None or value <= high)


def _bounds(hints: _Hints) -> str:
    known = {"from": hints.get("minimum"), "up to": hints.get("maximum")}
    return " ".join(f"{word} {bound}" for word, bound in known.items() if bound is not None)


_PLAIN: Final[Mapping[str, Callable[[object, _Hints], _Result]]] = {
    "string": _text, "int": _integer(32), "long": _integer(64), "double": _number, "float": _number,
    "boolean": _boolean, "bytes": _bytes, "null": _null,
}  # fmt: skip
_LOGICAL: Final[Mapping[str, Callable[[_Hints, object, _Hints], _Result]]] = {
    "date": _date, "timestamp-millis": _instant, "decimal": _decimal,
}  # fmt: skip
_COMPOUND: Final[Mapping[str, Callable[[_Check, Mapping[str, Any], Any, str, _Hints], Any]]] = {
    "record": _Check.record, "enum": _Check.enum, "array": _Check.array, "map": _Check.map,
}  # fmt: skip
