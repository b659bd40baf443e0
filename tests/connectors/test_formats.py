"""Every format that is found passes the conformance suite."""

import pytest

from connectors.formats import formats
from tests.connectors.cases import CASES, Case
from tests.connectors.conformance import Conformance


@pytest.fixture(scope="module", params=sorted(CASES))
def case(request: pytest.FixtureRequest) -> Case:
    """One after the other."""
    found: Case = CASES[request.param]
    return found


class TestFormats(Conformance):
    """All of them."""


def test_every_format_has_its_case() -> None:
    assert set(CASES) == set(formats())
