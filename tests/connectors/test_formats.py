"""Every format that is found passes the conformance suite."""

import pytest

from connectors.formats import formats, sample
from connectors.inputs import Input
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
