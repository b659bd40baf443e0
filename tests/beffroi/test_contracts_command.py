"""``beffroi contracts`` as a partner's engineer and a CI meet it."""

import json
import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from beffroi.contracts import check, readership
from beffroi.contracts import history as package
from connectors.formats import formats
from schemas.codec import Codec
from schemas.contracts import relock, sources
from schemas.errors import SettingsError
from schemas.fields import fields
from schemas.lint import lint
from schemas.registers import readers_register, sources_register
from tests.beffroi.test_cli import beffroi

ENROLMENT = "beffroi.training.v1.TrainingEnrolment"


def edited(tmp_path: Path, **fields_of: Any) -> Path:
    """The enrolment's schema with attributes of fields replaced."""
    schema = deepcopy(sources()[ENROLMENT])
    for field in schema["fields"]:
        field.update(fields_of.get(field["name"], {}))
    path = tmp_path / "TrainingEnrolment.avsc"
    path.write_text(json.dumps(schema), "utf-8")
    return path


def test_diff_says_what_breaks_where_why_for_whom_and_what_instead(tmp_path: Path) -> None:
    fill = [form.name for form in formats().values() if "planned_end_on" in form.writes.get(ENROLMENT, ())]
    filled = "; ".join(f"format {name}, which fills it" for name in fill)
    assert "kairos-csv" in fill
    (tmp_path / "readers.toml").write_text(
        f'["Tableau de bord"]\norganisation = "Mission locale"\nreads = {{ "{ENROLMENT}" = ["planned_end_on"] }}\n'
    )
    path = edited(tmp_path, planned_end_on={"type": ["null", "string"]}, status={"doc": "Other words."})
    done = beffroi(tmp_path, "contracts", "diff", "TrainingEnrolment", str(path), readers_register="readers.toml")
    assert done.returncode == 5
    first, second, verdict = done.stdout.strip().split("\n\n")
    assert first.splitlines() == [
        f"breaking: {ENROLMENT} planned_end_on",
        "  what    type-changed: int → string",
        "  where   /fields/9/type/1",
        "  why     one type cannot be read as the other",
        f"  whom    views exits and sessions; {filled}; Tableau de bord (Mission locale)",
        "  instead leave the field as it is, add another beside it with default null, and tell readers to move",
    ]
    assert second.startswith(f"compatible: {ENROLMENT} status\n")
    assert verdict == "breaking: 1 breaking, 0 warning, 1 compatible"


def test_diff_answers_programs_in_json(tmp_path: Path) -> None:
    path = edited(tmp_path, person={"class": "public"})
    done = beffroi(tmp_path, "contracts", "diff", f"{ENROLMENT}@1", str(path), "--format", "json")
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["verdict"]) == (5, "breaking")
    (change,) = answer["changes"]
    assert (change["rule"], change["path"], change["pointer"]) == ("class-loosened", "person", "/fields/1/class")
    assert (change["before"], change["after"]) == ("pseudonym", "public")
    assert change["instead"]
    assert "views exits and sessions" in change["affected"]


def test_the_same_schema_changes_nothing(tmp_path: Path) -> None:
    done = beffroi(tmp_path, "contracts", "diff", "Cell", "beffroi.platform.v1.Cell")
    assert (done.returncode, done.stdout) == (0, "nothing changed\n")


@pytest.mark.parametrize(
    ("name", "message"),
    [("Nothing", "Nothing is neither a file nor a contract"), ("Cell@9", "Cell has versions 1 to 1, not 9")],
)
def test_a_contract_that_does_not_exist_is_told(tmp_path: Path, name: str, message: str) -> None:
    done = beffroi(tmp_path, "contracts", "diff", name, "Cell")
    assert done.returncode == 65
    assert done.stderr.startswith(f"error: {message}\n  fix: ")


def test_check_holds_our_contracts_against_everything_that_was_ever_given_an_id(tmp_path: Path) -> None:
    done = beffroi(tmp_path, "contracts", "check")
    assert done.returncode == 0
    assert "breaking:" not in done.stdout


def test_check_finds_what_a_commit_removed_added_and_rewrote(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = {**sources()[ENROLMENT], "name": "Gone"}
    then = relock([], {"gone": gone, **dict(list(sources().items())[1:])})
    monkeypatch.setattr(package, "_at", lambda _: json.dumps({"schemas": then}))
    found = {(one.rule.kind, one.contract) for one in check(readership(), "a-commit")}
    assert ("contract-removed", "beffroi.training.v1.Gone") in found
    assert ("contract-added", next(iter(sources()))) in found
    assert ("lock-rewritten", "beffroi.training.v1.Gone") in found


def test_check_against_a_commit_that_does_not_exist_is_told() -> None:
    with pytest.raises(SettingsError, match="no lock file at no-such-commit"):
        check((), "no-such-commit")


@pytest.mark.parametrize("form", ["json", "csv"])
def test_an_example_is_there_to_copy(tmp_path: Path, form: str) -> None:
    done = beffroi(tmp_path, "contracts", "example", "JobOffer", "--format", form)
    assert "048KLTP" in done.stdout
    if form == "csv":
        header, line = done.stdout.splitlines()
        assert header.startswith("offer_id,source,")
        assert "place.commune.code" in header
        assert line.startswith("offres:048KLTP,offres,")


def test_an_example_in_avro_is_what_travels(tmp_path: Path) -> None:
    import subprocess
    import sys

    command = [sys.executable, "-m", "beffroi", "contracts", "example", "JobOffer", "--format", "avro"]
    wire = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout
    name, record = Codec().decode(wire)
    assert (name, record["offer_id"]) == ("beffroi.offers.v1.JobOffer", "offres:048KLTP")


def test_invalid_examples_come_with_their_fix(tmp_path: Path) -> None:
    shown = beffroi(tmp_path, "contracts", "example", "MobilityAid", "--invalid").stdout
    assert '"pointer": "/amounts/0/value"' in shown
    assert '"fix": "The amount: write a number of at most 7 digits and 3 decimals"' in shown


def test_our_own_contracts_lack_nothing(tmp_path: Path) -> None:
    done = beffroi(tmp_path, "contracts", "lint")
    assert (done.returncode, done.stdout) == (0, "")


_FIELD = {"doc": "A field.", "fr": "Un champ.", "class": "public"}
_INSTANT = {"type": "long", "logicalType": "timestamp-millis"}
#: What is wrong, the rule that says so, and where.
WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"namespace": "fr.example"}, "namespace", "/namespace"),
    ({"name": "thing_row"}, "name", "/name"),
    ({"doc": ""}, "doc", "/doc"),
    ({"fr": "Sans point"}, "doc", "/fr"),
    ({"owner": ""}, "steward", "/owner"),
    ({"root": "nothing"}, "steward", "/root"),
    ({"field": {"name": "startsOn"}}, "name", "/fields/1/name"),
    ({"field": {"name": "x", "doc": None}}, "doc", "/fields/1/doc"),
    ({"field": {"name": "x", "class": "secret"}}, "class", "/fields/1/class"),
    ({"field": {"name": "email"}}, "personal", "/fields/1/class"),
    ({"field": {"name": "last_name", "class": "public"}}, "personal", "/fields/1/class"),
    ({"field": {"name": "nir", "class": "personal"}}, "personal", "/fields/1"),
    ({"field": {"name": "x", "class": "forbidden"}}, "personal", "/fields/1"),
    ({"field": {"name": "monthly_salary", "type": "double"}}, "money", "/fields/1/type"),
    ({"field": {"name": "x", "type": "float", "unit": "EUR"}}, "money", "/fields/1/type"),
    ({"field": {"name": "start", "type": {"type": "int", "logicalType": "date"}}}, "moment", "/fields/1/name"),
    ({"field": {"name": "sent", "type": _INSTANT}}, "moment", "/fields/1/name"),
    ({"field": {"name": "x", "type": {"type": "enum", "name": "E", "symbols": ["A"]}}}, "enum", "/fields/1/type"),
    ({"field": {"name": "x", "type": ["string", "null"]}}, "optional", "/fields/1"),
    ({"field": {"name": "x", "pattern": "[0-9]+"}}, "pattern", "/fields/1/pattern"),
    ({"field": {"name": "x", "type": "text"}}, "not-avro", ""),
]  # fmt: skip


def schema_with(wrong: dict[str, Any]) -> str:
    """A small contract with one thing wrong."""
    whole = {
        "type": "record", "name": "Thing", "namespace": "beffroi.test.v1", "doc": "A thing.", "fr": "Une chose.",
        "root": "id", "owner": "Us", "writers": "us", "readers": "us",
        "fields": [{"name": "id", "type": "string", **_FIELD}],
    }  # fmt: skip
    whole.update({key: value for key, value in wrong.items() if key != "field"})
    if "field" in wrong:
        whole["fields"] = [*whole["fields"], {"type": "string", **_FIELD, **wrong["field"]}]
    return json.dumps(whole)


@pytest.mark.parametrize(("wrong", "code", "pointer"), WRONG, ids=lambda one: str(one)[:60])
def test_what_a_contract_lacks_is_told_by_place_and_fix(wrong: dict[str, Any], code: str, pointer: str) -> None:
    (found,) = lint(schema_with(wrong), "Thing.avsc")
    assert (found.code, found.pointer) == (code, pointer)
    assert found.message
    assert found.fix


def test_a_schema_that_is_no_json_is_told_by_line(tmp_path: Path) -> None:
    (tmp_path / "Broken.avsc").write_text('{"type": "record",\n "name": }')
    done = beffroi(tmp_path, "contracts", "lint", "Broken.avsc")
    assert done.returncode == 65
    assert "not JSON at line 2, column 10" in done.stdout


def test_what_the_formats_say_they_fill_is_what_they_fill() -> None:
    """The declaration that answers who breaks; the records of the simulator's files are in the format's own tests."""
    for form in formats().values():
        for contract, names in form.writes.items():
            assert names <= {field.path for field in fields(sources()[contract])}


def test_every_source_names_contracts_that_exist_and_live_ones_their_format() -> None:
    for source in sources_register():
        assert set(source.contracts) <= set(sources())
        assert (source.state == "live") == (source.format in formats())


def test_every_event_contract_has_a_source() -> None:
    published = {name for source in sources_register() for name in source.contracts}
    assert published == {name for name in sources() if not re.match(r"beffroi\.(platform|views)\.", name)}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[x\n", "is not TOML"),
        ('["Me"]\nreads = {}\n', "entry Me, organisation: field required"),
        ('me = "x"\n', "entry me: not a table"),
    ],
)
def test_a_broken_register_is_told_by_entry(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "readers.toml").write_text(text)
    with pytest.raises(SettingsError, match=re.escape(message)):
        readers_register(tmp_path / "readers.toml")
