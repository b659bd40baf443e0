"""Every format that is found passes the conformance suite."""

import pytest

from connectors.formats import format_named, formats, sample
from connectors.inputs import Input
from schemas.errors import FileRefused
from tests.connectors.cases import CASES, Case
from tests.connectors.conformance import INTAKE, NIR, Conformance


@pytest.fixture(scope="module", params=sorted(CASES))
def case(request: pytest.FixtureRequest) -> Case:
    """One after the other."""
    found: Case = CASES[request.param]
    return found


class TestFormats(Conformance):
    """All of them."""


def test_every_format_has_its_case() -> None:
    assert set(CASES) == set(formats())


def test_a_nir_among_several_sessions_is_found_each_time() -> None:
    title = b"<intitule-formation>Conducteur routier"
    content = sample(formats()["intercarif-xml"]).replace(title, title + b" " + NIR.encode())
    kept, found = [], set()
    for number in range(100):
        kept.append([object() for _ in range(number % 37)])  # so that memory is given to others each time
        report = INTAKE.check(Input.of_bytes(content), "intercarif-xml")
        found.add(tuple(one.problems[0].code for one in report.refused))
    assert len(found) == 1
    assert set(found.pop()) == {"nir"}


@pytest.mark.parametrize(("written", "meant"), [("kairos_csv", "kairos-csv"), ("intercarif", "intercarif-xml")])
def test_a_name_that_no_format_has_is_answered_with_the_nearest(written: str, meant: str) -> None:
    with pytest.raises(FileRefused) as refused:
        format_named(written)
    assert refused.value.fix.startswith(f"did you mean {meant}? known formats: contacts-csv, ")


def test_a_name_like_no_other_is_answered_with_the_list_alone() -> None:
    with pytest.raises(FileRefused) as refused:
        format_named("#")
    assert refused.value.fix.startswith("known formats: ")
