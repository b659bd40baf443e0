"""The command line as its reader meets it: settings, errors, exit codes."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from beffroi.commands.publish import instant
from connectors.kafka.settings import KafkaSettings
from schemas.clock import system_clock
from schemas.topics import CATALOGUE
from tests.conftest import PARTITIONS
from tests.kairos import PLANTED, row, write


def beffroi(folder: Path, *command: str, **settings: str) -> subprocess.CompletedProcess[str]:
    names = {f"BEFFROI_{name.upper()}": value for name, value in ({"data_dir": str(folder)} | settings).items()}
    return subprocess.run(
        [sys.executable, "-m", "beffroi", *command],
        cwd=folder, env=os.environ | names, capture_output=True, text=True, check=False,
    )  # fmt: skip


def origin(text: str, name: str) -> list[str]:
    return next(re.split(r"\s{2,}", line.strip()) for line in text.splitlines() if line.startswith(f"{name} "))


def test_config_show_says_where_each_value_comes_from(tmp_path: Path) -> None:
    (tmp_path / "beffroi.toml").write_text('region = "53"\nportal_port = 8081\n', "utf-8")
    shown = beffroi(tmp_path, "config", "show", portal_port="8082", kafka_sasl_password="hush").stdout  # noqa: S106  # what must not show
    assert origin(shown, "region") == ["region", "53", "file beffroi.toml"]
    assert origin(shown, "portal_port") == ["portal_port", "8082", "environment BEFFROI_PORTAL_PORT"]
    assert origin(shown, "app_id") == ["app_id", "beffroi", "default"]
    assert "hush" not in shown


@pytest.mark.parametrize(
    ("toml", "message", "fix"),
    [
        ('colour = "red"\n', "there is no setting colour", "known settings: app_id"),
        (
            "portal_port = 99999\n",
            "setting portal_port makes no sense",
            "correct BEFFROI_PORTAL_PORT or portal_port in",
        ),
        ("region = \n", "beffroi.toml is not TOML", "correct that line"),
        ('kafka = "broker"\n', "setting kafka makes no sense", "correct BEFFROI_KAFKA or kafka in beffroi.toml"),
    ],
)
def test_a_wrong_setting_is_told_without_a_traceback(tmp_path: Path, toml: str, message: str, fix: str) -> None:
    (tmp_path / "beffroi.toml").write_text(toml, "utf-8")
    done = beffroi(tmp_path, "config", "show")
    assert done.returncode == 78
    assert message in done.stderr
    assert fix in done.stderr
    assert "Traceback" not in done.stderr


def test_publish_without_kafka_says_how_to_start_one(tmp_path: Path) -> None:
    done = beffroi(tmp_path, "publish", "kairos-csv", str(write(tmp_path / "f.csv", [row(1)])))
    assert done.returncode == 69
    assert "no embedded Kafka is running" in done.stderr
    assert "beffroi up" in done.stderr


@pytest.mark.kafka
def test_publish_tells_what_became_of_each_row(kafka: KafkaSettings, topics: str, tmp_path: Path) -> None:
    where = {"kafka": kafka.bootstrap, "topic_prefix": topics}
    rows = [row(1), row(2, dd_datefinplanformation="PLANTEDNAME"), row(3), row(4, dd_datefinplanformation="18/12/2026")]
    done = beffroi(tmp_path, "publish", "kairos-csv", str(write(tmp_path / "f_2026-11-20.csv", rows)), **where)
    assert done.returncode == 4, done.stderr
    assert re.search(
        r"rows read +4\n.*accepted +2\n.*duplicate +0\n.*outdated +0\n.*refused +2", done.stdout, re.DOTALL
    )
    assert "data of    2026-11-20 00:00:00 (from its name)" in done.stdout
    assert "dd_datefinplanformation, not-a-date (2): not a date, looks like AAAAAAAAAAA" in done.stdout
    assert "lines 3, 5" in done.stdout
    assert "fix: write it as 2026-05-22" in done.stdout
    assert not [value for value in PLANTED if value in done.stdout + done.stderr]
    assert beffroi(tmp_path, "publish", "kairos-csv", "none.csv", **where).returncode == 65
    assert re.search(r"known formats: .*kairos-csv", beffroi(tmp_path, "publish", "xml", "none.csv", **where).stderr)


@pytest.mark.kafka
def test_topics_are_planned_then_applied_and_a_partition_count_never_changes(
    kafka: KafkaSettings, prefix: str, tmp_path: Path
) -> None:
    where = {"kafka": kafka.bootstrap, "topic_prefix": prefix, "partitions": str(PARTITIONS), "replication": "1"}
    assert beffroi(tmp_path, "topics", "plan", **where).stdout.count("+ ") == len(CATALOGUE)
    assert beffroi(tmp_path, "topics", "apply", **where).returncode == 0
    assert beffroi(tmp_path, "topics", "plan", **where).stdout.count("= ") == len(CATALOGUE)
    more = where | {"partitions": "8"}
    assert "! " in beffroi(tmp_path, "topics", "plan", **more).stdout
    refused = beffroi(tmp_path, "topics", "apply", **more)
    assert refused.returncode == 78
    assert "keys would move" in refused.stderr


def test_down_with_nothing_running_says_so(tmp_path: Path) -> None:
    assert beffroi(tmp_path, "down").stdout.strip() == "nothing runs here"


def test_the_instant_of_data_may_be_now_and_is_never_outside_of_the_calendar() -> None:
    before = system_clock()
    now = instant("now")
    assert now is not None
    assert before <= now <= system_clock()
    for wrong in ("yesterday", "0001-01-01T00:00+14:00"):
        with pytest.raises(typer.BadParameter, match="or now"):
            instant(wrong)
