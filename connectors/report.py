"""What became of what was handed over: the answer for programs, and the report for people."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from connectors.delivery import Delivery, Key
from connectors.envelope import event_id
from connectors.formats.base import Contradiction, Problem, Refused
from connectors.verdicts import ACCEPTED, CONFLICT, DUPLICATE, OUTDATED, Verdicts
from schemas.clock import PARIS

#: Contradictions listed one by one; the others are counted.
_LISTED = 20
REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one record.

    Attributes:
        index: Its place among the records, from 0.
        line: Where it stands: see ``Problem``.
        status: accepted, duplicate (the bus holds this or something newer already) or refused.
        event_id: Of its event on the bus; None when it was refused.
        problems: Why it was refused, what was left out of it, or that a newer publication knows better.
    """

    index: int
    line: int
    status: str
    event_id: str | None
    problems: tuple[Problem, ...]

    def as_json(self) -> dict[str, Any]:
        """For the answer of a program."""
        problems = [
            {"pointer": one.pointer, "code": one.code, "message": one.message, "fix": one.fix} for one in self.problems
        ]
        return {
            "index": self.index, "line": self.line, "status": self.status, "event_id": self.event_id,
            "problems": problems,
        }  # fmt: skip


class Report:
    """The outcome of one delivery: ``rows = accepted + duplicate + len(refused)``, exactly.

    Args:
        delivery: What was read.
        verdicts: What became of its things.
        instant: Of the data, and where that was found.
        seconds: From reading to the commit.
        published: Whether it is on the bus now; else this is what would become of it.

    Attributes:
        file: Its name.
        source: The feed.
        encoding: Of the text.
        rows: Records read.
        accepted: New or newer.
        duplicate: Said already, by this file or an earlier one; or a newer publication knows better.
        outdated: Those duplicates that are older than what is known.
        refused: The records that were not taken.
        warnings: Problems of fields that were left out.
        contradictions: Records that contradict each other.
        withdrawn: People, or records, whom a snapshot no longer holds.
        events: Records put on the bus.
        as_of: The instant of the data, and ``as_of_from`` where it was found.
        published: Whether it is on the bus now.
        settled: What became of records that had been set aside, by line.
    """

    def __init__(
        self, delivery: Delivery, verdicts: Verdicts, instant: tuple[datetime, str], seconds: float, *, published: bool
    ) -> None:
        self._delivery = delivery
        self._found = verdicts.found
        self.file, self.source, self.encoding = delivery.name, delivery.source, delivery.notes.encoding
        (self.as_of, self.as_of_from), self.seconds, self.published = instant, seconds, published
        tally = delivery.tally(verdicts.found)
        self.rows = delivery.received
        self.accepted, self.outdated = tally.accepted, tally.outdated
        self.duplicate = tally.duplicate + tally.outdated
        self.refused = (*delivery.refused, *self._conflicts())
        self.warnings, self.contradictions = tuple(delivery.warnings), tuple(delivery.notes.contradictions)
        self.settled = verdicts.settled
        self.noun, self.withdrawn, self.events = delivery.noun, verdicts.withdrawn, len(verdicts.outgoing)

    def _conflicts(self) -> Iterator[Refused]:
        for line, key in self._delivery.records():
            if key is not None and self._status(line, key)[0] == CONFLICT:
                yield Refused((_conflict(line),))

    def _status(self, line: int, key: Key) -> tuple[str, int]:
        """Verdict and version of a record; one that another record outdid is a duplicate."""
        verdict, version = self._found[key]
        own = self._delivery.things[key].line == line
        return (verdict if own else DUPLICATE), version

    def reasons(self) -> Iterator[Problem]:
        """Every problem of the records that were not taken."""
        for item in self.refused:
            yield from item.problems

    def verdicts(self) -> Iterator[Verdict]:
        """One verdict for each record, in the order in which they were handed over."""
        left_out: dict[int, list[Problem]] = defaultdict(list)
        for problem in self.warnings:
            left_out[problem.line].append(problem)
        places: list[tuple[int, Key | Refused | None]] = [
            *self._delivery.records(), *((item.line, item) for item in self._delivery.refused)
        ]  # fmt: skip
        places.sort(key=lambda place: place[0])
        for index, (line, what) in enumerate(places):
            yield self._verdict(index, line, what, tuple(left_out.get(line, ())))

    def _verdict(self, index: int, line: int, what: Key | Refused | None, left_out: tuple[Problem, ...]) -> Verdict:
        if isinstance(what, Refused):
            return Verdict(index, line, REFUSED, None, what.problems)
        if what is None:
            return Verdict(index, line, DUPLICATE, None, left_out)
        verdict, version = self._status(line, what)
        if verdict == CONFLICT:
            return Verdict(index, line, REFUSED, None, (_conflict(line),))
        identity = event_id(self.source, *what, version)
        if verdict == OUTDATED:
            return Verdict(index, line, DUPLICATE, identity, (_outdated(line), *left_out))
        return Verdict(index, line, verdict, identity, left_out)

    def counts(self) -> dict[str, int]:
        """For the answer of a program: received is the sum of accepted, duplicate and refused."""
        return {
            "received": self.rows, ACCEPTED: self.accepted, DUPLICATE: self.duplicate, OUTDATED: self.outdated,
            REFUSED: len(self.refused), "withdrawn": self.withdrawn, "events": self.events,
        }  # fmt: skip


def _conflict(line: int) -> Problem:
    return Problem(
        line, "", CONFLICT, "another content was published under the same key and version",
        "give the record a newer version, or send exactly what was sent before",
    )  # fmt: skip


def _outdated(line: int) -> Problem:
    return Problem(
        line, "", OUTDATED, "a newer publication of this source knows better",
        "nothing, if this was sent late; else give the data their true instant",
    )  # fmt: skip


def render(report: Report) -> str:
    """The report as text."""
    instant = report.as_of.astimezone(PARIS)
    lines = [
        f"{report.file}: source {report.source}, {report.encoding}",
        f"  data of    {instant:%Y-%m-%d %H:%M:%S} (from {report.as_of_from})",
        f"  rows read  {report.rows:>8,}",
        f"  accepted   {report.accepted:>8,}",
        f"  duplicate  {report.duplicate:>8,}",
        f"    outdated {report.outdated:>8,}",
        f"  refused    {len(report.refused):>8,}",
    ]
    if report.withdrawn:
        lines.append(f"  withdrawn  {report.withdrawn:>8,}  {report.noun} whom this snapshot no longer holds")
    lines += listed("refused", report.reasons())
    lines += listed("left out", report.warnings)
    lines += _contradictions(report.contradictions)
    rate = report.rows / report.seconds if report.seconds else 0
    would = "" if report.published else "would be "
    lines.append(f"{report.events:,} events {would}published in {report.seconds:.1f} s ({rate:,.0f} rows/s)")
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Group:
    """The same problem in many records.

    Attributes:
        problem: The first of them; its shape is the first that is known.
        count: How many there are.
        lines: Where: see ``line_ranges``.
    """

    problem: Problem
    count: int
    lines: str


def grouped(problems: Iterable[Problem]) -> list[Group]:
    """Problems that differ in nothing but their place, together; the most frequent first."""
    groups: dict[tuple[str, str, str, str], list[Problem]] = defaultdict(list)
    for one in problems:
        groups[one.pointer, one.code, one.message, one.fix].append(one)
    return [
        Group(
            replace(members[0], shape=next((one.shape for one in members if one.shape), "")),
            len(members),
            line_ranges([one.line for one in members]),
        )
        for members in sorted(groups.values(), key=len, reverse=True)
    ]


def listed(title: str, problems: Iterable[Problem]) -> list[str]:
    """Problems as text: each once, with its lines and its fix."""
    text = []
    for group in grouped(problems):
        one = group.problem
        like = f", looks like {one.shape}" if one.shape else ""
        text += [
            f"{title}: {one.pointer}, {one.code} ({group.count:,}): {one.message}{like}",
            f"    {group.lines}",
            f"    fix: {one.fix}",
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
