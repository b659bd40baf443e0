"""The contracts themselves: documented, classified, with examples, and frozen in goldens."""

import importlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from pydantic import BaseModel, ValidationError

from beffroi.contracts import generate
from schemas.codec import Codec
from schemas.contracts import LockFile, lock_file, sources, versions
from schemas.examples import examples
from schemas.fields import fields
from schemas.validation import take
from tests.values import fitting

GOLDEN = Path(__file__).parents[1] / "golden"
NAMES = sorted(sources())


def model(name: str) -> type[BaseModel]:
    """The generated model of a contract."""
    _, domain, _, short = name.split(".")
    module = re.sub(r"(?<!^)(?=[A-Z])", "_", short).lower()
    found: type[BaseModel] = getattr(importlib.import_module(f"schemas.models.{domain}.{module}"), short)
    return found


def test_the_vocabulary_is_whole() -> None:
    assert {name.removeprefix("beffroi.") for name in NAMES} >= {
        "training.v1.TrainingSession", "training.v1.TrainingEnrolment", "training.v1.TrainingHeadcount",
        "training.v1.OutcomeRate", "offers.v1.JobOffer", "offers.v1.ImmersionOpening",
        "offers.v1.HiringTrainingRequest", "mobility.v1.MobilityAid", "mobility.v1.MobilityProvider",
        "agenda.v1.EmploymentEvent", "employers.v1.EmployerContact", "employers.v1.EmployerReferent",
        "employers.v1.EmployerCommitment", "employers.v1.SkillsNeed", "platform.v1.Quarantined",
        "platform.v1.Heartbeat", "platform.v1.Cell", "platform.v1.SourceStatus",
    }  # fmt: skip


def test_the_classes_of_data_are_few() -> None:
    found = {field.data_class for schema in sources().values() for field in fields(schema)}
    assert found == {"public", "professional", "pseudonym", "personal"}


def test_the_one_place_of_personal_data_is_sealed() -> None:
    found = [
        (name, field.path) for name in NAMES for field in fields(sources()[name]) if field.data_class == "personal"
    ]
    assert found == [("beffroi.platform.v1.Quarantined", "sealed")]


def test_professional_data_are_of_an_organisation_or_for_partners() -> None:
    found = {(name, field.path) for name in NAMES for field in fields(sources()[name])
             if field.data_class == "professional"}  # fmt: skip
    assert {path.split(".")[0] for name, path in found if "employers" not in name} == {"contact", "public_contact"}


def test_what_is_generated_is_up_to_date() -> None:
    assert generate(check=True) == []


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_fit_and_the_first_fills_every_field(name: str) -> None:
    for one in examples(name).valid:
        taken = take(sources()[name], one)
        assert taken.problems == []
        assert Codec().decode(Codec().encode(name, taken.record)) == (name, taken.record)
        model(name).model_validate_json(json.dumps(one), strict=True)
    assert set(examples(name).valid[0]) == {field["name"] for field in sources()[name]["fields"]}


@pytest.mark.parametrize("name", NAMES)
def test_what_does_not_fit_is_told_by_its_place_its_cause_and_its_fix(name: str) -> None:
    assert examples(name).invalid
    for one in examples(name).invalid:
        (problem,) = take(sources()[name], one.record).problems
        assert (problem.pointer, problem.code) == (one.pointer, one.code)
        assert problem.fix
        with pytest.raises(ValidationError) as caught:
            model(name).model_validate_json(json.dumps(one.record), strict=True)
        assert "/" + "/".join(map(str, caught.value.errors()[0]["loc"])) == one.pointer


def test_a_problem_shows_the_shape_and_never_the_value() -> None:
    name = "beffroi.training.v1.TrainingEnrolment"
    (problem,) = take(sources()[name], {**examples(name).valid[0], "person": "DUPONT Jean 62"}).problems
    assert problem.found == "the text AAAAAA AAAA 99"
    assert problem.message == "/person: expected a text of the form ^[0-9a-f]{32}$, found the text AAAAAA AAAA 99"


def test_a_misspelt_field_or_symbol_is_told_its_nearest_name() -> None:
    name = "beffroi.training.v1.TrainingSession"
    problems = take(sources()[name], {**examples(name).valid[0], "titel": "x", "modality": "ON_SITE"}).problems
    assert {problem.fix for problem in problems} == {"write title", "write ONSITE"}


@pytest.mark.parametrize("name", [name for name in NAMES if "bytes" not in json.dumps(sources()[name]["fields"])])
def test_every_record_passes_through_model_and_bytes_unchanged(name: str) -> None:
    codec = Codec()

    @given(fitting(sources()[name]))
    def round_trip(record: Any) -> None:
        first = model(name).model_validate(record)
        wire = codec.encode(name, first.model_dump(by_alias=True))
        assert model(name).model_validate(codec.read(name, wire)) == first
        assert codec.read(name, wire) == record

    round_trip()


FROZEN = [(name, number) for name in NAMES for number, _ in enumerate(versions(name), 1)]


def test_every_version_has_its_golden_files() -> None:
    kept = {(path.parent.name, int(path.name[1:])) for path in GOLDEN.glob("*/v*")}
    assert kept >= set(FROZEN)


@pytest.mark.parametrize(("name", "number"), FROZEN)
def test_goldens_are_written_exactly_and_read_both_ways(name: str, number: int, request: pytest.FixtureRequest) -> None:
    folder, version, codec = GOLDEN / name / f"v{number}", versions(name)[number - 1], Codec()
    if request.config.getoption("--rewrite-goldens") and not folder.exists():
        freeze(folder, name, number)
    value = json.loads((folder / "value.json").read_text("utf-8"))
    wire = (folder / "value.avro").read_bytes()
    assert json.loads((folder / "schema.avsc").read_text("utf-8")) == version.text
    # The version's own code writes these bytes; it is today's when the version is the newest.
    assert only(version.name, number).encode(name, take(version.text, value).record) == wire
    # Today's code reads them, and they read what today's code writes.
    record = take(version.text, value).record
    assert {key: one for key, one in codec.read(name, wire).items() if key in record} == record
    today = codec.encode(name, take(sources()[name], examples(name).valid[0]).record)
    assert reader_of(number).read(name, today)


def only(name: str, number: int) -> Codec:
    """The codec of the package that had this version for its newest."""
    entries = [contract.entry() for contract in versions(name)[:number]]
    return Codec(LockFile(entries))


def reader_of(number: int) -> Codec:
    """A codec that knows every id and reads with an older version."""

    class Older:
        def by_name(self, wanted: str) -> Any:
            return only(wanted, number).ids.by_name(wanted)

        def by_id(self, schema_id: int) -> Any:
            return lock_file().by_id(schema_id)

    return Codec(Older())


def freeze(folder: Path, name: str, number: int) -> None:
    """Write the files of a new version; those of an older one are never touched."""
    version, value = versions(name)[number - 1], examples(name).valid[0]
    folder.mkdir(parents=True)
    (folder / "schema.avsc").write_text(json.dumps(version.text, ensure_ascii=False, indent=1) + "\n", "utf-8")
    (folder / "value.json").write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", "utf-8")
    (folder / "value.avro").write_bytes(Codec().encode(name, take(version.text, value).record))


@pytest.mark.parametrize(
    ("contract", "field", "value"),
    [
        ("TrainingHeadcount", "entered", 2**31),
        ("TrainingHeadcount", "entered", -1),
        ("TrainingHeadcount", "version", 2**63),
        ("OutcomeRate", "rate", 12.345),
        ("OutcomeRate", "rate", 100.01),
        ("TrainingHeadcount", "ends_on", "2026-02-30"),
        ("TrainingHeadcount", "ends_on", "10000-01-01"),
        ("TrainingHeadcount", "occurred_at", "2026-11-23T08:00:00"),
    ],
)
def test_models_and_validation_keep_the_bounds_of_avro(contract: str, field: str, value: Any) -> None:
    name = f"beffroi.training.v1.{contract}"
    record = {**examples(name).valid[0], field: value}
    (problem,) = take(sources()[name], record).problems
    assert problem.pointer == f"/{field}"
    with pytest.raises(ValidationError):
        model(name).model_validate_json(json.dumps(record), strict=True)
