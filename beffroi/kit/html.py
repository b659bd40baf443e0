"""The answer as one page that needs nothing else: for a phone, a mail or a ticket."""

from typing import Final, Literal

from jinja2 import Environment, PackageLoader, StrictUndefined

from beffroi.kit.check import Checked
from connectors.report import grouped
from schemas.clock import PARIS

Language = Literal["en", "fr"]
#: Contradictions on the page; the others are counted.
_LISTED: Final = 20
#: The page's own words. What the pipeline says of a problem is in English, as the gateway answers it.
WORDS: Final = {
    "en": {
        "title": "Check of", "whole": "Refused whole: nothing of it would be taken", "fix": "What to do",
        "ok": "Every record would be taken", "some": "Some records would be refused, the others taken",
        "none": "Every record would be refused",
        "source": "Source", "encoding": "Encoding", "as_of": "Data of", "received": "Records",
        "accepted": "Accepted", "duplicate": "Duplicate", "refused": "Refused", "left_out": "Left out",
        "misfits": "Does not fit the XML Schema",
        "contradictions": "Contradictions", "looks": "looks like", "taken": "this line is taken:", "more": "more",
        "private": "This page repeats no value of the file. Nothing was published.",
    },
    "fr": {
        "title": "Contrôle de", "whole": "Refusé en entier : rien n'en serait pris", "fix": "Que faire",
        "ok": "Chaque enregistrement serait pris", "some": "Des enregistrements seraient refusés, les autres pris",
        "none": "Chaque enregistrement serait refusé",
        "source": "Source", "encoding": "Codage", "as_of": "Données du", "received": "Enregistrements",
        "accepted": "Acceptés", "duplicate": "Déjà connus", "refused": "Refusés", "left_out": "Laissés de côté",
        "misfits": "Contraire au schéma XML",
        "contradictions": "Contradictions", "looks": "ressemble à", "taken": "ligne retenue :", "more": "de plus",
        "private": "Cette page ne répète aucune valeur du fichier. Rien n'a été publié.",
    },
}  # fmt: skip


def as_html(checked: Checked, language: Language = "en") -> str:
    """The page; its words in a language, what the pipeline says in English."""
    pages = Environment(
        loader=PackageLoader("beffroi.kit"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    report = checked.report
    found = [] if report is None else [("refused", report.reasons()), ("left_out", report.warnings)]
    groups = [(title, grouped(problems)) for title, problems in (*found, ("misfits", checked.misfits or ()))]
    return pages.get_template("report.html").render(
        lang=language, say=WORDS[language], checked=checked, report=report, groups=groups, listed=_LISTED,
        as_of=f"{report.as_of.astimezone(PARIS):%Y-%m-%d %H:%M:%S}" if report else "",
        outcome=_outcome(checked),
    )  # fmt: skip


def _outcome(checked: Checked) -> str:
    """The sentence that the page begins with, by its name in ``WORDS``."""
    report = checked.report
    if report is None:
        return "whole"
    if not report.refused:
        return "misfits" if checked.misfits else "ok"
    return "some" if report.accepted or report.duplicate else "none"
