"""Bad samples made from a good one, whatever its format: each is checked, and kept only if it is refused."""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from beffroi.kit.check import Checked
from connectors.formats.base import Problem

#: Enough to meet a field, a record and a whole file that are wrong.
WANTED: Final = 3
#: An invented national identification number with its right key.
_NIR: Final = " 1 84 12 76 451 089 46"
_ISO_DAY: Final = re.compile(r"(?<!\d)(20\d\d)(-?)(\d\d)\2(\d\d)(?!\d)")
_FRENCH_DAY: Final = re.compile(r"(?<!\d)\d\d/(\d\d)/(20\d\d)(?!\d)")
#: A word that ends a value: before the quote of a JSON value, a separator, or the tag that closes an element.
_LAST_WORD: Final = re.compile(r'[^\W\d_]{4,}(?=\s*(?:"\s*[,}\]\n]|[;|\n]|</))')
_JSON_TEXT: Final = re.compile(r'(?<=: )"[^"\n]*"')
_CELL: Final = re.compile(r"(?<=[;|\n])[^;|\n]+(?=[;|])")

Judge = Callable[[bytes], Checked]


@dataclass(frozen=True, slots=True)
class Bad:
    """A sample that is refused.

    Attributes:
        reason: The problem's code; ``cut`` for a file that ends too early.
        content: The file.
        checked: What became of it.
    """

    reason: str
    content: bytes
    checked: Checked

    @property
    def problem(self) -> Problem:
        """Why it is refused."""
        if self.checked.report is not None:
            return next(self.checked.report.reasons())
        assert self.checked.refusal is not None  # noqa: S101  # one of both is there
        return Problem(0, "", "", self.checked.refusal.message, self.checked.refusal.fix)


def bad_samples(good: bytes, judge: Judge) -> Sequence[Bad]:
    """Up to three bad samples, each refused for another reason.

    Args:
        good: A sample that is taken, UTF-8.
        judge: Checks a file of the format.
    """
    found: dict[str, Bad] = {}
    for change, reasons in _CHANGES:
        if len(found) < WANTED:
            bad = _first(change(good.decode()), judge, reasons - found.keys())
            found |= {} if bad is None else {bad.reason: bad}
    return tuple(found.values())


def _first(candidates: Iterator[str], judge: Judge, reasons: Collection[str]) -> Bad | None:
    """The first candidate that is refused for one of the reasons."""
    for text in candidates:
        checked = judge(text.encode())
        reason = _reason(checked)
        if reason in reasons:
            return Bad(reason, text.encode(), checked)
    return None


def _reason(checked: Checked) -> str:
    """Code of the only refused record; nothing when it is taken."""
    if checked.refusal is not None:
        return "cut"
    refused = checked.report.refused if checked.report else ()
    return refused[0].problems[0].code if refused else ""


def _wrong_days(good: str) -> Iterator[str]:
    """A thirteenth month, or a day 32."""
    for found in _ISO_DAY.finditer(good):
        yield _put(good, found, f"{found[1]}{found[2]}13{found[2]}{found[4]}")
    for found in _FRENCH_DAY.finditer(good):
        yield _put(good, found, f"32/{found[1]}/{found[2]}")


def _with_nir(good: str) -> Iterator[str]:
    """A national identification number in a text."""
    for found in _LAST_WORD.finditer(good):
        yield _put(good, found, found[0] + _NIR)


def _cut(good: str) -> Iterator[str]:
    """A transfer that was interrupted: in the middle, else a little later or earlier."""
    middle = len(good) * 2 // 3
    for away in range(middle // 2):
        yield good[: middle - away]


def _emptied(good: str) -> Iterator[str]:
    """A value left out."""
    for found in _JSON_TEXT.finditer(good):
        yield _put(good, found, "null")
    for found in _CELL.finditer(good):
        yield _put(good, found, "")


#: What is changed, and for which of these reasons it must then be refused.
_CHANGES: Final = (
    (_wrong_days, {"not-a-date", "not-an-instant", "format"}),
    (_with_nir, {"nir"}),
    (_cut, {"cut"}),
    (_emptied, {"missing", "type"}),
)


def _put(good: str, found: "re.Match[str]", text: str) -> str:
    return good[: found.start()] + text + good[found.end() :]
