"""The contracts themselves: documented, classified, and frozen in goldens."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from beffroi.contracts import generate
from schemas.codec import Codec
from schemas.contracts import sources
from schemas.models.training.training_enrolment import TrainingEnrolment
from schemas.models.training.training_session import TrainingSession

GOLDENS = Path(__file__).parent / "goldens"
CLASSES = {"public", "professional", "pseudonym", "personal", "forbidden"}


def fields(schema: Any) -> Iterator[dict[str, Any]]:
    """Every field, of nested records too."""
    if isinstance(schema, list):
        for one in schema:
            yield from fields(one)
    elif isinstance(schema, dict):
        for field in schema.get("fields", ()):
            yield field
            yield from fields(field["type"])
        yield from fields(schema.get("items"))


def enums(schema: Any) -> Iterator[dict[str, Any]]:
    """Every enum."""
    for field in fields(schema):
        for kind in field["type"] if isinstance(field["type"], list) else [field["type"]]:
            if isinstance(kind, dict) and kind.get("type") == "enum":
                yield kind


@pytest.mark.parametrize("name", sorted(sources()))
def test_every_field_is_documented_in_two_languages_and_classified(name: str) -> None:
    for field in fields(sources()[name]):
        assert field["doc"].endswith("."), field["name"]
        assert field["fr"].endswith("."), field["name"]
        assert field["class"] in CLASSES, field["name"]


@pytest.mark.parametrize("name", sorted(sources()))
def test_every_enum_has_room_for_what_is_not_known_yet(name: str) -> None:
    for enum in enums(sources()[name]):
        assert enum["default"] == "UNKNOWN"
        assert "UNKNOWN" in enum["symbols"]


def test_no_contract_has_a_place_for_personal_data() -> None:
    found = {field["class"] for schema in sources().values() for field in fields(schema)}
    assert not found & {"personal", "forbidden"}


def test_what_is_generated_is_up_to_date() -> None:
    assert generate(check=True) == []


EXAMPLES: dict[str, dict[str, Any]] = {
    "beffroi.training.v1.TrainingSession": TrainingSession(
        session_id="intercarif:SE_0000160070",
        source="kairos",
        source_key="3565575",
        version=1542672000000,
        occurred_at=datetime(2018, 11, 20, tzinfo=UTC),
        title="Titre professionnel",
        starts_on=date(2018, 5, 22),
        ends_on=date(2018, 8, 24),
        formacodes=["31734"],
    ).model_dump(),
    "beffroi.training.v1.TrainingEnrolment": TrainingEnrolment.model_validate(
        {
            "session_id": "intercarif:SE_0000160070",
            "person": "00112233445566778899aabbccddeeff",
            "source": "kairos",
            "source_key": "3565575/00112233445566778899aabbccddeeff",
            "version": 1542672000000,
            "occurred_at": datetime(2018, 11, 20, tzinfo=UTC),
            "status": "ENTERED",
            "planned_end_on": date(2018, 8, 24),
            "funders": ["4", "7"],
        }
    ).model_dump(),
}


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_the_wire_bytes_of_an_example_never_change(name: str, request: pytest.FixtureRequest) -> None:
    codec, path = Codec(), GOLDENS / f"{name}.json"
    wire = codec.encode(name, EXAMPLES[name])
    if request.config.getoption("--rewrite-goldens"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(
            json.dumps({"wire": wire.hex(), "record": EXAMPLES[name]}, default=str, indent=1, ensure_ascii=False) + "\n"
        )
    golden = json.loads(path.read_text("utf-8"))
    assert wire.hex() == golden["wire"]
    assert json.loads(json.dumps(codec.read(name, bytes.fromhex(golden["wire"])), default=str)) == golden["record"]
