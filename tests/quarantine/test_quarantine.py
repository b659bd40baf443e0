"""The quarantine as an operator meets it: the command, over a real broker."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from beffroi.cli import app
from connectors.delivery import collect
from connectors.formats import format_named
from connectors.formats.base import Problem, Refused
from connectors.intake import instant_in
from connectors.kafka.settings import KafkaSettings
from connectors.publication import Publisher
from connectors.sealing import load_or_create_keys
from connectors.verdicts import Rules
from schemas.clock import system_clock
from schemas.codec import Codec
from schemas.topics import HEARTBEATS, QUARANTINE, TRAINING_EVENTS
from tests.bus import every_byte, records
from tests.conftest import PARTITIONS
from tests.connectors.test_intake import DYING
from tests.kairos import PLANTED, row, write
from tests.reading import CONTEXT

pytestmark = pytest.mark.kafka
Environment = dict[str, str]
Beffroi = Callable[..., Result]

MONDAY, TUESDAY = "stagiaires_2026-11-23.csv", "stagiaires_2026-11-24.csv"
END = "dd_datefinplanformation"


@pytest.fixture
def environment(kafka: KafkaSettings, topics: str, tmp_path: Path) -> Environment:
    """A deployment of this test's own."""
    made = {"KAFKA": kafka.bootstrap, "TOPIC_PREFIX": topics, "DATA_DIR": str(tmp_path)}
    return {f"BEFFROI_{name}": value for name, value in made.items()}


@pytest.fixture
def run(environment: Environment) -> Beffroi:
    """The command in it; an error of ours is where its sentence would be."""
    return lambda *command: CliRunner().invoke(app, command, env=environment)


def waiting(run: Beffroi, *options: str) -> list[dict[str, Any]]:
    done = run("quarantine", "ls", "--records", "--json", *options)
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def ends(kafka: KafkaSettings, topics: str) -> list[str]:
    """The planned ends of the trainees on the bus."""
    found = records(kafka, topics + TRAINING_EVENTS, PARTITIONS)
    return sorted(str(one["planned_end_on"]) for one in found if "person" in one)


def test_a_bad_row_is_found_looked_at_mended_and_published(
    run: Beffroi, kafka: KafkaSettings, topics: str, tmp_path: Path
) -> None:
    rows = [row(1), row(2, **{END: "jamais"}), row(3, **{END: "2026-01-05"}), row(4, **{END: "jamais"})]
    assert run("publish", "kairos-csv", str(write(tmp_path / MONDAY, rows))).exit_code == 4
    listed = run("quarantine", "ls").stdout.splitlines()
    assert listed[0].split() == ["partner", "source", "field", "code", "records", "kept", "first", "last", "what"]
    assert [line.split("  ")[0] for line in listed[1:]] == ["France Travail"] * 2
    assert " ".join(listed[1].split()[2:7]) == f"kairos {END} not-a-date 2 2"
    never, early, also = waiting(run)
    assert (early["code"], early["line"], early["file"]) == ("end-before-start", 4, MONDAY)

    shown = run("quarantine", "show", never["id"]).stdout
    assert f"field      {END}" in shown
    assert "looks like AAAAAA" in shown
    assert not [value for value in PLANTED if value in shown]
    content = run("quarantine", "show", never["id"], "--content").stdout
    assert content.splitlines()[0].startswith("c_nomcorrespondance|")
    assert "|jamais|" in content.splitlines()[1]

    trial = run("quarantine", "fix", never["id"], "--set", f"{END}=2026-12-18", "--dry-run")
    assert "1 would be published" in trial.stdout
    assert len(waiting(run)) == 3
    still = run("quarantine", "fix", never["id"], "--set", f"{END}=bientôt")
    assert (still.exit_code, len(waiting(run))) == (4, 3)
    assert "not-a-date" in still.stdout
    assert run("quarantine", "fix", never["id"], "--set", f"{END}=2026-12-19").exit_code == 0
    assert ends(kafka, topics) == ["2026-12-18", "2026-12-19"]
    assert [one["id"] for one in waiting(run)] == [early["id"], also["id"]]

    corrected = tmp_path / "corrected.csv"
    corrected.write_text(run("quarantine", "show", early["id"], "--content").stdout.replace("2026-01-05", "2026-12-20"))
    assert run("quarantine", "fix", early["id"], "--file", str(corrected)).exit_code == 0
    assert ends(kafka, topics) == ["2026-12-18", "2026-12-19", "2026-12-20"]
    assert "dropped: 1" in run("quarantine", "drop", also["id"]).stdout
    assert run("quarantine", "ls").stdout == "nothing waits\n"
    assert len(records(kafka, topics + HEARTBEATS)) == 1


def test_replay_closes_what_newer_data_overtook_and_leaves_what_is_still_wrong(
    run: Beffroi, kafka: KafkaSettings, topics: str, tmp_path: Path
) -> None:
    bad = [row(number, **{END: "jamais"}) for number in (1, 2)]
    run("publish", "kairos-csv", str(write(tmp_path / MONDAY, bad)))
    run("publish", "kairos-csv", str(write(tmp_path / TUESDAY, [row(1), *bad[1:]])))
    first, again = waiting(run, "--field", END, "--code", "not-a-date", "--partner", "france travail")
    assert (first["times"], again["times"]) == (1, 2)
    before = ends(kafka, topics)
    for options, left in ((("--dry-run",), 2), ((), 1)):
        done = run("quarantine", "replay", "--all", *options)
        assert done.exit_code == 4
        assert f"{again['id']} stays: {END}: not-a-date" in done.stdout
        assert len(waiting(run)) == left
    assert ends(kafka, topics) == before
    assert run("quarantine", "replay").exit_code == 2
    # The same files once more bring no work back; the row that still waits came with Tuesday's data.
    run("publish", "kairos-csv", str(tmp_path / MONDAY))
    assert [one["id"] for one in waiting(run)] == [again["id"]]


def test_mending_an_older_record_does_not_replace_a_newer_one(
    run: Beffroi, kafka: KafkaSettings, topics: str, tmp_path: Path
) -> None:
    run("publish", "kairos-csv", str(write(tmp_path / MONDAY, [row(1, **{END: "jamais"}), row(2)])))
    run("publish", "kairos-csv", str(write(tmp_path / TUESDAY, [row(1, **{END: "2026-12-22"})])))
    (old,) = waiting(run)
    done = run("quarantine", "fix", old["id"], "--set", f"{END}=2026-12-01")
    assert "1 overtaken by data as new or newer" in done.stdout
    assert ends(kafka, topics) == ["2026-12-18", "2026-12-22"]
    assert waiting(run) == []


def test_nothing_of_a_person_is_in_listings_logs_or_on_the_bus(
    run: Beffroi, kafka: KafkaSettings, topics: str, tmp_path: Path
) -> None:
    nir = "184127645108946"
    rows = [
        row(1, **{END: "PLANTEDNAME"}),
        row(2, dc_lblformation=nir),
        row(3, dc_lblformation="a|planted@mail.invalid"),
    ]
    published = run("publish", "kairos-csv", str(write(tmp_path / MONDAY, rows)))
    told = [published] + [run("quarantine", *words) for words in (("ls",), ("ls", "--records"), ("replay", "--all"))]
    ids = waiting(run)
    told += [run("quarantine", "show", one["id"]) for one in ids]
    text = "".join(one.stdout + one.stderr for one in told)
    bus = every_byte(kafka, topics, PARTITIONS)
    assert not [value for value in (*PLANTED, nir) if value in text or value.encode() in bus]
    assert [one["kept"] for one in ids] == ["yes", "no", "yes"]
    lost = run("quarantine", "show", ids[1]["id"], "--content")
    assert "held what looks like a NIR" in str(lost.exception)


def test_without_its_key_it_is_listed_and_what_lacks_is_said(run: Beffroi, tmp_path: Path) -> None:
    keys = tmp_path / "quarantine.keys"
    run("publish", "kairos-csv", str(write(tmp_path / MONDAY, [row(1, **{END: "jamais"})])))
    assert keys.stat().st_mode & 0o777 == 0o600
    first = keys.read_text()
    assert run("quarantine", "rotate-key").exit_code == 0
    (one,) = waiting(run)
    assert "jamais" in run("quarantine", "show", one["id"], "--content").stdout
    keys.write_text(keys.read_text().removeprefix(first))
    (one,) = waiting(run)
    for words in (("show", one["id"], "--content"), ("fix", one["id"], "--set", f"{END}=2026-12-18")):
        done = run("quarantine", *words)
        assert f"which is not in {keys}" in str(done.exception)
    done = run("quarantine", "replay", one["id"])
    assert done.exit_code == 4
    assert "add that key as a line" in done.stdout


def misunderstood(kafka: KafkaSettings, topics: str, folder: Path, name: str, *rows: dict[str, str]) -> None:
    """Good rows as an older version left them, which did not understand them."""
    problem = Problem(2, END, "not-a-date", "not a date", "write it as 2026-05-22")
    as_of = instant_in(name)
    assert as_of
    context = replace(CONTEXT, as_of=as_of)
    originals = [write(folder / "alone.csv", [one]).read_bytes() for one in rows]
    items = [Refused((replace(problem, line=at),), original=one) for at, one in enumerate(originals, 2)]
    delivery = collect(items, format_named("kairos-csv"), context, name, Codec())
    keys = load_or_create_keys(folder / "quarantine.keys")
    Publisher(kafka, topics, "kairos", Codec(), system_clock, keys).publish(delivery, Rules())


def test_what_we_understand_by_now_is_replayed_in_order_and_once(
    run: Beffroi, kafka: KafkaSettings, topics: str, tmp_path: Path
) -> None:
    later = [row(1, **{END: "2026-12-24"}), row(2)]
    misunderstood(kafka, topics, tmp_path, TUESDAY, *later)
    misunderstood(kafka, topics, tmp_path, MONDAY, row(1), row(3, **{END: "2026-12-25"}))
    run("publish", "kairos-csv", str(write(tmp_path / MONDAY, [row(3)])))
    trial = run("quarantine", "replay", "--all", "--dry-run")
    # Each batch is tried against what is on the bus, where of Monday's rows one has a good row beside it.
    assert ("3 would be published" in trial.stdout, "1 stay" in trial.stdout) == (True, True)
    assert ends(kafka, topics) == ["2026-12-18"]
    done = run("quarantine", "replay", "--all")
    assert ("3 published" in done.stdout, done.exit_code) == (True, 4)
    assert "conflict, another content was published" in done.stdout
    assert ends(kafka, topics) == ["2026-12-18"] * 3 + ["2026-12-24"]
    people = [one for one in records(kafka, topics + TRAINING_EVENTS, PARTITIONS) if "person" in one]
    (moved,) = [one["person"] for one in people if str(one["planned_end_on"]) == "2026-12-24"]
    assert [str(one["planned_end_on"]) for one in people if one["person"] == moved] == ["2026-12-18", "2026-12-24"]
    (left,) = waiting(run)
    again = run("quarantine", "replay", "--all")
    assert ("0 published" in again.stdout, waiting(run)) == (True, [left])
    outcomes = [one for one in records(kafka, topics + QUARANTINE) if "outcome" in one]
    assert [one["outcome"] for one in outcomes] == ["REPLAYED"] * 3
    assert len({one["event_id"] for one in outcomes}) == 3
    assert len(records(kafka, topics + HEARTBEATS)) == 3


def test_killed_before_its_commit_a_mend_did_nothing_and_is_done_once_then(
    run: Beffroi, environment: Environment, kafka: KafkaSettings, topics: str, tmp_path: Path
) -> None:
    run("publish", "kairos-csv", str(write(tmp_path / MONDAY, [row(1, **{END: "jamais"})])))
    (one,) = waiting(run)
    words = ["quarantine", "fix", one["id"], "--set", f"{END}=2026-12-18"]
    script = f"{DYING}\nfrom beffroi.cli import app\napp({words!r})\n"
    killed = subprocess.run([sys.executable, "-c", script], env=os.environ | environment, check=False)
    assert killed.returncode == -9
    assert (waiting(run), ends(kafka, topics)) == ([one], [])
    assert run(*words).exit_code == 0
    assert "0 records that wait have an id" in str(run(*words).exception)
    assert (waiting(run), ends(kafka, topics)) == ([], ["2026-12-18"])
    aside, closed = records(kafka, topics + QUARANTINE)
    assert closed["record_id"] == aside["record_id"]
    assert (closed["outcome"], closed["corrected"]) == ("REPLAYED", [END])
