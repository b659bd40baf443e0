"""A short look at each format, with the same changes each time; `make fuzz` takes a million."""

import gc
from random import Random

import pytest

from connectors.formats import formats, sample
from schemas.territory.areas import Territory
from tests.hostile import fuzz
from tests.hostile.mutations import mutated, shrunk

TERRITORY = Territory.load()
TRIES = 150


@pytest.mark.parametrize("name", sorted(formats()))
def test_whatever_is_changed_in_a_sample_nothing_is_raised_but_a_refusal(name: str) -> None:
    found = list(fuzz.findings(formats()[name], TRIES, 7, TERRITORY))
    assert [(one.seed, one.why, one.content[:400]) for one in found] == []
    gc.collect()


def test_a_seed_gives_the_same_changes_and_most_of_them_change_something() -> None:
    whole = sample(formats()["offres-json"])
    first, again = (
        [mutated(whole, Random(n)) for n in range(100)]  # noqa: S311  # the same
        for _ in range(2)
    )
    assert first == again
    assert len(set(first) - {whole}) > 90


def test_what_fails_is_shrunk_to_what_makes_it_fail() -> None:
    assert shrunk(b"abc" * 50 + b"!" + b"def" * 50, lambda content: b"!" in content) == b"!"


#: What fuzzing and the tables of damage found, mended since: format, text of the sample, what stood there instead.
FOUND = (
    ("sortants-json", b"59.8", b"1e30"),
    ("sortants-json", b"59.8", b'"1e999999"'),
)


@pytest.mark.parametrize(("name", "text", "instead"), FOUND)
def test_what_was_found_once_stays_mended(name: str, text: bytes, instead: bytes) -> None:
    whole = sample(formats()[name])
    assert text in whole
    assert fuzz.Target(formats()[name], TERRITORY).fault(whole.replace(text, instead)) is None
