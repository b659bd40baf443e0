"""What pages say in words."""

import pytest

from portal.pages.words import cadence, duration


@pytest.mark.parametrize(
    ("hours", "told"),
    [
        (1, "chaque heure"),
        (6, "toutes les 6 heures"),
        (24, "chaque jour"),
        (36, "toutes les 36 heures"),
        (48, "tous les 2 jours"),
        (168, "chaque semaine"),
        (730, "chaque mois"),
        (2190, "chaque trimestre"),
        (8760, "chaque année"),
        (1000, "tous les 42 jours"),
    ],
)
def test_how_often_a_source_is_expected_is_said_as_people_say_it(hours: int, told: str) -> None:
    assert cadence(hours) == told


@pytest.mark.parametrize(
    ("hours", "told"), [(1, "une heure"), (24, "un jour"), (36, "36 heures"), (48, "2 jours"), (2760, "115 jours")]
)
def test_how_long_a_source_may_be_silent_is_said_as_people_say_it(hours: int, told: str) -> None:
    assert duration(hours) == told
