"""What checks as it writes agrees with the check alone and with fastavro."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.codec import Codec
from schemas.contracts import sources
from schemas.errors import ContractError
from schemas.examples import examples
from schemas.fits import fits
from schemas.validation import take
from tests.schemas.test_fits import EVENTS
from tests.values import fitting, values

CODEC = Codec()


def written(name: str, record: Any) -> bytes | None:
    with suppress(ContractError):  # a text that is no Unicode
        return CODEC.encode(name, record) if fits(name)(record) else None
    return None


@pytest.mark.parametrize("name", EVENTS)
def test_examples_are_written_as_fastavro_writes_them_and_what_is_wrong_is_not_written(name: str) -> None:
    encode = CODEC.checked(name)
    for record in examples(name).valid:
        taken = take(sources()[name], record).record
        assert encode(taken) == CODEC.encode(name, taken)
        short = {key: value for key, value in taken.items() if key in record}
        assert encode(short) == CODEC.encode(name, short)
        assert encode({**taken, "unknown": 1}) is None
    for one in examples(name).invalid:
        assert encode(one.record) is None


@pytest.mark.parametrize("name", EVENTS)
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_it_takes_and_writes_the_same_whatever_the_values(name: str, data: Any) -> None:
    encode, schema = CODEC.checked(name), sources()[name]
    good = data.draw(fitting(schema))
    assert encode(good) == written(name, good)
    loose = data.draw(values(schema))
    assert encode(loose) == written(name, loose)
    some = data.draw(st.sampled_from(sorted(good)))
    absent = {key: value for key, value in good.items() if key != some}
    assert encode(absent) == written(name, absent)
    instead = {**absent, "unknown": good[some]}
    assert encode(instead) is None
    wrong = {**good, some: data.draw(st.sampled_from([object(), 3.5, "x", None, [], {}, True, 1 << 70, "\ud800"]))}
    assert encode(wrong) == written(name, wrong)
