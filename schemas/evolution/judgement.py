"""The verdict on a change, why, for whom, and what would do instead."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from schemas.contracts import fingerprint
from schemas.evolution.changes import Change, changes
from schemas.evolution.rules import RULES, Rule, Verdict
from schemas.fields import ITEMS

_ORDER: Final = ("compatible", "warning", "breaking")
_UNCLASSIFIED: Final = Rule(
    "unclassified", "breaking", standard=False, why="no rule judges this kind of change",
    way_out="leave it, or add a rule with its reason",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reader:
    """Who depends on a contract, from the code or from the readers' register.

    Attributes:
        name: As people know it, for instance ``view exits``.
        contract: Full name.
        paths: Top-level fields, or paths inside them; ``*`` for all.
    """

    name: str
    contract: str
    paths: frozenset[str]

    def depends_on(self, path: str) -> bool:
        """Whether a change at a path concerns it."""
        plain = path.replace(ITEMS, "")
        return not path or "*" in self.paths or any(_within(plain, one) or _within(one, plain) for one in self.paths)


def _within(path: str, parent: str) -> bool:
    return path == parent or path.startswith(f"{parent}.")


@dataclass(frozen=True, slots=True)
class Finding:
    """One change with its rule.

    Attributes:
        contract: Full name.
        change: What differs.
        rule: What it means.
        since: The earlier version it was compared with, from 1; 0 when versions have no number.
        affected: Names of those who depend on the field.
    """

    contract: str
    change: Change
    rule: Rule
    since: int = 0
    affected: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "contract": self.contract,
            "verdict": self.rule.verdict,
            "rule": self.rule.kind,
            "path": self.change.path,
            "pointer": self.change.pointer,
            "before": self.change.before,
            "after": self.change.after,
            "since_version": self.since,
            "why": self.rule.why,
            "affected": list(self.affected),
            "instead": self.rule.way_out,
        }


def judge(
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    readers: Iterable[Reader] = (),
    *,
    rules: Sequence[Rule] = RULES,
    since: int = 0,
) -> list[Finding]:
    """Every change between two versions of a contract, with what it means.

    Args:
        old: The earlier version.
        new: The later one.
        readers: Who depends on what.
        rules: One for each kind of change.
        since: Number of the earlier version.
    """
    by_kind = {rule.kind: rule for rule in rules}
    contract = f"{old.get('namespace', '')}.{old['name']}".lstrip(".")
    concerned = [reader for reader in readers if reader.contract == contract]
    return [
        Finding(
            contract, change, by_kind.get(change.kind, _UNCLASSIFIED), since,
            tuple(reader.name for reader in concerned if reader.depends_on(change.path)),
        )
        for change in changes(old, new)
    ]  # fmt: skip


def judge_history(
    history: Sequence[Mapping[str, Any]], new: Mapping[str, Any], readers: Iterable[Reader] = ()
) -> list[Finding]:
    """The same against every earlier version; what was said of a later one is not said again of an earlier."""
    found: dict[tuple[str, str, str], Finding] = {}
    known = list(readers)
    for number in range(len(history), 0, -1):
        if fingerprint(history[number - 1]) == fingerprint(new):
            continue
        for finding in judge(history[number - 1], new, known, since=number):
            change = finding.change
            found.setdefault((change.kind, change.path, f"{change.before}→{change.after}"), finding)
    return list(found.values())


def worst(findings: Iterable[Finding]) -> Verdict:
    """The gravest verdict; compatible when there is none."""
    return max((finding.rule.verdict for finding in findings), key=_ORDER.index, default="compatible")
