"""``beffroi views show`` of a day that is over: from the archive alone, while no broker answers."""

import os
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

from schemas.archive import Archive
from schemas.contracts import FRESHNESS_ROW, SESSIONS_ROW, sources

DAY = date(2026, 3, 12)
SINCE = datetime(2026, 3, 11, 9, tzinfo=UTC)


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"BEFFROI_KAFKA": "127.0.0.1:1", "BEFFROI_ARCHIVE_DIR": str(folder)}
    command = [sys.executable, "-m", "beffroi", "views", "show", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_tables_of_sessions_and_of_freshness(tmp_path: Path) -> None:
    fields = {field["name"] for field in sources()[SESSIONS_ROW]["fields"]}
    count = {"disclosure": "FEWER_THAN", "value": None, "below": 5}
    lists = {"areas": ["region:32"], "trades": ["rome:N4101"], "sources": ["kairos"]}
    known = {"session_id": "s1", "title": "Conducteur", "ends_on": DAY, "leavers": count, "as_of": SINCE, **lists}
    heard = {"source": "kairos", "data_as_of": SINCE, "heard_at": SINCE, "accepted": 12, "refused": 0}
    Archive(tmp_path / "sessions", sources()[SESSIONS_ROW]).write(DAY, SINCE, [("s1", dict.fromkeys(fields) | known)])
    Archive(tmp_path / "freshness", sources()[FRESHNESS_ROW]).write(DAY, SINCE, [("kairos", heard)])
    shown = run(tmp_path, "sessions", "--area", "region:32", "--as-of", "2026-03-14").stdout.splitlines()
    assert shown[0] == (
        "sessions as of 2026-03-14 was not kept; the last before it is "
        "what readers got from 2026-03-11 10:00 to 2026-03-13 00:00 in Paris: 1 rows"
    )
    assert shown[1].split() == ["session_id", "title", "commune_name", "trade_title", "ends_on", "leavers", "as_of"]
    assert shown[2].split() == ["s1", "Conducteur", "2026-03-12", "<", "5", "2026-03-11T09:00:00.000Z"]
    sheet = run(tmp_path, "freshness", "--as-of", "2026-03-12", "--format", "csv")
    assert sheet.stdout.splitlines()[1].startswith("kairos,2026-03-11T09:00:00.000Z")
    assert "freshness as of 2026-03-12" in sheet.stderr


def test_what_cannot_be_answered_says_what_can(tmp_path: Path) -> None:
    for arguments, code, words in (
        (("exits", "--as-of", "2026-03-12"), 64, "the archive is empty"),
        (("freshness", "--as-of", "2026-03-12", "--area", "region:32"), 64, "the view freshness has no filter area"),
    ):
        done = run(tmp_path, *arguments)
        assert (done.returncode, words in done.stderr) == (code, True), done.stderr
