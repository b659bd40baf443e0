"""Contracts against what they were: another file, the lock file, or a commit."""

import json
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from beffroi.contracts.generate import LOCK, SCHEMAS
from schemas.contracts import sources, versions
from schemas.errors import ContractError, SettingsError
from schemas.evolution import RULES, Change, Finding, Reader, judge, judge_history

_RULES: Final = {rule.kind: rule for rule in RULES}
Schema = Mapping[str, Any]


def schema_named(text: str) -> Schema:
    """A schema by what a person types.

    Args:
        text: The path of an ``.avsc``, or a contract's full or short name, with ``@2`` for its second version.

    Raises:
        ContractError: There is none.
    """
    if Path(text).is_file():
        return _parsed(Path(text))
    name, _, number = text.partition("@")
    found = [full for full in sources() if name in {full, full.rpartition(".")[2]}]
    if not found:
        known = ", ".join(full.rpartition(".")[2] for full in sources())
        raise ContractError(f"{name} is neither a file nor a contract", fix=f"contracts: {known}")
    if not number:
        return sources()[found[0]]
    held = versions(found[0])
    if not number.isdigit() or not 1 <= int(number) <= len(held):
        raise ContractError(f"{name} has versions 1 to {len(held)}, not {number}", fix=f"write {name}@{len(held)}")
    return held[int(number) - 1].text


def _parsed(path: Path) -> Schema:
    try:
        schema: Schema = json.loads(path.read_text("utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ContractError(f"{path} is not JSON: {error}", fix="see `beffroi contracts lint`") from None
    if not isinstance(schema, dict) or not {"name", "fields"} <= schema.keys():
        raise ContractError(f"{path} holds no record schema", fix="see `beffroi contracts lint`")
    return schema


def compare(old: str, new: str, readers: Iterable[Reader]) -> list[Finding]:
    """What changes from one schema to another, each as :func:`schema_named` takes it."""
    return judge(schema_named(old), schema_named(new), readers)


def check(readers: Iterable[Reader], against: str | None = None) -> list[Finding]:
    """What the contracts in ``schemas/avro`` change against every version that was ever given an id.

    Args:
        readers: Who depends on what.
        against: A commit; its lock file then counts instead of the working tree's.

    Raises:
        SettingsError: The commit does not exist, or has no lock file.
    """
    entries = _entries(against)
    history: dict[str, list[Schema]] = {}
    for entry in entries:
        history.setdefault(entry["name"], []).append(entry["schema"])
    known, now = list(readers), _in_the_tree()
    findings = _rewritten(entries) if against else []
    for name in sorted({*history, *now}):
        if name not in now:
            findings.append(_whole("contract-removed", name, known))
        elif name not in history:
            findings.append(_whole("contract-added", name, known))
        else:
            findings += judge_history(history[name], now[name], known)
    return findings


def _in_the_tree() -> dict[str, Schema]:
    found = (json.loads(path.read_text("utf-8")) for path in sorted((SCHEMAS / "avro").glob("*/*.avsc")))
    return {f"{schema['namespace']}.{schema['name']}": schema for schema in found}


def _entries(against: str | None) -> list[dict[str, Any]]:
    text = LOCK.read_text("utf-8") if against is None else _at(against)
    entries: list[dict[str, Any]] = json.loads(text)["schemas"]
    return entries


def _at(commit: str) -> str:
    command = ["git", "show", f"{commit}:schemas/lock.json"]
    done = subprocess.run(command, cwd=SCHEMAS, capture_output=True, text=True, check=False)  # noqa: S603  # git's own argument
    if done.returncode:
        raise SettingsError(
            f"no lock file at {commit}: {done.stderr.strip()}",
            fix="name a commit, tag or branch that has schemas/lock.json",
        )
    return done.stdout


def _rewritten(entries: Iterable[Mapping[str, Any]]) -> list[Finding]:
    now = {entry["id"]: entry["sha256"] for entry in _entries(None)}
    return [
        Finding(entry["name"], Change("lock-rewritten", "", f"/schemas/{number}"), _RULES["lock-rewritten"])
        for number, entry in enumerate(entries)
        if now.get(entry["id"]) != entry["sha256"]
    ]


def _whole(kind: str, name: str, readers: Iterable[Reader]) -> Finding:
    affected = tuple(reader.name for reader in readers if reader.contract == name)
    return Finding(name, Change(kind, "", ""), _RULES[kind], affected=affected)
