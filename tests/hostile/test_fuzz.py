"""A short look at each format, with the same changes each time; `make fuzz` takes a million."""

from argparse import Namespace
from pathlib import Path
from random import Random

import pytest

from connectors.formats import formats, sample
from schemas.territory.areas import Territory
from tests.hostile import fuzz
from tests.hostile.mutations import mutated, shrunk
from tests.hostile.samples import samples

TERRITORY = Territory.load()
SAMPLES = samples()
TRIES = 1_000


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_whatever_is_changed_in_a_sample_nothing_is_raised_but_a_refusal(name: str) -> None:
    progress = fuzz.Progress(seed=7)
    found = list(fuzz.findings(name, SAMPLES[name], TERRITORY, progress, TRIES))
    assert [(one.seed, one.why, one.content[:400]) for one in found] == []
    assert progress.answers.total() == progress.tries == TRIES
    assert len(progress.answers) > 4, "it looks into records, too"


def test_what_was_tried_is_not_tried_again(tmp_path: Path) -> None:
    asked = Namespace(seed=3, tries=40)
    once = fuzz.fuzz("tally-csv", SAMPLES["tally-csv"], TERRITORY, tmp_path, asked)
    again = fuzz.fuzz("tally-csv", SAMPLES["tally-csv"], TERRITORY, tmp_path, asked)
    assert (again.tries, again.answers, again.seconds) == (40, once.answers, once.seconds)
    on = fuzz.fuzz("tally-csv", SAMPLES["tally-csv"], TERRITORY, tmp_path, Namespace(seed=3, tries=60))
    whole = fuzz.fuzz("tally-csv", SAMPLES["tally-csv"], TERRITORY, tmp_path / "..", Namespace(seed=3, tries=60))
    assert on.answers == whole.answers


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


#: What fuzzing and the tables of damage found, mended since: target, text of the sample, what stood there instead.
FOUND = (
    ("sortants-json", b"59.8", b"1e30"),
    ("sortants-json", b"59.8", b'"1e999999"'),
    ("JobOffer lines", b'"2026-11-20T08:15:42Z"', b'"0001-01-01T00:00:00+14:00"'),
    ("JobOffer array", b'"2026-11-20T08:15:42Z"', b'"9999-12-31T23:59:59-14:00"'),
    ("offres-json", b'"description": "', b'"description": "@' + b"a" * 200_000),
    ("JobOffer container", b'"type"', b'"tYpe"'),
)


@pytest.mark.parametrize(("name", "text", "instead"), FOUND)
def test_what_was_found_once_stays_mended(name: str, text: bytes, instead: bytes) -> None:
    whole = SAMPLES[name].whole
    assert text in whole
    assert fuzz.Target(SAMPLES[name].form, TERRITORY).fault(whole.replace(text, instead)) is None
