"""How the register says what becomes of a source's files, and what the command ends with."""

from pathlib import Path
from typing import Any

import pytest

from beffroi import compose
from beffroi.commands.inbox import exit_code, lines
from beffroi.settings import load
from connectors.inbox import Route, Settled
from schemas.errors import SettingsError

ENTRY = """
[kairos]
system = "Kairos"
holder = "France Travail"
holds = "Entrées et sorties."
format = "{format}"
contracts = ["beffroi.training.v1.TrainingSession", "beffroi.training.v1.TrainingEnrolment"]
cadence_hours = 24
late_after_hours = 48
state = "live"
snapshot = {snapshot}
"""


def routes(folder: Path, snapshot: str, format_name: str = "kairos-csv") -> dict[str, Route]:
    register = folder / "sources.toml"
    register.write_text(ENTRY.format(snapshot=snapshot, format=format_name))
    return compose.routes(load(sources_register=register))


def test_no_source_is_a_snapshot_until_an_operator_says_so(tmp_path: Path) -> None:
    assert not any(one.snapshot for one in compose.routes(load()).values())
    assert routes(tmp_path, "true")["kairos"] == Route("kairos", "kairos-csv", snapshot=True)


def test_a_register_that_makes_no_sense_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="entry kairos, snapshot"):
        routes(tmp_path, '"yes"')
    with pytest.raises(SettingsError, match="source kairos"):
        routes(tmp_path, "false", "kairos-cvs")


def settled(outcome: str, refused: int = 0) -> Settled:
    counts = {"received": 1204, "accepted": 1200, "duplicate": 4, "outdated": 1, "refused": refused, "withdrawn": 12}
    receipt: dict[str, Any] = {"source": "kairos", "file": "a.csv", "message": "it is broken", "fix": "mend it"}
    if outcome in {"taken", "known"}:
        receipt |= {"records": counts}
    return Settled(outcome, receipt, Path("there"))


@pytest.mark.parametrize(
    ("files", "blocked", "code"),
    [
        ([], False, 0),
        ([settled("taken"), settled("known")], False, 0),
        ([settled("taken", 2)], False, 4),
        ([settled("held"), settled("taken", 2)], False, 5),
        ([settled("refused"), settled("held")], False, 65),
        ([settled("refused")], True, 74),
        ([settled("failed"), settled("refused")], True, 70),
    ],
)
def test_the_command_ends_with_the_worst_that_happened(files: list[Settled], blocked: bool, code: int) -> None:  # noqa: FBT001  # a column
    assert exit_code(files, blocked=blocked) == code


def test_what_became_of_a_file_is_told_in_a_line() -> None:
    told = "kairos/a.csv: taken: 1,204 records, 1,200 new or changed, 4 known, 0 refused, 12 withdrawn"
    assert lines(settled("taken")) == [told]
    assert lines(settled("held")) == ["kairos/a.csv: held: it is broken", "  fix: mend it", "  now there"]
