"""What changed, as people read it and as programs do."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from schemas.evolution import Finding, worst

_ORDER = {"breaking": 0, "warning": 1, "compatible": 2}


def as_text(findings: Sequence[Finding]) -> str:
    """The gravest first, each with its place, reason, who is concerned, and the way out."""
    if not findings:
        return "nothing changed"
    blocks = ["\n".join(_block(one)) for one in sorted(findings, key=lambda one: _ORDER[one.rule.verdict])]
    counts = [f"{sum(one.rule.verdict == verdict for one in findings)} {verdict}" for verdict in _ORDER]
    return "\n\n".join([*blocks, f"{worst(findings)}: {', '.join(counts)}"])


def as_json(findings: Iterable[Finding]) -> str:
    """The same for programs."""
    held = list(findings)
    return json.dumps(
        {"verdict": worst(held), "changes": [one.as_json() for one in held]}, ensure_ascii=False, indent=1
    )


def _block(finding: Finding) -> Iterator[str]:
    change, rule = finding.change, finding.rule
    since = f", against version {finding.since}" if finding.since else ""
    yield f"{rule.verdict}: {finding.contract} {change.path}".rstrip() + since
    yield f"  what    {rule.kind}{_values(change.before, change.after)}"
    if change.pointer:
        yield f"  where   {change.pointer}"
    yield f"  why     {rule.why}"
    if finding.affected:
        yield f"  whom    {'; '.join(finding.affected)}"
    if rule.way_out:
        yield f"  instead {rule.way_out}"


def _values(before: Any, after: Any) -> str:  # noqa: ANN401  # any JSON
    if before is None and after is None:
        return ""
    return f": {_short(before)} → {_short(after)}"


def _short(value: Any) -> str:  # noqa: ANN401  # the same
    text = value if isinstance(value, str) else "nothing" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:59]}…"  # noqa: PLR2004  # half a line
