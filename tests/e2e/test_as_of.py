"""What readers were told on a day that is over: a real worker across midnight, the portal, and the command."""

import csv
import io
import json
import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.kafka.settings import KafkaSettings
from schemas.clock import day_begins, paris_day, system_clock
from tests.kairos import row, write
from tests.portal.conftest import Portal
from tests.waiting import until
from tests.workers import ClockedWorker

pytestmark = [pytest.mark.kafka]


class Deployment:
    """Commands on the tests' broker."""

    def __init__(self, kafka: KafkaSettings, prefix: str, folder: Path) -> None:
        made = {"KAFKA": kafka.bootstrap, "TOPIC_PREFIX": prefix, "DATA_DIR": str(folder)}
        self._environment = os.environ | {f"BEFFROI_{name}": value for name, value in made.items()}
        self._folder = folder

    def run(self, *arguments: str, expected: int = 0) -> str:
        """A command's output."""
        command = [sys.executable, "-m", "beffroi", *arguments]
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True, check=False)
        assert done.returncode == expected, done.stdout + done.stderr
        return done.stdout if not expected else done.stderr

    def publish(self, instant: datetime, people: int, last_day: str) -> None:
        """So many people finish on a day, and nobody else."""
        rows = [
            row(number, dd_datefinplanformation=last_day, dd_datedebutplanformation="2026-01-01")
            for number in range(people)
        ]
        path = write(self._folder / f"stagiaires_{instant:%Y-%m-%dT%H-%M-%S}.csv", rows)
        self.run("publish", "kairos-csv", str(path), "--snapshot", "--confirm")


def said(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {row["key"]: row["count"]["value"] for row in rows}


def test_what_readers_were_told_yesterday_is_told_again_after_midnight(
    kafka: KafkaSettings, topics: str, tmp_path: Path
) -> None:
    here, now = Deployment(kafka, topics, tmp_path), system_clock()
    today = paris_day(now)
    yesterday, later = today - timedelta(1), str(today + timedelta(29))  # 30 days from today, 31 from yesterday
    evening = (day_begins(today) - timedelta(hours=2) - now).total_seconds()
    address = "/v1/views/exits.json?area=arrondissement:627&trade=all"
    with ClockedWorker(kafka, topics, tmp_path, evening) as worker, Portal(kafka, topics, tmp_path) as portal:

        def live() -> dict[str, Any]:
            return said(portal.get(address).json()["rows"])

        here.publish(datetime(2026, 1, 5, 8), 12, later)  # noqa: DTZ001  # a file's name speaks of Paris
        worker.ready()
        until(live, 30, "yesterday's view")
        told = live()
        assert "arrondissement:627|all|P30D" not in told
        worker.set(0)
        until(lambda: live().get("arrondissement:627|all|P30D") == 10, 10, "the day turns")
        here.publish(datetime(2026, 1, 6, 8), 32, later)  # noqa: DTZ001  # the same
        until(lambda: live().get("arrondissement:627|all|P30D") == 30, 10, "today's view")
        past = portal.get(f"{address}&as_of={yesterday}")
    assert said(past.json()["rows"]) == told
    assert past.json()["as_of"]["exact"] is True
    assert past.headers["cache-control"].endswith("immutable")

    asked = ("views", "show", "exits", "--area", "arrondissement:627", "--trade", "all")
    found = json.loads(here.run(*asked, "--as-of", str(yesterday), "--format", "json"))
    assert said(found["rows"]) == told
    assert found["as_of"] == past.json()["as_of"]
    sheet = csv.DictReader(io.StringIO(here.run(*asked, "--as-of", str(yesterday), "--format", "csv")))
    assert {line["window"] for line in sheet} == {key.rpartition("|")[2] for key in told}
    table = here.run(*asked, "--window", "P60D", "--as-of", str(yesterday)).splitlines()
    assert table[0].startswith(f"exits as of {yesterday}, what readers got from {yesterday} ")
    assert table[2].split()[:2] == ["arrondissement:627", "Lens"]
    assert " 10 " in table[2]
    assert "30" in here.run(*asked, "--window", "P30D")
    told_off = here.run(*asked, "--as-of", "2020-01-01", expected=64)
    assert "the archive begins with" in told_off
    assert f"ask for {yesterday} or later" in told_off
