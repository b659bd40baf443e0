"""The package: what the wheel holds, that it works alone, that imports do nothing, that nobody has our names."""

import re
import subprocess
import sys
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = {"schemas", "monitoring", "connectors", "streams", "portal", "beffroi"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as it is built from this checkout."""
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel unpacked, away from the checkout."""
    target = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    return target


def run(installed: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Python with the unpacked wheel first and the checkout nowhere."""
    environment = {"PYTHONPATH": str(installed), "PATH": "/usr/bin:/bin", "HOME": str(installed), "PYTHONSAFEPATH": "1"}
    return subprocess.run(
        [sys.executable, *command], cwd=installed, env=environment, capture_output=True, text=True, check=False
    )


def test_the_wheel_holds_our_rooms_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == ROOMS
    for needed in (
        "schemas/avro/training/TrainingSession.avsc", "schemas/lock.json", "schemas/territory/areas.tsv.gz",
        "portal/templates/exits.html", "portal/static/beffroi.css", "beffroi/simulator/trades.csv", "schemas/py.typed",
    ):  # fmt: skip
        assert needed in names


def test_the_wheel_works_away_from_the_checkout(installed: Path) -> None:
    where = run(installed, "-c", "import schemas, beffroi; print(schemas.__file__, beffroi.__file__)")
    assert where.stdout.count(str(installed)) == 2, where.stderr
    assert "publish" in run(installed, "-m", "beffroi", "--help").stdout
    shown = run(installed, "-m", "beffroi", "config", "show")
    assert "portal_port" in shown.stdout, shown.stderr


@pytest.mark.parametrize(
    "folder", ["tests/territory", "tests/streams/test_merge.py", "tests/connectors/test_privacy.py"]
)
def test_tests_of_the_pure_parts_pass_on_the_wheel(installed: Path, folder: str) -> None:
    done = run(
        installed, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(installed),
        "-c", "/dev/null", "--import-mode=importlib", str(ROOT / folder), "-k", "not committed_tables",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]


def test_no_dependency_brings_our_names() -> None:
    owners = packages_distributions()
    assert {room: set(owners.get(room, ["beffroi"])) for room in ROOMS} == {room: {"beffroi"} for room in ROOMS}


QUIET = """
import pkgutil, sys
import aiokafka, confluent_kafka, confluent_kafka.admin, croniter, fastapi, fastavro, faust, jinja2, prometheus_client
import psutil, pydantic_settings, rapidfuzz, rich.console, stdnum.fr.siret, structlog, typer, uvicorn
import zoneinfo; zoneinfo.ZoneInfo("Europe/Paris")
done = []
def watch(event, arguments):
    if event in {"socket.connect", "socket.bind", "subprocess.Popen", "os.mkdir", "os.remove"}:
        done.append((event, str(arguments)[:200]))
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        done.append((event, str(arguments)[:200]))
sys.dont_write_bytecode = True
sys.addaudithook(watch)
for room in sys.argv[1:]:
    for module in pkgutil.walk_packages([room], room + "."):
        if not module.name.endswith("__main__"):
            __import__(module.name)
print(done)
"""


def test_importing_does_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", QUIET, *sorted(ROOMS)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]", done.stdout


def test_imports_go_one_way() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_every_requirement_is_locked_with_hashes() -> None:
    for name in ("run", "dev"):
        text = (ROOT / "requirements" / f"{name}.lock").read_text("utf-8")
        pinned = re.findall(r"^([\w.\[\]-]+)==", text, re.MULTILINE)
        assert len(pinned) > 50
        assert text.count("--hash=sha256:") >= len(pinned)
        assert not re.search(r"^--|://", text, re.MULTILINE)
