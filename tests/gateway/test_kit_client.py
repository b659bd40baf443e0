"""The client that partners start from, against a real gateway."""

import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from beffroi import compose
from beffroi.kit import check, form_named, make_folder
from beffroi.settings import Settings
from connectors.inputs import Input
from schemas.clock import PARIS
from tests.gateway.desk import Gateway
from tests.ports import free_port

pytestmark = pytest.mark.kafka


def client(folder: Path, *arguments: str, **settings: str) -> tuple[int, list[Any], str]:
    """Exit code, lines and errors."""
    done = subprocess.run(
        [sys.executable, "-I", "client.py", *arguments],
        cwd=folder, env=os.environ | settings, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_an_offline_check_gives_the_answer_of_the_gateway(gateway: Gateway, tmp_path: Path) -> None:
    intake, form, folder = compose.offline_intake(Settings()), form_named("region-csv"), tmp_path / "partner"
    make_folder("partner", form, folder, intake)
    token = gateway.issue("partner", "region")
    for path in folder.glob("*.csv"):
        content = path.read_bytes()
        query = "dry_run=true&as_of=2026-11-20"
        reply = gateway.post(f"/v1/formats/region-csv?{query}", content, {"Content-Type": "text/csv"}, token)
        offline = check(intake, Input.of_bytes(content), form, as_of=datetime(2026, 11, 20, tzinfo=PARIS))
        assert without_ids(json.loads(offline.as_json())) == without_ids(reply.json)


def without_ids(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer without event ids, which hold the deployment's own pseudonyms."""
    for verdict in answer.get("verdicts", ()):
        verdict["event_id"] = verdict["event_id"] is not None
    return answer


def test_the_client_publishes_its_sample_and_tells_what_is_refused(gateway: Gateway, tmp_path: Path) -> None:
    folder = tmp_path / "partner"
    make_folder("partner", form_named("region-csv"), folder, compose.offline_intake(Settings()))
    code, _, told = client(folder, "sample.csv")
    assert (code, "copy .env.example to .env" in told) == (1, True)
    filled = (
        (folder / ".env.example").read_text("utf-8").replace("TOKEN=", f"TOKEN={gateway.issue('partner', 'region')}")
    )
    (folder / ".env").write_text(filled.replace(":8090", f":{gateway.port}"), "utf-8")

    code, lines, _ = client(folder, "sample.csv", "--dry-run")
    assert (code, lines[-1]["tally"]["published"], lines[-1]["tally"]["accepted"]) == (0, False, 3)
    code, lines, _ = client(folder, "sample.csv")
    assert (code, [one["status"] for one in lines[:-1]]) == (0, ["accepted"] * 3)
    code, lines, _ = client(folder, "bad-not-a-date.csv")
    assert (code, lines[-1]["tally"]["refused"]) == (4, 1)
    assert [one["problems"][0]["code"] for one in lines[:-1] if one["status"] == "refused"] == ["not-a-date"]
    code, lines, _ = client(folder, "bad-cut.csv")
    assert (code, lines[0]["type"], len(lines)) == (65, "/problems/malformed", 1)
    code, lines, _ = client(folder, "sample.csv", TOKEN="bft_wrong")  # noqa: S106  # no real one
    assert (code, lines[0]["status"]) == (65, 401)
    code, lines, told = client(folder, "sample.csv", GATEWAY=f"http://127.0.0.1:{free_port()}")
    assert (code, lines, "sending twice harms nothing" in told) == (69, [], True)
