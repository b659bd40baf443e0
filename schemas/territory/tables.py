"""The committed tables of facts, read once.

Source and licence stand in the first line of each table; ``tools/territory`` makes them.
"""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

#: Year of INSEE's Code officiel géographique that the table of areas holds.
VINTAGE = "2026"


@dataclass(frozen=True, slots=True)
class Commune:
    """A current commune.

    Attributes:
        code: INSEE code.
        name: Official name.
        departement: Code of its département.
        arrondissement: Code of its arrondissement; empty overseas where there is none.
        epci: SIREN of its EPCI; empty when it is in none.
        population: Municipal population, persons.
        postcodes: La Poste's postcodes.
    """

    code: str
    name: str
    departement: str
    arrondissement: str
    epci: str
    population: int
    postcodes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AreaTables:
    """Every area of France by code.

    Attributes:
        regions: Name by code.
        departements: Name and region by code.
        arrondissements: Name and département by code.
        epci: Name by SIREN.
        communes: By INSEE code.
        former: Current code by former code (merged communes, wards of Paris, Lyon and Marseille).
    """

    regions: Mapping[str, str]
    departements: Mapping[str, tuple[str, str]]
    arrondissements: Mapping[str, tuple[str, str]]
    epci: Mapping[str, str]
    communes: Mapping[str, Commune]
    former: Mapping[str, str]


@cache
def area_tables() -> AreaTables:
    """The table of areas."""
    packed = (files("schemas") / "territory" / "areas.tsv.gz").read_bytes()
    kinds: dict[str, list[list[str]]] = {kind: [] for kind in "#RDAECF"}
    for line in gzip.decompress(packed).decode().splitlines():
        kinds[line[0]].append(line[2:].split("\t"))
    return AreaTables(
        regions=dict(kinds["R"]),
        departements={code: (name, region) for code, name, region in kinds["D"]},
        arrondissements={code: (name, departement) for code, name, departement in kinds["A"]},
        epci=dict(kinds["E"]),
        communes={row[0]: _commune(row) for row in kinds["C"]},
        former=dict(kinds["F"]),
    )


def _commune(row: list[str]) -> Commune:
    code, name, departement, arrondissement, epci, population, postcodes = row
    return Commune(code, name, departement, arrondissement, epci, int(population), tuple(postcodes.split()))


@cache
def rome_titles() -> Mapping[str, str]:
    """Title of every ROME 4 code."""
    text = (files("schemas") / "territory" / "rome.tsv").read_text("utf-8")
    rows = (line.split("\t") for line in text.splitlines() if not line.startswith("#"))
    return dict(rows)
