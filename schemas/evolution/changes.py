"""What differs between two versions of a schema, as a list of changes of known kinds.

Pure comparison; what a kind means is decided by the rules. Source of the kinds: Avro 1.12 specification, "Schema
Resolution", and the attributes that our contracts add to Avro's.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from schemas.fields import ITEMS, branches, kind_of, logical, named_types, nullable

_NUMBERS: Final = ("int", "long", "float", "double")
_DATA_CLASSES: Final = ("public", "professional", "pseudonym", "personal", "forbidden")
#: Attributes of records that say who answers for them: anybody may change them.
_STEWARDSHIP: Final = ("owner", "writers", "readers")
_ABSENT: Final = object()


@dataclass(frozen=True, slots=True)
class Change:
    """One difference.

    Attributes:
        kind: Names the rule that judges it.
        path: The field concerned, as ``place.commune.code``; empty for the contract itself.
        pointer: JSON pointer of the place in the newer schema, in the older one for what was removed.
        before: What stood there, as JSON; None for nothing.
        after: What stands there now.
    """

    kind: str
    path: str
    pointer: str
    before: Any = None
    after: Any = None


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """Every change from one record schema to another, in the order of the fields."""
    return list(_Comparison(named_types(old), named_types(new)).kinds(old, new, "", ""))


@dataclass(slots=True)
class _Comparison:
    """One walk over two schemas side by side."""

    olds: Mapping[str, Mapping[str, Any]]
    news: Mapping[str, Mapping[str, Any]]

    def kinds(self, old: Any, new: Any, path: str, pointer: str) -> Iterator[Change]:  # noqa: ANN401  # types in Avro's JSON
        """Changes of one type."""
        old, new = _known(old, self.olds), _known(new, self.news)
        if isinstance(old, list) or isinstance(new, list):
            yield from self._unions(old, new, path, pointer)
        elif kind_of(old) != kind_of(new):
            yield Change(_replaced(kind_of(old), kind_of(new)), path, pointer, kind_of(old), kind_of(new))
        else:
            yield from self._same_kind(old, new, path, pointer)

    def _same_kind(self, old: Any, new: Any, path: str, pointer: str) -> Iterator[Change]:  # noqa: ANN401  # the same
        match kind_of(new):
            case "record":
                yield from self._records(old, new, path, pointer)
            case "enum":
                yield from self._enums(old, new, path, pointer)
            case "array" | "map" as kind:
                part = "items" if kind == "array" else "values"
                yield from self.kinds(old[part], new[part], path + ITEMS, f"{pointer}/{part}")
            case "fixed":
                yield from _compare(old, new, "size", "fixed-size", path, pointer)
                yield from _names(old, new, path, pointer)
        yield from _logical(old, new, path, pointer)

    def _unions(self, old: Any, new: Any, path: str, pointer: str) -> Iterator[Change]:  # noqa: ANN401  # the same
        if nullable(old) != nullable(new):
            kind = "made-optional" if nullable(new) else "made-required"
            yield Change(kind, path, pointer, _short(old), _short(new))
        was, now = branches(old), branches(new)
        if len(was) == len(now) == 1:
            yield from self.kinds(was[0], now[0], path, f"{pointer}/{_index(new, now[0])}".removesuffix("/"))
        else:
            yield from self._branches(was, now, path, pointer)
        if _order(old) != _order(new) and sorted(_order(old)) == sorted(_order(new)):
            yield Change("branches-reordered", path, pointer, _short(old), _short(new))

    def _branches(self, was: list[Any], now: list[Any], path: str, pointer: str) -> Iterator[Change]:
        before, after = ({_label(one): one for one in some} for some in (was, now))
        for label in before.keys() - after.keys():
            yield Change("branch-removed", path, pointer, label)
        for label in after.keys() - before.keys():
            yield Change("branch-added", path, pointer, None, label)
        for label in before.keys() & after.keys():
            yield from self.kinds(before[label], after[label], path, pointer)

    def _records(self, old: Mapping[str, Any], new: Mapping[str, Any], path: str, pointer: str) -> Iterator[Change]:
        yield from _names(old, new, path, pointer)
        yield from _texts(old, new, path, pointer)
        yield from _compare(old, new, "root", "root", path, pointer)
        if any(old.get(name) != new.get(name) for name in _STEWARDSHIP):
            yield Change("stewardship-changed", path, pointer)
        yield from self._fields(old, new, path, pointer)

    def _fields(self, old: Mapping[str, Any], new: Mapping[str, Any], path: str, pointer: str) -> Iterator[Change]:
        before, after = ({one["name"]: one for one in some["fields"]} for some in (old, new))
        earlier = _renamed(before, after)
        for number, (name, one) in enumerate(before.items()):
            if name not in after and name not in earlier.values():
                yield Change(_sorted("field", "removed", one), _join(path, name), f"{pointer}/fields/{number}", name)
        for number, one in enumerate(after.values()):
            was = before.get(earlier.get(one["name"], one["name"]))
            yield from self._met(was, one, _join(path, one["name"]), f"{pointer}/fields/{number}")
        yield from _reordered("fields-reordered", before, after, path, pointer)

    def _met(self, old: Mapping[str, Any] | None, new: Mapping[str, Any], path: str, pointer: str) -> Iterator[Change]:
        """A field of the newer version, with its counterpart in the older one."""
        if old is None:
            yield Change(_sorted("field", "added", new), path, pointer, None, _short(new["type"]))
            return
        if old["name"] != new["name"]:
            yield Change(_sorted("field", "renamed", old), path, pointer, old["name"], new["name"])
            old = {**old, "aliases": new["aliases"]}
        yield from self._field(old, new, path, pointer)

    def _field(self, old: Mapping[str, Any], new: Mapping[str, Any], path: str, pointer: str) -> Iterator[Change]:
        yield from _texts(old, new, path, pointer)
        yield from _compare(old, new, "default", "default", path, pointer)
        yield from _aliases(old, new, path, pointer)
        yield from _data_class(old, new, path, pointer)
        for name in ("pattern", "unit", "codes"):
            yield from _compare(old, new, name, name, path, pointer)
        yield from _bounds(old, new, path, pointer)
        yield from self.kinds(old["type"], new["type"], path, f"{pointer}/type")

    @staticmethod
    def _enums(old: Mapping[str, Any], new: Mapping[str, Any], path: str, pointer: str) -> Iterator[Change]:
        yield from _names(old, new, path, pointer)
        yield from _texts(old, new, path, pointer)
        was, now, where = old["symbols"], new["symbols"], f"{pointer}/symbols"
        kept = set(was) & set(now)
        yield from (Change(_sorted("symbol", "removed", new), path, where, one) for one in was if one not in kept)
        yield from (Change(_sorted("symbol", "added", old), path, where, None, one) for one in now if one not in kept)
        yield from _reordered("symbols-reordered", was, now, path, where)
        yield from _compare(old, new, "default", "enum-default", path, pointer)


def _sorted(what: str, became: str, on: Mapping[str, Any]) -> str:
    """The kind of a change that a default makes harmless."""
    return f"{what}-{became}" if "default" in on else f"{what}-without-default-{became}"


def _reordered(kind: str, was: Collection[str], now: Collection[str], path: str, pointer: str) -> Iterator[Change]:
    if [one for one in was if one in now] != [one for one in now if one in was]:
        yield Change(kind, path, pointer)


def _renamed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, str]:
    """The earlier name of each new field that an alias tells."""
    return {
        name: alias
        for name, one in after.items()
        if name not in before
        for alias in one.get("aliases", ())
        if alias in before and alias not in after
    }


def _compare(
    old: Mapping[str, Any], new: Mapping[str, Any], name: str, prefix: str, path: str, pointer: str
) -> Iterator[Change]:  # fmt: skip
    """An attribute that was added, removed or changed."""
    before, after = old.get(name, _ABSENT), new.get(name, _ABSENT)
    if before is _ABSENT and after is not _ABSENT:
        yield Change(f"{prefix}-added", path, f"{pointer}/{name}", None, after)
    elif after is _ABSENT and before is not _ABSENT:
        yield Change(f"{prefix}-removed", path, f"{pointer}/{name}", before)
    elif before != after:
        yield Change(f"{prefix}-changed", path, f"{pointer}/{name}", before, after)


def _texts(old: Mapping[str, Any], new: Mapping[str, Any], path: str, pointer: str) -> Iterator[Change]:
    for name in ("doc", "fr"):
        yield from (
            _compare({name: old.get(name) or ""}, {name: new.get(name) or ""}, name, name, path, pointer)
            if (bool(old.get(name)) == bool(new.get(name)))
            else _presence(old, new, name, path, pointer)
        )


def _presence(old: Mapping[str, Any], new: Mapping[str, Any], name: str, path: str, pointer: str) -> Iterator[Change]:
    yield Change(f"{name}-{'added' if new.get(name) else 'removed'}", path, pointer, old.get(name), new.get(name))


def _names(old: Mapping[str, Any], new: Mapping[str, Any], path: str, pointer: str) -> Iterator[Change]:
    """A record's, enum's or fixed's own name; an alias lets new readers read old data, not the other way round."""
    if old["name"] != new["name"]:
        yield Change("type-renamed", path, f"{pointer}/name", old["name"], new["name"])
    yield from _compare(old, new, "namespace", "namespace", path, pointer)


def _aliases(old: Mapping[str, Any], new: Mapping[str, Any], path: str, pointer: str) -> Iterator[Change]:
    was, now = set(old.get("aliases", ())), set(new.get("aliases", ()))
    for alias in sorted(was - now):
        yield Change("alias-removed", path, f"{pointer}/aliases", alias)
    for alias in sorted(now - was):
        yield Change("alias-added", path, f"{pointer}/aliases", None, alias)


def _data_class(old: Mapping[str, Any], new: Mapping[str, Any], path: str, pointer: str) -> Iterator[Change]:
    was, now = old.get("class"), new.get("class")
    if was == now:
        return
    if was is None or (now is not None and _DATA_CLASSES.index(now) > _DATA_CLASSES.index(was)):
        yield Change("class-tightened", path, f"{pointer}/class", was, now)
    else:
        yield Change("class-loosened", path, f"{pointer}/class", was, now)


def _bounds(old: Mapping[str, Any], new: Mapping[str, Any], path: str, pointer: str) -> Iterator[Change]:
    for name, worse in (("minimum", 1), ("maximum", -1)):
        was, now = old.get(name), new.get(name)
        if was == now:
            continue
        tighter = now is not None and (was is None or (now - was) * worse > 0)
        yield Change(f"{name}-{'tightened' if tighter else 'loosened'}", path, f"{pointer}/{name}", was, now)


def _logical(old: Any, new: Any, path: str, pointer: str) -> Iterator[Change]:  # noqa: ANN401  # the same
    was, now = ({"logicalType": one} if (one := logical(kind)) else {} for kind in (old, new))
    yield from _compare(was, now, "logicalType", "logical-type", path, pointer)
    if logical(old) == logical(new) == "decimal":
        for name in ("precision", "scale"):
            yield from _compare({name: old.get(name, 0)}, {name: new.get(name, 0)}, name, name, path, pointer)


def _replaced(old: str, new: str) -> str:
    if old in _NUMBERS and new in _NUMBERS:
        return "number-widened" if _NUMBERS.index(old) < _NUMBERS.index(new) else "number-narrowed"
    return "text-and-bytes-exchanged" if {old, new} == {"string", "bytes"} else "type-changed"


def _known(kind: Any, names: Mapping[str, Any]) -> Any:  # noqa: ANN401  # the same
    return names.get(kind.rpartition(".")[2], kind) if isinstance(kind, str) else kind


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _label(kind: Any) -> str:  # noqa: ANN401  # the same
    return str(kind.get("name", kind["type"])) if isinstance(kind, Mapping) else str(kind)


def _order(kind: Any) -> list[str]:  # noqa: ANN401  # the same
    return [_label(one) for one in kind] if isinstance(kind, list) else [_label(kind)]


def _index(kind: Any, branch: Any) -> str:  # noqa: ANN401  # the same
    return str(kind.index(branch)) if isinstance(kind, list) else ""


def _short(kind: Any) -> str:  # noqa: ANN401  # the same
    return " or ".join(_order(kind))
