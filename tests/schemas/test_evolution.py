"""What a change of a contract means: every kind of change, every rule, every earlier version."""

from typing import Any

import pytest

from schemas.contracts import sources
from schemas.evolution import RULES, Reader, changes, judge, judge_history, worst
from tests.schemas.evolution_table import CASES, Case, at, base, put

#: Kinds that concern whole packages of contracts, see tests/beffroi/test_contracts_command.py.
PACKAGE = {"contract-added", "contract-removed", "lock-rewritten"}


def test_the_table_has_every_kind_of_change() -> None:
    assert len(CASES) >= 60
    assert {kind for case in CASES for kind in case.rules} | PACKAGE == {rule.kind for rule in RULES}
    assert len({rule.kind for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)
def test_a_change_gets_its_verdict_with_its_rule_place_and_reason(case: Case) -> None:
    findings = judge(*case.versions())
    assert tuple(finding.rule.kind for finding in findings) == case.rules
    assert worst(findings) == case.verdict
    assert not case.path or {finding.change.path for finding in findings} <= {case.path}
    for finding in findings:
        assert finding.rule.why
        assert finding.rule.way_out or finding.rule.verdict == "compatible"
    if case.registry is not None:
        assert case.registry == (not any(finding.rule.standard for finding in findings))


@pytest.mark.parametrize("kind", sorted({rule.kind for rule in RULES} - PACKAGE))
def test_a_rule_that_goes_missing_is_noticed(kind: str) -> None:
    without = [rule for rule in RULES if rule.kind != kind]
    noticed = [
        case.label
        for case in CASES
        if tuple(finding.rule.kind for finding in judge(*case.versions(), rules=without)) != case.rules
    ]
    assert noticed


@pytest.mark.parametrize("kind", sorted({rule.kind for rule in RULES} - PACKAGE))
def test_nothing_passes_because_nobody_thought_of_it(kind: str) -> None:
    without = [rule for rule in RULES if rule.kind != kind]
    case = next(case for case in CASES if kind in case.rules)
    assert worst(judge(*case.versions(), rules=without)) == "breaking"


def follow(schema: Any, pointer: str) -> Any:
    for step in pointer.split("/")[1:]:
        if isinstance(schema, list):
            schema = schema[int(step)] if int(step) < len(schema) else None
        else:
            schema = schema.get(step) if isinstance(schema, dict) else None
    return schema


def test_the_pointer_leads_to_the_place() -> None:
    for case in CASES:
        old, new = case.versions()
        for change in changes(old, new):
            gone = change.kind.endswith(("removed", "loosened"))
            assert follow(new, change.pointer) is not None or (gone and follow(old, change.pointer) is not None)


def test_a_breaking_change_names_who_depends_on_the_field() -> None:
    new = base()
    put("n", type="string")(new)
    at(new, "place")["type"]["fields"][0]["type"] = "int"
    readers = [
        Reader("view exits", "beffroi.test.v1.Thing", frozenset({"id", "n"})),
        Reader("format kairos-csv", "beffroi.test.v1.Thing", frozenset({"place.town"})),
        Reader("portal", "beffroi.test.v1.Thing", frozenset({"*"})),
        Reader("view offers", "beffroi.test.v1.Other", frozenset({"*"})),
    ]
    found = {finding.change.path: finding.affected for finding in judge(base(), new, readers)}
    assert found == {"n": ("view exits", "portal"), "place.town": ("format kairos-csv", "portal")}


def test_a_change_is_judged_against_every_earlier_version() -> None:
    first, second, third = base(), base(), base()
    first["fields"].remove(at(first, "n"))
    at(second, "n")["default"] = 0
    (finding,) = [one for one in judge_history([first, second], third) if one.rule.standard]
    assert (finding.rule.kind, finding.since) == ("field-without-default-added", 1)
    assert worst(judge_history([third], third)) == "compatible"


def test_every_contract_of_today_is_the_same_as_itself() -> None:
    for schema in sources().values():
        assert changes(schema, schema) == []
