"""Example values of each contract, valid and invalid: for tests, documents and whoever starts to publish.

They lie in ``schemas/examples/<domain>/<Contract>.json``: ``valid`` records as JSON, the first with every field; and
``invalid`` ones as merge patches (RFC 7396) on the first, with the pointer and the code of the problem they cause.
"""

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import StringIO
from typing import Any

from schemas.contracts import sources


@dataclass(frozen=True, slots=True)
class Invalid:
    """A record that does not fit.

    Attributes:
        record: As JSON.
        pointer: Where it does not fit.
        code: Why, see :class:`schemas.validation.Problem`.
    """

    record: Any
    pointer: str
    code: str


@dataclass(frozen=True, slots=True)
class Examples:
    """The examples of one contract; ``valid[0]`` has a value in most fields."""

    valid: tuple[dict[str, Any], ...]
    invalid: tuple[Invalid, ...]


@cache
def examples(name: str) -> Examples:
    """The examples of a contract by its full name."""
    domain = sources()[name]["namespace"].split(".")[1]
    path = files("schemas") / "examples" / domain / f"{sources()[name]['name']}.json"
    text = json.loads(path.read_text("utf-8"))
    first = text["valid"][0]
    bad = (Invalid(merge_patch(first, one["patch"]), one["pointer"], one["code"]) for one in text["invalid"])
    return Examples(tuple(text["valid"]), tuple(bad))


def merge_patch(target: Any, patch: Any) -> Any:  # noqa: ANN401  # any JSON
    """A JSON value with a merge patch applied (RFC 7396, section 2)."""
    if not isinstance(patch, Mapping):
        return patch
    result = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merge_patch(result.get(name), value)
    return result


def as_csv(record: Mapping[str, Any]) -> str:
    """A record as CSV (RFC 4180): one header line, one line; nested names joined by points, lists by ``|``."""
    flat = dict(_flat(record))
    out = StringIO()
    writer = csv.DictWriter(out, list(flat), lineterminator="\r\n")
    writer.writeheader()
    writer.writerow(flat)
    return out.getvalue()


def _flat(value: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, one in value.items():
        if isinstance(one, Mapping):
            found += _flat(one, f"{prefix}{name}.")
        else:
            found.append((prefix + name, _cell(one)))
    return found


def _cell(value: Any) -> Any:  # noqa: ANN401  # the same
    if isinstance(value, list):
        return "|".join(json.dumps(one, ensure_ascii=False) if isinstance(one, dict) else str(one) for one in value)
    return json.dumps(value) if isinstance(value, bool) else value
