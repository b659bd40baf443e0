"""The compiled encoder of flat records writes what fastavro writes."""

from typing import Any

import pytest
from hypothesis import given

from schemas.codec import Codec
from schemas.contracts import CELL, CHECKPOINT, SESSION_FACTS, TRAINING_SESSION, sources
from schemas.flat import zigzag
from tests.values import values

CODEC = Codec()


@pytest.mark.parametrize("name", [CELL, CHECKPOINT, SESSION_FACTS])
def test_a_flat_record_is_written_as_fastavro_writes_it(name: str) -> None:
    encode = CODEC.flat(name)

    @given(values(sources()[name]))
    def same(record: dict[str, Any]) -> None:
        assert encode(*(record[one["name"]] for one in sources()[name]["fields"])) == CODEC.encode(name, record)

    same()


def test_a_contract_that_is_not_flat_is_refused_with_the_field() -> None:
    with pytest.raises(ValueError, match="occurred_at"):
        CODEC.flat(TRAINING_SESSION)


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1])
def test_an_integer_of_more_than_64_bits_is_refused(number: int) -> None:
    with pytest.raises(OverflowError, match="64 bits"):
        zigzag(number)
