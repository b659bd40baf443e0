"""The fast way from JSON to the codec's forms agrees with the validation."""

import pytest

from schemas.contracts import TRAINING_SESSION, sources
from schemas.examples import examples
from schemas.fits import fits
from schemas.plain import plain
from schemas.validation import take

#: Those that partners write.
CONTRACTS = [name for name, schema in sources().items() if "root" in schema and ".platform." not in name]


@pytest.mark.parametrize("name", CONTRACTS)
def test_the_fast_way_gives_what_the_validation_gives(name: str) -> None:
    for record in examples(name).valid:
        found = plain(name)(record)
        assert fits(name)(found)
        assert found == take(sources()[name], record).record


@pytest.mark.parametrize("name", CONTRACTS)
def test_the_fast_way_lets_nothing_pass_that_the_validation_refuses(name: str) -> None:
    for invalid in examples(name).invalid:
        found = plain(name)(invalid.record)
        assert found is None or not fits(name)(found)


@pytest.mark.parametrize("instead", [{}, "", "x", {"code": "x"}])
def test_what_is_no_list_stands_for_none(instead: object) -> None:
    record = {**examples(TRAINING_SESSION).valid[0], "certifications": instead}
    assert plain(TRAINING_SESSION)(record) is None
    assert take(sources()[TRAINING_SESSION], record).problems
