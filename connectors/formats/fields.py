"""One record being read: its values by pointer, in the contracts' types. What is wrong is kept, nothing is raised.

A fault of a field that the record cannot do without refuses the record; of any other field, it leaves the field out.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, TypeVar

from connectors.formats import values as v
from connectors.formats.base import Context, Event, Item, Problem, Refused, Taken
from connectors.formats.places import locate
from connectors.privacy import has_nir, is_nir_without_key, may_hold_nir
from schemas.shape import shape
from schemas.territory.text import fold

Value = TypeVar("Value")
#: Turns a record into events; reads it through ``Fields``.
Mapped = Callable[["Fields"], Iterable[Event]]

#: A source's own clock may be ahead of ours by this much; a revision further in the future would hide later ones.
_CLOCK_AHEAD: Final = timedelta(days=1)
_TRUE: Final = frozenset({"true", "1", "oui", "o", "vrai", "yes"})
_FALSE: Final = frozenset({"false", "0", "non", "n", "faux", "no"})
_FORMULA: Final = v.Fault(
    "formula", "a cell that a spreadsheet would run", "write it as plain text, without = or @ at the start"
)
#: Digits of a NIR without its key.
_NIR_DIGITS: Final = 13
#: Before the point of a number with decimals: no contract has room for more.
_MOST_DIGITS: Final = 15


class Fields:
    """The values of one record.

    Args:
        line: Where it stands.
        values: By name; nested for JSON and XML.
        context: Source, instant, pseudonyms, territory.
        prefix: Before each pointer: ``/`` for JSON pointers, nothing for columns.

    Attributes:
        problems: Why it is refused.
        warnings: What is left out.
        kept: Codes that have their form, for the correction of a refused record.
    """

    def __init__(self, line: int, values: Mapping[str, Any], context: Context, prefix: str = "/") -> None:
        self.line = line
        self.values = values
        self.context = context
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self.kept: dict[str, str] = {}
        self._prefix = prefix

    def get(self, path: str) -> Any:  # noqa: ANN401  # whatever the record holds there
        """The value at ``a/b/c``; None when there is none."""
        if path in self.values:
            return self.values[path]
        found: Any = self.values
        for name in path.split("/"):
            found = found.get(name) if isinstance(found, Mapping) else None
        return found

    def within(self, path: str) -> "Iterator[Fields]":
        """The objects of a list, each as fields of its own that share what is wrong."""
        found = self.get(path)
        for number, one in enumerate(found if isinstance(found, list) else []):
            if isinstance(one, Mapping):
                inner = Fields(self.line, one, self.context, f"{self._prefix}{path}/{number}/")
                inner.problems, inner.warnings, inner.kept = self.problems, self.warnings, self.kept
                yield inner

    def fault(self, path: str, fault: v.Fault, looks: str = "", *, required: bool = False) -> None:
        """Note what is wrong with a field."""
        problem = Problem(self.line, self._prefix + path, fault.code, fault.message, fault.fix, shape(looks))
        (self.problems if required else self.warnings).append(problem)

    def missing(self, path: str, what: str) -> None:
        """Note that a field lacks without which the record means nothing."""
        self.fault(path, v.Fault("missing", f"no {what}", f"give the {what}"), required=True)

    def _take(
        self, path: str, read: Callable[[str], Value | v.Fault | None], what: str, *, required: bool
    ) -> Value | None:
        found = self.get(path)
        text = v.present(_plain(found))
        if text is None:
            self._lacks(path, what, several=bool(found) and isinstance(found, list | Mapping), required=required)
            return None
        if v.is_formula(text):
            self.fault(path, _FORMULA, required=True)
            return None
        value = read(text)
        if isinstance(value, v.Fault):
            self.fault(path, value, text, required=required)
            return None
        return value

    def _lacks(self, path: str, what: str, *, several: bool, required: bool) -> None:
        if several:
            fault = v.Fault("type", "not a single value", f"write the {what} as one value")
            self.fault(path, fault, required=required)
        elif required:
            self.missing(path, what)

    def text(self, path: str, what: str = "text", *, required: bool = False) -> str | None:
        """A text."""
        return self._take(path, lambda text: text, what, required=required)

    def prose(self, path: str) -> str | None:
        """A description, in which mail addresses and phone numbers are replaced."""
        found = self.text(path, "description")
        return None if found is None else v.without_contacts(found)

    def words(self, path: str) -> list[str] | None:
        """A list of words, as they are."""
        found = self.get(path)
        listed = (
            [one.strip() for one in found if isinstance(one, str) and one.strip()] if isinstance(found, list) else []
        )
        return listed or None

    def choices(self, path: str, words: Mapping[str, str]) -> list[str] | None:
        """The contract's words for those of a list, each once."""
        found = [words.get(fold(one), "UNKNOWN") for one in self.words(path) or ()]
        return list(dict.fromkeys(found)) or None

    def code(self, path: str, pattern: re.Pattern[str], what: str, *, required: bool = False) -> str | None:
        """A code of a fixed form; kept for correction."""
        found = self._take(
            path, lambda text: text if pattern.fullmatch(text) else _bad_code(what), what, required=required
        )
        if found is not None:
            self.kept[path] = found
        return found

    def identifier(self, path: str, what: str) -> str:
        """The source's own key of the thing; without one the record is refused."""
        return self.code(path, v.IDENTIFIER, what, required=True) or ""

    def codes(self, path: str, pattern: re.Pattern[str], what: str) -> list[str] | None:
        """Several codes, as a list or as a text with separators; those of another form are left out."""
        texts = _listed(self.get(path))
        for text in texts:
            if not pattern.fullmatch(text) and v.present(text):
                self.fault(path, _bad_code(what), text)
        return list(dict.fromkeys(filter(pattern.fullmatch, texts))) or None

    def rome(self, path: str, *, required: bool = False) -> str | None:
        """A ROME code."""
        return self.code(path, v.ROME, "ROME code, a letter from A to N and four digits", required=required)

    def siret(self, path: str, *, required: bool = False) -> str | None:
        """A SIRET; zeros are none."""
        found = self._take(path, lambda text: v.to_siret(text.replace(" ", "")), "SIRET", required=required)
        if found is None and required and not self.problems:
            self.missing(path, "SIRET")
        return found

    def day(self, path: str, what: str = "date", *, required: bool = False) -> date | None:
        """A day; one that is no date refuses the record when it is required."""
        today = self.context.as_of.date()
        return self._take(path, lambda text: v.to_day(text, today), what, required=required)

    def strict_day(self, path: str, what: str) -> date | None:
        """A day that may be left out, but must not be wrong: nobody may be counted on another day than the true one."""
        return self.day(path, what, required=self._is_there(path))

    def _is_there(self, path: str) -> bool:
        found = self.get(path)
        return v.present(found) is not None if isinstance(found, str) else found is not None

    def instant(self, path: str, what: str = "instant", *, required: bool = False) -> datetime | None:
        """An instant."""
        return self._take(path, v.to_instant, what, required=required)

    def moment(self, path: str, what: str) -> datetime | None:
        """An instant as spreadsheets write it; without one the record is refused."""
        today = self.context.as_of.date()
        return self._take(path, lambda text: v.to_moment(text, today), what, required=True)

    def midnight(self, path: str) -> datetime | None:
        """The first instant of a day that may be left out."""
        return self.moment(path, "instant") if self._is_there(path) else None

    def revision(self, path: str) -> int | None:
        """The source's own revision: the instant of its last change, in milliseconds; not from the future."""
        found = self.instant(path, "instant of the last change")
        if found is not None and found > self.context.as_of + _CLOCK_AHEAD:
            self.fault(path, v.Fault("future", "an instant in the future", "check the clock of the source"))
            return None
        return None if found is None else round(found.timestamp() * 1000)

    def number(self, path: str, what: str = "number", *, low: int = 0, required: bool = False) -> int | None:
        """A whole number, from a lowest one on."""
        found = self._take(path, lambda text: _whole(v.to_decimal(text), low), what, required=required)
        return None if found is None else int(found)

    def strict_number(self, path: str, what: str) -> int | None:
        """A whole number that may be left out, but must not be wrong."""
        return self.number(path, what, required=self._is_there(path))

    def decimal(self, path: str, what: str = "number", places: int = 2) -> Decimal | None:
        """A number with so many decimals."""
        found = self._take(path, lambda text: _bounded(v.to_decimal(text)), what, required=False)
        return None if found is None else round(found, places)

    def real(self, path: str, what: str = "number") -> float | None:
        """A number such as a latitude."""
        found = self._take(path, v.to_decimal, what, required=False)
        return None if found is None else float(found)

    def flag(self, path: str) -> bool | None:
        """True or false, in the words of JSON, French and spreadsheets."""
        return self._take(path, _flag, "true or false", required=False)

    def choice(
        self, path: str, words: Mapping[str, str], unknown: str | None = "UNKNOWN", *, required: bool = False
    ) -> str | None:  # fmt: skip
        """The contract's word for the source's; words are compared without case, accents and hyphens."""

        def read(text: str) -> str | v.Fault:
            return words.get(fold(text)) or v.Fault(
                "code-list", "a word that is not in the list", f"write one of: {', '.join(words)}"
            )

        found = self._take(path, read, f"word of the list {', '.join(words)}", required=required)
        return found or (unknown if self.get(path) else None)

    def place(
        self, insee: str, postcode: str, label: str, latitude: str = "", longitude: str = ""
    ) -> dict[str, Any] | None:
        """Where something is; a merged commune becomes the one of today, and that is said."""
        code = self.code(insee, v.COMMUNE, "INSEE code of a commune")
        post = self.code(postcode, v.POSTCODE, "postcode of five digits")
        town = self.text(label, "town")
        if not (code or post or town):
            return None
        commune = self._located(insee or "place", code, post, town)
        found: dict[str, Any] = {"commune": commune, "postcode": post, "label": town}
        north, east = self.real(latitude), self.real(longitude)
        return found | {"latitude": north, "longitude": east} if _on_earth(north, east) else found

    def area(self, path: str, kind: str, code: str) -> dict[str, str | None]:
        """A territory by its type and code; a merged commune becomes the one of today, and that is said."""
        commune = self._located(path, code, None, None) if kind == "COMMUNE" else None
        return {"type": kind, "code": code, "vintage": None, **(commune or {})}

    def _located(self, path: str, code: str | None, post: str | None, town: str | None) -> dict[str, Any] | None:
        place = locate(self.context.territory, code, post, town)
        for fault in place.faults:
            self.fault(path, fault, code or post or "")
        return place.commune

    def person(self, national: str, local: str) -> str:
        """The pseudonym of a person, by a national or a local identifier; without both the record is refused."""
        first, second = (self.code(path, v.IDENTIFIER, "identifier of the trainee") for path in (national, local))
        self.kept.pop(national, None)
        self.kept.pop(local, None)
        if first is None and second is None:
            what = "national or local identifier of the trainee"
            self.fault(national, v.Fault("missing", f"no {what}", f"give {national} or {local}"), required=True)
            return ""
        found = self.context.pseudonyms.person(
            national=_encoded(first), source=self.context.source, local=_encoded(second)
        )
        self.kept["person"] = found
        return found

    def session(self, number: str, own: str) -> tuple[str, str]:
        """Root and key of a training session: by its Intercarif number, else by the source's own."""
        found = self.code(number, v.IDENTIFIER, "Intercarif session number") if number else None
        if found:
            return f"intercarif:{found}", found
        key = self.identifier(own, "number of the session")
        return f"{self.context.source}:{key}", key

    def own_key(self, key: str) -> str:
        """A root key made of the source and its own key."""
        return f"{self.context.source}:{key}"

    def in_order(self, first: date | None, last: date | None, path: str) -> None:
        """Refuse what ends before it starts."""
        if first and last and last < first:
            self.fault(
                path, v.Fault("end-before-start", "it ends before it starts", "check the two dates"), required=True
            )


def items(
    records: Iterable[tuple[int, Mapping[str, Any] | Problem, bytes]],
    context: Context,
    mapped: Mapped,
    prefix: str = "/",
) -> Iterator[Item]:
    """One item for each record: its line, its values (or why there are none) and its text, in which no NIR may be."""
    for line, found, raw in records:
        item = _item(line, found, raw, context, (mapped, prefix))
        if isinstance(item, Refused) and raw:
            yield replace(item, original=context.notes.alone(raw))
        else:
            yield item


def _item(
    line: int, found: Mapping[str, Any] | Problem, raw: bytes, context: Context, read: tuple[Mapped, str]
) -> Item:  # fmt: skip
    mapped, prefix = read
    if isinstance(found, Problem):
        return Refused((found,))
    if (pointer := _nir(found, raw)) is not None:
        return Refused((Problem(
            line, prefix + pointer, "nir",
            "holds what looks like a national identification number (NIR), which must never be sent",
            "remove it at its source and send the record again",
        ),))  # fmt: skip
    return _mapped(Fields(line, found, context, prefix), mapped)


def _mapped(fields: Fields, mapped: Mapped) -> Item:
    events = tuple(mapped(fields))
    if fields.problems:
        about = tuple((one.kind, str(one.record["source_key"])) for one in events)
        return Refused(tuple(fields.problems), fields.kept or None, about)
    return Taken(fields.line, events, tuple(fields.warnings))


def _nir(values: Mapping[str, Any], raw: bytes) -> str | None:
    """Pointer of the value that holds a NIR."""
    if not _is_suspect(raw):
        return None
    for pointer, text in _texts(values, ""):
        bare = text.encode("utf-8", "replace")
        if has_nir(bare) or (len(bare.strip()) == _NIR_DIGITS and is_nir_without_key(bare)):
            return pointer
    return "" if has_nir(raw) else None


def _is_suspect(raw: bytes) -> bool:
    return may_hold_nir(raw) and (has_nir(raw) or _THIRTEEN.search(raw) is not None)


_THIRTEEN: Final = re.compile(rb"[1-478]\d{5}(?:\d|[AaBb])\d{6}")


def _texts(value: Any, pointer: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401  # whatever the record holds
    if isinstance(value, str):
        yield pointer, value
    elif isinstance(value, Mapping):
        for name, one in value.items():
            yield from _texts(one, f"{pointer}/{name}" if pointer else str(name))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from _texts(one, f"{pointer}/{number}")


def _listed(found: Any) -> tuple[str, ...]:  # noqa: ANN401  # whatever the record holds
    """The texts of a list, or of a text with separators."""
    return tuple(map(_plain, found)) if isinstance(found, list) else v.to_codes(_plain(found))


def _on_earth(north: float | None, east: float | None) -> bool:
    """Whether both are there, in degrees."""
    return north is not None and east is not None and abs(north) <= 90 and abs(east) <= 180  # noqa: PLR2004  # degrees


def _encoded(text: str | None) -> bytes | None:
    return None if text is None else text.encode()


def _plain(value: Any) -> str:  # noqa: ANN401  # the same
    """A single value as text; nothing for what is none."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip() if isinstance(value, str | int | float | Decimal) else ""


def _whole(found: Decimal | v.Fault, low: int) -> Decimal | v.Fault:
    if isinstance(found, v.Fault):
        return found
    most = 2**31 - 1
    if found != found.to_integral_value() or not low <= found <= most:
        return v.Fault("range", "not a whole number in its range", f"write a whole number from {low} on")
    return found


def _bounded(found: Decimal | v.Fault) -> Decimal | v.Fault:
    """No source counts or pays in more digits; and what has more than 28 cannot be rounded."""
    if isinstance(found, v.Fault) or found.adjusted() < _MOST_DIGITS:
        return found
    return v.Fault("range", f"a number of more than {_MOST_DIGITS} digits", "check it")


def _flag(text: str) -> bool | v.Fault:
    bare = fold(text)
    if bare in _TRUE | _FALSE:
        return bare in _TRUE
    return v.Fault("code-list", "neither true nor false", "write true or false, oui or non")


def _bad_code(what: str) -> v.Fault:
    return v.Fault("bad-code", f"not a {what}; left out", f"give a {what}")
