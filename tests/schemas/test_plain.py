"""The fast way from JSON to the codec's forms agrees with the validation."""

import pytest

from schemas.contracts import sources
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
