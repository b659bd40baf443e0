"""Whether a record fits its contract, answered fast: straight Python made from the schema.

:mod:`schemas.validation` explains what does not fit and turns JSON's forms into the codec's; it is asked only about
records that this module does not pass. The two agree: what fits here has no problem there.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, Final

from schemas.contracts import sources
from schemas.fields import branches, kind_of, logical, named_types, nullable

#: Says whether a record, in the codec's own forms, fits.
Fits = Callable[[Mapping[str, Any]], bool]

_INT_BITS: Final = {"int": 32, "long": 64}


@cache
def fits(name: str) -> Fits:
    """The check of a contract by its full name."""
    made = Checks(named_types(sources()[name]))
    made.record(sources()[name])
    scope = made.scope()
    exec(compile("\n".join(made.lines), f"<check of {name}>", "exec"), scope)  # noqa: S102  # our own text, made from our own schema

    def check(record: Mapping[str, Any]) -> bool:
        try:
            return bool(scope["f0"](record))
        except (TypeError, AttributeError):  # a value of another kind than the contract's
            return False

    return check


def _decimal(value: Decimal, precision: int, scale: int) -> bool:
    _, digits, exponent = value.as_tuple()
    return isinstance(exponent, int) and -exponent <= scale and len(digits) + exponent <= precision - scale


_RUNTIME: Final = {
    "date": date, "datetime": datetime, "Decimal": Decimal, "decimal": _decimal, "finite": math.isfinite, "M": object(),
}  # fmt: skip


@dataclass(slots=True)
class Checks:
    """Writes the functions of one contract: ``f0`` for the record itself; and conditions on single values ``v``."""

    names: Mapping[str, Mapping[str, Any]]
    lines: list[str] = field(default_factory=list)
    constants: dict[str, Any] = field(default_factory=dict)
    count: int = 0

    def record(self, kind: Mapping[str, Any]) -> str:
        """A function for a record; gives its name."""
        name = f"f{self.count}"
        self.count += 1
        known = self._constant(frozenset(one["name"] for one in kind["fields"]))
        checks = [f"r.keys() <= {known}", *(self._field(one) for one in kind["fields"])]
        self.lines += [f"def {name}(r):", "    g = r.get", f"    return {' and '.join(checks)}"]
        return name

    def scope(self) -> dict[str, Any]:
        """What the functions and conditions need."""
        return {**_RUNTIME, **self.constants}

    def _field(self, one: Mapping[str, Any]) -> str:
        absent = "v is M or " if "default" in one else ""
        there = f"(v := g({one['name']!r}, M)) is not M or {bool(absent)}"
        return f"({there}) and ({absent}{self.condition(one['type'], one)})"

    def condition(self, kind: Any, hints: Mapping[str, Any]) -> str:  # noqa: ANN401  # a type in Avro's JSON
        """Whether a value ``v`` is of a type, with the hints of its field."""
        allowed = ["v is None"] if nullable(kind) else []
        return " or ".join([*allowed, *(f"({self._one(self.known(one), hints)})" for one in branches(kind))])

    def known(self, kind: Any) -> Any:  # noqa: ANN401  # the same
        """A type by its name, or the type itself."""
        return self.names.get(kind.rpartition(".")[2], kind) if isinstance(kind, str) else kind

    def _one(self, kind: Any, hints: Mapping[str, Any]) -> str:  # noqa: ANN401  # the same
        if special := logical(kind):
            return self._logical(special, kind, hints)
        name = kind_of(kind)
        if name == "record":
            return f"v.__class__ is dict and {self.record(kind)}(v)"
        if name == "enum":
            return f"v in {self._constant(frozenset(kind['symbols']))}"
        if name == "array":
            return f"v.__class__ is list and all({self.condition(kind['items'], hints)} for v in v)"
        return self._plain(name, hints)

    def _plain(self, name: str, hints: Mapping[str, Any]) -> str:
        if name == "string":
            pattern = hints.get("pattern")
            matches = f" and {self._constant(re.compile(pattern).fullmatch)}(v)" if pattern else ""
            return f"v.__class__ is str{matches}"
        if name in _INT_BITS:
            most = 1 << (_INT_BITS[name] - 1)
            return f"v.__class__ is int and {-most} <= v < {most}{self._bounds(hints)}"
        if name == "double":
            return f"v.__class__ is float and finite(v){self._bounds(hints)}"
        return {"boolean": "v is True or v is False", "bytes": "v.__class__ is bytes"}[name]

    def _logical(self, special: str, kind: Mapping[str, Any], hints: Mapping[str, Any]) -> str:
        if special == "decimal":
            digits = f"decimal(v, {kind['precision']}, {kind.get('scale', 0)})"
            return f"v.__class__ is Decimal and {digits}{self._bounds(hints)}"
        return {
            "date": "v.__class__ is date",
            "timestamp-millis": "v.__class__ is datetime and v.tzinfo is not None",
        }[special]

    @staticmethod
    def _bounds(hints: Mapping[str, Any]) -> str:
        low, high = hints.get("minimum"), hints.get("maximum")
        return (f" and v >= {low}" if low is not None else "") + (f" and v <= {high}" if high is not None else "")

    def _constant(self, value: object) -> str:
        name = f"k{len(self.constants)}"
        self.constants[name] = value
        return name
