"""The invented region: the same for a seed, credible, and free of real people."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path

from stdnum.fr import siret as register

from beffroi.simulator.files import HEADER
from beffroi.simulator.play import deliveries, write_region
from beffroi.simulator.region import Region, siret
from connectors.privacy import has_nir
from schemas.territory.areas import Territory
from tests.reading import read

TERRITORY = Territory.load()
TODAY = date(2026, 11, 23)


def files(folder: Path, seed: int, count: int) -> dict[str, bytes]:
    now = [datetime(2026, 11, 23, 8, tzinfo=UTC)]

    def clock() -> datetime:
        now[0] += timedelta(seconds=10)
        return now[0]

    region = Region(seed, TODAY, TERRITORY, 60)
    return {one.path.name: one.path.read_bytes() for one in islice(deliveries(region, folder, clock), count)}


def test_the_same_seed_gives_the_same_files(tmp_path: Path) -> None:
    assert files(tmp_path / "a", 1, 8) == files(tmp_path / "b", 1, 8)
    assert files(tmp_path / "c", 2, 8) != files(tmp_path / "a", 1, 8)


def test_every_arrondissement_has_a_session_and_the_great_sectors_come_first() -> None:
    region = Region(1, TODAY, TERRITORY, 500)
    assert len({session.commune.arrondissement for session in region.sessions}) == 26
    sectors = Counter(session.course.sector for session in region.sessions)
    assert {sector for sector, _ in sectors.most_common(4)} == {"sante", "transport", "industrie", "hcr"}
    for session in region.sessions:
        assert 6 <= len(session.trainees) <= 16
        assert 1 <= (session.ends_on - session.starts_on).days / 7 <= 42


def test_files_are_taken_as_real_ones_are(tmp_path: Path) -> None:
    path = write_region(tmp_path, seed=1, today=TODAY, rows=1000, territory=TERRITORY)
    reading = read(path)
    assert (reading.refused, reading.warnings, reading.contradictions) == ([], [], [])
    assert reading.rows > 800
    text = path.read_bytes()
    assert text.startswith(HEADER.encode())
    assert b"|NULL|" in text
    assert b"|00000000000000|" in text
    assert not has_nir(text)


def test_organisations_have_numbers_of_the_right_form_that_nobody_has() -> None:
    for organisation in range(8):
        number = siret(organisation)
        assert register.is_valid(number)
        assert number.startswith("0000")
