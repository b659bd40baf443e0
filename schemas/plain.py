"""JSON's forms of a record turned into the codec's, fast; whatever is not as expected is left to the validation.

What comes out is not checked: :mod:`schemas.fits` says whether it fits.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, Final

from schemas.contracts import sources
from schemas.fields import branches, kind_of, logical, named_types, nullable

#: From JSON's value to the codec's.
Turn = Callable[[Any], Any]
_MISSING: Final = object()


@cache
def plain(name: str) -> Turn:
    """What turns a record of a contract, by its full name; it gives None for what only the validation can explain."""
    schema = sources()[name]
    turn = _record(schema, named_types(schema))
    return lambda value: _guarded(turn, value)


def turned_instant(value: Any) -> datetime | None:  # noqa: ANN401  # any JSON
    """An instant in UTC; None for what is none."""
    found = _guarded(_instant, value)
    return found if isinstance(found, datetime) else None


def _guarded(turn: Turn, value: Any) -> Any:  # noqa: ANN401  # any JSON
    try:
        return turn(value)
    except (ValueError, TypeError, AttributeError, OverflowError, InvalidOperation):
        return None


def turning(kind: Any, names: Mapping[str, Any]) -> Turn | None:  # noqa: ANN401  # any Avro type
    """What turns a value of a type, which raises for what it cannot; None where JSON's form is the codec's."""
    if isinstance(kind, list):
        return _union(kind, names)
    if isinstance(kind, str):
        kind = names.get(kind.rpartition(".")[2], kind)
    if special := _LOGICAL.get(logical(kind) or ""):
        return special
    if kind_of(kind) == "record":
        return _record(kind, names)
    if kind_of(kind) in {"array", "map"}:
        return _many(kind, names)
    return _LOGICAL.get(kind_of(kind))


def _union(kind: list[Any], names: Mapping[str, Any]) -> Turn | None:
    wanted = branches(kind)
    if len(wanted) > 1:
        return _unexpected
    turn = turning(wanted[0], names)
    if turn is None or not nullable(kind):
        return turn
    return lambda value: None if value is None else turn(value)


def _record(kind: Mapping[str, Any], names: Mapping[str, Any]) -> Turn:
    fields = tuple(
        (one["name"], turning(one["type"], names), one.get("default", _MISSING)) for one in kind["fields"]
    )  # fmt: skip

    def turn(value: Any) -> dict[str, Any]:  # noqa: ANN401  # any JSON
        made, get, absent = {}, value.get, 0
        for name, inner, default in fields:
            found = get(name, _MISSING)
            if found is _MISSING:
                if default is _MISSING:
                    raise ValueError
                absent += 1
                made[name] = default
            else:
                made[name] = found if inner is None else inner(found)
        if len(value) + absent != len(fields):  # there is what is no field
            raise ValueError
        return made

    return turn


def _many(kind: Mapping[str, Any], names: Mapping[str, Any]) -> Turn | None:
    inner = turning(kind.get("items", kind.get("values")), names)
    if inner is None:
        return None
    if kind_of(kind) == "map":
        return lambda value: {key: inner(one) for key, one in value.items()}
    return lambda value: [inner(one) for one in _listed(value)]


def _listed(value: Any) -> list[Any]:  # noqa: ANN401  # any JSON
    """The list itself: an empty text or object is none, though it can be gone through."""
    if not isinstance(value, list):
        raise TypeError
    return value


def _unexpected(_: Any) -> Any:  # noqa: ANN401  # any JSON
    raise ValueError


def _date(value: Any) -> Any:  # noqa: ANN401  # any JSON
    return date.fromisoformat(value) if isinstance(value, str) else value


def _instant(value: Any) -> Any:  # noqa: ANN401  # any JSON
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    if found.tzinfo is None:
        raise ValueError
    return found.astimezone(UTC)


def _decimal(value: Any) -> Any:  # noqa: ANN401  # any JSON
    if isinstance(value, bool):
        raise TypeError
    return value if isinstance(value, Decimal) else Decimal(str(value))


def _float(value: Any) -> Any:  # noqa: ANN401  # any JSON
    return float(value) if type(value) is int else value


def _bytes(value: Any) -> Any:  # noqa: ANN401  # any JSON
    return value.encode() if isinstance(value, str) else value


_LOGICAL: Final[Mapping[str, Turn]] = {
    "date": _date, "timestamp-millis": _instant, "decimal": _decimal, "double": _float, "float": _float,
    "bytes": _bytes,
}  # fmt: skip
