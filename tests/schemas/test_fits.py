"""The fast check of records agrees with the one that explains."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.contracts import sources
from schemas.examples import examples
from schemas.fits import fits
from schemas.topics import CATALOGUE
from schemas.validation import take
from tests.values import fitting, values

EVENTS = sorted({name for topic in CATALOGUE if ".events." in topic.name for name in topic.contracts})


@pytest.mark.parametrize("name", EVENTS)
def test_what_fits_has_no_problem_and_what_is_taken_fits(name: str) -> None:
    for record in examples(name).valid:
        assert fits(name)(take(sources()[name], record).record)
    for one in examples(name).invalid:
        assert not fits(name)(one.record)


@pytest.mark.parametrize("name", EVENTS)
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_the_two_checks_agree_on_values_inside_and_outside_of_the_bounds(name: str, data: Any) -> None:
    schema = sources()[name]
    good = data.draw(fitting(schema))
    assert fits(name)(good) == (not take(schema, good).problems)
    loose = data.draw(values(schema))
    assert fits(name)(loose) == (not take(schema, loose).problems)
    some = data.draw(st.sampled_from(sorted(loose)))
    wrong = {**good, some: data.draw(st.sampled_from([object(), 3.5, "x", None, [], {}, True]))}
    assert not fits(name)(wrong) or not take(schema, wrong).problems
