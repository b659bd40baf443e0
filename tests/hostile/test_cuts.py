"""A file of 20 kB, cut: it is taken whole or not at all; at every byte for formats that are quickly read."""

import pytest

from schemas.territory.areas import Territory
from tests.hostile import cuts

TERRITORY = Territory.load()
#: A second each, for what is cut is no JSON; tables and XML take up to a minute and a half (`make fuzz`).
EVERY_BYTE = {name for name in cuts.NAMES if name.endswith("-json")}


@pytest.mark.parametrize("name", sorted(cuts.NAMES))
def test_a_file_cut_anywhere_is_taken_whole_or_not_at_all(name: str, stride: int) -> None:
    content = cuts.made(name)
    step, right = 1 if name in EVERY_BYTE else stride, cuts.expected(name, content)
    assert cuts.answers(name, content, [len(content)], TERRITORY)[len(content)] > 10
    found = cuts.answers(name, content, sorted({*range(0, len(content.rstrip()), step), *right}), TERRITORY)
    assert {at: taken for at, taken in found.items() if taken != right.get(at, 0)} == {}
