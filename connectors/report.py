"""What became of a file, for people."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from connectors.formats.base import Contradiction, Problem
from schemas.clock import PARIS

#: Contradictions listed one by one; the others are counted.
_LISTED = 20


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of one publication.

    Attributes:
        file: Its name.
        source: The feed.
        encoding: Of the text.
        as_of: The file's instant, and ``as_of_from`` where it was found.
        rows: Read; ``accepted + duplicate + outdated + refused``.
        accepted: New or newer.
        duplicate: Said already, by this file or an earlier one.
        outdated: A newer publication knows better.
        refused: Problems of the rows that were not taken.
        warnings: Problems of fields that were left out.
        contradictions: Rows that contradict each other.
        withdrawn: People whom a snapshot no longer holds.
        events: Records put on the bus.
        seconds: From reading to the commit.
    """

    file: str
    source: str
    encoding: str
    as_of: datetime
    as_of_from: str
    rows: int
    accepted: int
    duplicate: int
    outdated: int
    refused: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    contradictions: tuple[Contradiction, ...]
    withdrawn: int
    events: int
    seconds: float


def render(report: Report) -> str:
    """The report as text."""
    instant = report.as_of.astimezone(PARIS)
    lines = [
        f"{report.file}: source {report.source}, {report.encoding}",
        f"  data of    {instant:%Y-%m-%d %H:%M:%S} (from {report.as_of_from})",
        f"  rows read  {report.rows:>8,}",
        f"  accepted   {report.accepted:>8,}",
        f"  duplicate  {report.duplicate:>8,}",
        f"  outdated   {report.outdated:>8,}",
        f"  refused    {len(report.refused):>8,}",
    ]
    if report.withdrawn:
        lines.append(f"  withdrawn  {report.withdrawn:>8,}  people whom this snapshot no longer holds")
    lines += _problems("refused", report.refused)
    lines += _problems("left out", report.warnings)
    lines += _contradictions(report.contradictions)
    rate = report.rows / report.seconds if report.seconds else 0
    lines.append(f"{report.events:,} events published in {report.seconds:.1f} s ({rate:,.0f} rows/s)")
    return "\n".join(lines)


def _problems(title: str, problems: Iterable[Problem]) -> list[str]:
    groups: dict[tuple[str, str, str, str], list[Problem]] = defaultdict(list)
    for one in problems:
        groups[one.pointer, one.code, one.message, one.fix].append(one)
    text = []
    for (pointer, code, message, fix), members in sorted(groups.items(), key=lambda item: -len(item[1])):
        looks = next((one.shape for one in members if one.shape), "")
        like = f", looks like {looks}" if looks else ""
        text += [
            f"{title}: {pointer}, {code} ({len(members):,}): {message}{like}",
            f"    {line_ranges([one.line for one in members])}",
            f"    fix: {fix}",
        ]
    return text


def _contradictions(found: Sequence[Contradiction]) -> list[str]:
    text = [
        f"contradiction: lines {' and '.join(str(line) for line in one.lines)} differ in {one.pointer}; "
        f"line {one.winner} is taken, whatever their order"
        for one in found[:_LISTED]
    ]
    return text + ([f"… and {len(found) - _LISTED:,} more contradictions"] if len(found) > _LISTED else [])


def line_ranges(numbers: Iterable[int], limit: int = 12) -> str:
    """``lines 3-7, 12``: runs joined, cut after some."""
    runs: list[tuple[int, int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    more = f", … ({len(runs) - limit} more ranges)" if len(runs) > limit else ""
    return f"{_plural(runs)} {', '.join(_range(*run) for run in runs[:limit])}{more}"


def _range(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"


def _plural(runs: list[tuple[int, int]]) -> str:
    return "line" if len(runs) == 1 and runs[0][0] == runs[0][1] else "lines"
