"""One row: from bytes to what it says of a person's place and of its session."""

import re
from collections.abc import Mapping
from datetime import date
from operator import itemgetter
from typing import Final, NamedTuple

from connectors.formats.base import Context, Problem
from connectors.formats.kairos_csv.columns import (
    CERTIFICATIONS,
    FORMACODES,
    IDENTITY,
    PERSONAL,
    PERSONAL_PLAN,
    SEPARATOR,
    SESSION,
)
from connectors.formats.kairos_csv.values import NOTHING, present, to_date, to_funders
from connectors.formats.places import Place, locate
from connectors.formats.values import COMMUNE, FORMACODE, IDENTIFIER, POSTCODE, Fault, is_formula, to_scheme, to_siret
from connectors.privacy import has_nir, is_nir_without_key, may_hold_nir
from schemas.shape import shape

#: A whole cell that is built like a NIR without its key.
_THIRTEEN: Final = re.compile(rb"[1-478](?<![^|].)\d{2}(?:0[1-9]|1[0-2]|[2-9]\d)(?:\d{2}|2[ABab])\d{6}(?![^|])")
#: What is published as people wrote it.
_WORDS: Final = ("dc_lblformation", "dc_lblorganisme", "dc_raisonsociale", "dc_ville_lieuformation")
#: Rows of other words than these many before are read and searched whole: they cost time, not memory.
_REMEMBERED: Final = 65_536
START, END = "dd_datedebutplanformation", "dd_datefinplanformation"


class SessionPart(NamedTuple):
    """What one row says of its session; shared by the rows that say the same."""

    session: str
    number: str | None
    title: str | None
    provider: str | None
    siret: str | None
    insee: str | None
    place: Place
    postcode: str | None
    city: str | None
    formacodes: tuple[str, ...]
    certifications: tuple[str, ...]


class Row(NamedTuple):
    """One trainee's place."""

    line: int
    person: str
    part: SessionPart
    starts_on: date | None
    ends_on: date
    scheme: str | None
    funders: tuple[str, ...]
    warnings: tuple[Problem, ...]

    @property
    def content(self) -> tuple[str, ...]:
        """What it says of the person's place, as text that can be compared."""
        return (str(self.ends_on), str(self.starts_on), self.scheme or "", ";".join(self.funders))


class BadRow(Exception):  # never leaves this room
    """The row cannot be taken."""

    def __init__(self, problem: Problem, content: Mapping[str, str] | None = None) -> None:
        super().__init__(problem.message)
        self.problem = problem
        self.content = content

    @property
    def about(self) -> tuple[tuple[str, str], ...]:
        """Kind and key of what it speaks of, under each name that its session may have."""
        kept = self.content or {}
        names = [kept[name] for name in ("dc_numeroicsession", "dn_session_id") if name in kept]
        return tuple(
            key
            for name in names
            for key in (("TrainingSession", name), ("TrainingEnrolment", f"{name}/{kept['person']}"))
        )


class _Found(NamedTuple):
    part: SessionPart
    faults: tuple[tuple[str, Fault, str], ...]

    def warnings(self, line: int) -> tuple[Problem, ...]:
        """Its faults, in one line."""
        return tuple(Problem(line, at, fault.code, fault.message, fault.fix, looks) for at, fault, looks in self.faults)


#: First and last day, scheme, funders.
_Plan = tuple[date | None, date, str | None, tuple[str, ...]]


class RowReader:
    """Reads rows of one file.

    Args:
        positions: Where each column stands.
        width: Number of columns.
        context: Source, instant, pseudonyms, territory, encoding.

    Attributes:
        width: Number of columns.
    """

    def __init__(self, positions: Mapping[str, int], width: int, context: Context) -> None:
        self._at = positions
        self.width = width
        self._encoding = context.notes.encoding.replace("-sig", "")
        self._context = context
        self._identity = itemgetter(*(positions[name] for name in IDENTITY))
        self._session = [name for name in SESSION if name in positions]
        self._part_key = itemgetter(*(positions[name] for name in self._session))
        self._plan_key = itemgetter(*(positions[name] for name in PERSONAL_PLAN if name in positions))
        own = [positions[name] for name in PERSONAL if name in positions]
        self._own_cells = itemgetter(*own)
        #: What stands behind the last cell of a person's own is one text: in Kairos' own order, nearly the whole row.
        self._behind = max(own) + 1
        self._shared = itemgetter(*(at for at in range(self._behind) if at not in own), self._behind)
        self._known: dict[object, tuple[_Found, tuple[SessionPart, *_Plan]]] = {}
        self._parts: dict[object, _Found] = {}
        self._plans: dict[object, _Plan] = {}

    def read(self, line: int, content: bytes) -> Row:
        """The row; raises BadRow."""
        cells = content.split(SEPARATOR, self._behind)
        known = self._known.get(self._shared(cells)) if len(cells) > self._behind else None
        if known is None:
            return self._read_whole(line, content, cells)
        own = SEPARATOR.join(self._own_cells(cells))  # all else was searched when another row said it
        if may_hold_nir(own):
            self._refuse_nir(line, content.split(SEPARATOR), own)
        found, rest = known
        return Row(line, self._person(line, cells), *rest, found.warnings(line) if found.faults else ())

    def _read_whole(self, line: int, content: bytes, begun: list[bytes]) -> Row:
        """A row that says what no other row said before."""
        cells = content.split(SEPARATOR)
        if len(cells) != self.width:
            raise BadRow(Problem(
                line, "row", "column-count", f"{len(cells)} columns where the header names {self.width}",
                "a value may hold a |, or the row was cut: export it again",
            ))  # fmt: skip
        self._refuse_nir(line, cells, content)
        person = self._person(line, cells)
        part_key, plan_key = self._part_key(cells), self._plan_key(cells)
        found, plan = self._parts.get(part_key), self._plans.get(plan_key)
        if found is None:
            found = self._parts[part_key] = self._read_part(line, cells)
        if plan is None:
            plan = self._plans[plan_key] = self._plan(line, cells, found, person)
        if len(self._known) < _REMEMBERED and len(begun) > self._behind:
            self._known[self._shared(begun)] = found, (found.part, *plan)
        return Row(line, person, found.part, *plan, found.warnings(line) if found.faults else ())

    def _plan(self, line: int, cells: list[bytes], found: "_Found", person: str) -> _Plan:
        """Dates and money of a place, which most trainees of a session share."""
        try:
            return self._read_plan(line, cells)
        except BadRow as bad:
            raise BadRow(bad.problem, _kept(found.part, person)) from None

    def _read_plan(self, line: int, cells: list[bytes]) -> _Plan:
        ends_on = self._date(line, cells, END)
        starts_on = self._date(line, cells, START)
        if ends_on is None:
            raise BadRow(Problem(line, END, "missing", "no end date", "give the planned end of the training"))
        if starts_on and ends_on < starts_on:
            raise BadRow(Problem(
                line, END, "end-before-start", "the training ends before it starts", "check the two dates",
            ))  # fmt: skip
        scheme, funders = self._text(line, cells, "c_dispositifformation"), self._text(line, cells, "liste_financeur")
        return starts_on, ends_on, to_scheme(scheme) if scheme else None, to_funders(funders) if funders else ()

    def _refuse_nir(self, line: int, cells: list[bytes], content: bytes) -> None:
        if may_hold_nir(content) and (has_nir(content) or _THIRTEEN.search(content)):
            names = {at: name for name, at in self._at.items()}
            at = next((n for n, cell in enumerate(cells) if has_nir(cell) or is_nir_without_key(cell)), -1)
            raise BadRow(Problem(
                line, names.get(at, f"column {at + 1}"), "nir",
                "holds what looks like a national identification number (NIR), which must never be sent",
                "remove it at its source and send the file again",
            ))  # fmt: skip

    def _person(self, line: int, cells: list[bytes]) -> str:
        first, second = self._identity(cells)
        national, local = present(first), present(second)
        if national is None and local is None:
            raise BadRow(Problem(
                line, "dn_individu_national", "missing", "neither a national nor a local identifier of the trainee",
                "give one of dn_individu_national, c_individulocal",
            ))  # fmt: skip
        return self._context.pseudonyms.person(national=national, source=self._context.source, local=local)

    def _cell(self, cells: list[bytes], name: str) -> bytes | None:
        at = self._at.get(name)
        return None if at is None else present(cells[at])

    def _text(self, line: int, cells: list[bytes], name: str) -> str | None:
        cell = self._cell(cells, name)
        if cell is None:
            return None
        try:
            return cell.decode(self._encoding)
        except UnicodeDecodeError as error:
            raise BadRow(Problem(
                line, name, "encoding", f"byte 0x{cell[error.start]:02x} means nothing in {self._encoding}",
                "save the file as UTF-8",
            )) from None  # fmt: skip

    def _texts(self, line: int, cells: list[bytes]) -> dict[str, str | None]:
        """What is said of the session; a byte that means nothing is looked for only when there is one."""
        raw = SEPARATOR.join([cell.strip() for cell in self._part_key(cells)])
        try:
            listed = raw.decode(self._encoding).split("|")
        except UnicodeDecodeError:
            return {name: self._text(line, cells, name) for name in SESSION}
        found: dict[str, str | None] = dict.fromkeys(SESSION)
        found.update(zip(self._session, [None if text in NOTHING else text for text in listed], strict=True))
        return found

    def _date(self, line: int, cells: list[bytes], name: str) -> date | None:
        text = self._text(line, cells, name)
        if text is None:
            return None
        found = to_date(text, self._context.as_of.date())
        if isinstance(found, Fault):
            raise BadRow(Problem(line, name, found.code, found.message, found.fix, shape(text)))
        return found

    def _read_part(self, line: int, cells: list[bytes]) -> _Found:
        texts = self._texts(line, cells)
        session = texts["dn_session_id"]
        if session is None or not IDENTIFIER.fullmatch(session):
            raise BadRow(Problem(
                line, "dn_session_id", "missing" if session is None else "bad-identifier",
                "no usable session number", "give Kairos' own number of the session", shape(session or ""),
            ))  # fmt: skip
        _refuse_formula(line, texts)
        faults: list[tuple[str, Fault, str]] = []
        return _Found(self._session_part(session, texts, faults), tuple(faults))

    def _session_part(
        self, session: str, texts: Mapping[str, str | None], faults: list[tuple[str, Fault, str]]
    ) -> SessionPart:
        def fitting(name: str, pattern: re.Pattern[str], what: str) -> str | None:
            return _fitting(name, texts[name], pattern, what, faults)

        insee = fitting("dc_insee_lieuformation", COMMUNE, "an INSEE code of a commune")
        postcode = fitting("dc_cp_lieuformation", POSTCODE, "a postcode of five digits")
        city = texts["dc_ville_lieuformation"]
        place = locate(self._context.territory, insee, postcode, city)
        faults += (("dc_insee_lieuformation", fault, shape(insee or "")) for fault in place.faults)
        return SessionPart(
            session=session,
            number=fitting("dc_numeroicsession", IDENTIFIER, "an Intercarif session number"),
            title=texts["dc_lblformation"],
            provider=texts["dc_lblorganisme"] or texts["dc_raisonsociale"],
            siret=_siret(texts["dc_siret"], faults),
            insee=insee,
            place=place,
            postcode=postcode,
            city=city,
            formacodes=_distinct([fitting(name, FORMACODE, "a Formacode of five digits") for name in FORMACODES]),
            certifications=_distinct([texts[name] for name in CERTIFICATIONS]),
        )


def _refuse_formula(line: int, texts: Mapping[str, str | None]) -> None:
    formula = next((name for name in _WORDS if is_formula(texts[name] or "")), None)
    if formula:
        raise BadRow(Problem(
            line, formula, "formula", "a cell that a spreadsheet would run",
            "write it as plain text, without = or @ at the start",
        ))  # fmt: skip


Faults = list[tuple[str, Fault, str]]


def _fitting(name: str, text: str | None, pattern: re.Pattern[str], what: str, faults: Faults) -> str | None:
    """The text when it has its form; else nothing, and a fault."""
    if text is None or pattern.fullmatch(text):
        return text
    faults.append((name, Fault("bad-code", f"not {what}; left out", f"give {what}"), shape(text)))
    return None


def _siret(text: str | None, faults: Faults) -> str | None:
    found = to_siret(text) if text else None
    if isinstance(found, Fault):
        faults.append(("dc_siret", found, shape(text or "")))
        return None
    return found


def _distinct(codes: list[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(code for code in codes if code))


def _kept(part: SessionPart, person: str) -> dict[str, str]:
    """What of a refused row is kept for its correction: codes and numbers that have their form, and the pseudonym."""
    kept = {
        "dn_session_id": part.session,
        "dc_numeroicsession": part.number,
        "dc_insee_lieuformation": part.insee,
        "dc_cp_lieuformation": part.postcode,
        "person": person,
    }
    return {name: value for name, value in kept.items() if value}
