"""Makes ``schemas/territory/areas.tsv.gz`` from the npm package ``@etalab/decoupage-administratif`` 6.0.0.

Usage: ``python tools/territory/make_areas.py [--check] [PACKAGE_FOLDER]``; without a folder the package is fetched by
name with ``npm pack``. The table holds facts only (codes, names, populations, postcodes); the package's data are under
the Licence Ouverte 2.0 (Etalab), made from INSEE's Code officiel géographique and La Poste's postcodes.
"""

import gzip
import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PACKAGE = "@etalab/decoupage-administratif"
VERSION = "6.0.0"
VINTAGE = "2026"
TABLE = Path(__file__).parents[2] / "schemas" / "territory" / "areas.tsv.gz"
HEADER = (
    f"# areas of France; facts from {PACKAGE} {VERSION} (npm), Licence Ouverte 2.0, Etalab; "
    f"INSEE Code officiel géographique {VINTAGE}; made by tools/territory/make_areas.py"
)

Json = list[dict[str, Any]]


def fetch(folder: Path) -> Path:
    """Fetch and unpack the package by name; its folder."""
    subprocess.run(["npm", "pack", f"{PACKAGE}@{VERSION}", "--silent"], cwd=folder, check=True)  # noqa: S603, S607  # npm by name
    with tarfile.open(next(folder.glob("*.tgz"))) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package"


def lines(package: Path) -> Iterator[str]:
    """The table, line by line: a letter for the kind, then tab-separated fields."""

    def data(name: str) -> Json:
        loaded: Json = json.loads((package / "data" / f"{name}.json").read_text("utf-8"))
        return loaded

    communes = data("communes")
    epci = {member["code"]: group["code"] for group in data("epci") for member in group["membres"]}
    yield HEADER
    yield from sorted(f"R\t{x['code']}\t{x['nom']}" for x in data("regions"))
    yield from sorted(f"D\t{x['code']}\t{x['nom']}\t{x['region']}" for x in data("departements"))
    yield from sorted(f"A\t{x['code']}\t{x['nom']}\t{x['departement']}" for x in data("arrondissements"))
    yield from sorted(f"E\t{x['code']}\t{x['nom']}" for x in data("epci"))
    yield from sorted(_commune(x, epci) for x in communes if x["type"] == "commune-actuelle")
    yield from sorted(set(_former(communes)))


def _commune(x: dict[str, Any], epci: dict[str, str]) -> str:
    postcodes = " ".join(sorted(x.get("codesPostaux", [])))
    fields = (x["code"], x["nom"], x.get("departement", ""), x.get("arrondissement", ""), epci.get(x["code"], ""))
    return "C\t" + "\t".join(fields) + f"\t{x.get('population', 0)}\t{postcodes}"


def _former(communes: Json) -> Iterator[str]:
    """Codes that stand for a current commune: of merged communes, of the wards of Paris, Lyon and Marseille."""
    current = {x["code"] for x in communes if x["type"] == "commune-actuelle"}
    for x in communes:
        if x["type"] == "commune-actuelle":
            yield from (f"F\t{old}\t{x['code']}" for old in x.get("anciensCodes", []) if old not in current)
        elif x["code"] not in current:
            yield f"F\t{x['code']}\t{x.get('chefLieu') or x['commune']}"


def main(arguments: list[str]) -> int:
    """Write the table, or with ``--check`` compare it; 1 when it is stale."""
    folders = [argument for argument in arguments if argument != "--check"]
    with tempfile.TemporaryDirectory() as temporary:
        package = Path(folders[0]) if folders else fetch(Path(temporary))
        text = "".join(f"{line}\n" for line in lines(package))
    if "--check" in arguments:
        return int(gzip.decompress(TABLE.read_bytes()).decode() != text)
    TABLE.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
