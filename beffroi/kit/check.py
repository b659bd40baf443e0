"""The answer that the gateway would give to a file: for people, for programs, or as a page."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Final, Unpack

import orjson

from connectors.formats import formats, page
from connectors.formats.base import Format, Problem
from connectors.formats.names import find, nearest
from connectors.formats.xsd import against
from connectors.gateway import answers
from connectors.gateway.contracts import ContractFormat, contract_formats
from connectors.gateway.problems import document, refused_whole
from connectors.inputs import Input
from connectors.intake import Intake, Terms
from connectors.report import Report
from schemas.contracts import sources
from schemas.errors import FileRefused, SettingsError

#: Some records were refused, the others would be taken; as `beffroi publish` says it.
EX_SOME_REFUSED: Final = 4


@dataclass(frozen=True, slots=True)
class Checked:
    """What would become of a file.

    Attributes:
        form: How it is written.
        file: Its name.
        report: What would become of its records; None when it is refused whole.
        refusal: Why it is.
        misfits: What does not fit an XML Schema; None when it was not asked for.
    """

    form: Format
    file: str
    report: Report | None
    refusal: FileRefused | None
    misfits: tuple[Problem, ...] | None = None

    @property
    def exit_code(self) -> int:
        """0 all taken, 4 some refused or unlike the XML Schema, 65 refused whole; as `beffroi publish` ends."""
        if self.refusal is not None:
            return self.refusal.exit_code
        return EX_SOME_REFUSED if self.misfits or (self.report is not None and self.report.refused) else 0

    def as_json(self) -> bytes:
        """The body that the gateway would answer: verdicts, or a problem document; beside it what misfits an XSD."""
        if self.report is not None:
            found = answers.as_json(self.report, self.form.name)
            told = None if self.misfits is None else [asdict(one) for one in self.misfits]
            return found if told is None else orjson.dumps({**orjson.loads(found), "xsd": told})
        assert self.refusal is not None  # noqa: S101  # one of both is there
        return orjson.dumps(document(refused_whole(self.refusal), door(self.form)))


def check(
    intake: Intake, data: Input, form: Format, xsd: Path | None = None, **terms: Unpack[Terms]
) -> Checked:  # fmt: skip
    """Check something as the gateway would take it.

    Args:
        intake: The pipeline.
        data: What would be posted.
        form: How it is written.
        xsd: An XML Schema that it must fit, too.
        terms: See ``Terms``.

    Raises:
        SettingsError: A contract is checked for no source; the schema cannot be read, or what is checked is no XML.
    """
    if xsd is not None and ".xml" not in form.suffixes:
        raise SettingsError(f"{form.name} is no XML", fix="leave --xsd out")
    if not (terms.get("source") or form.default_source):
        raise SettingsError(f"{form.name} is written by many sources", fix="say which is yours with --source")
    told: Terms = {**terms, "refuse_conflicts": True}
    try:
        report = intake.check(data, form, **told)
        misfits = None if xsd is None else tuple(against(data, xsd))
    except FileRefused as error:
        return Checked(form, data.name, None, error)
    return Checked(form, data.name, report, None, misfits)


@cache
def known() -> Mapping[str, Format]:
    """Every format and every contract that partners write, by name."""
    return {**formats(), **contract_formats()}


def form_named(name: str) -> Format:
    """A format or a contract; raises FileRefused with the nearest name."""
    form = find(name, known())
    if form is None:
        near = nearest(name, known())
        meant = f"did you mean {near}? " if near else ""
        raise FileRefused(
            f"there is no format or contract {name}", fix=f"{meant}`beffroi check --list` tells all of them"
        )  # fmt: skip
    return form


def door(form: Format) -> str:
    """The gateway's address for it."""
    return f"/v1/{'contracts' if isinstance(form, ContractFormat) else 'formats'}/{form.name}"


def headline(form: Format) -> str:
    """What it is, in the first sentence of its own page."""
    if isinstance(form, ContractFormat):
        return str(sources()[form.name]["doc"]).split(".")[0]
    text = " ".join(page(form).split("\n\n")[1].split()).replace("*", "")
    return text.split(". ")[0].split(": ")[0].rstrip(".")
