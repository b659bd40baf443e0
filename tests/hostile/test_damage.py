"""Hundreds of hostile files meet the pipeline of ``beffroi check``: the right verdict, at once, in little memory."""

import json
import select
import socket
import subprocess
import sys
from typing import Any

import pytest

from connectors.formats import formats
from tests.hostile import objects, tables
from tests.hostile.cell import damages

#: Processor time for a refusal; cases that go through a gigabyte read all of it, some twice.
MOST_S = 1.0
#: Interpreter, tables, libraries and the worst file together, in bytes.
MOST_MEMORY = 256 << 20
GROUPS = {
    "tables": sorted(tables.LAYOUT),
    "objects": sorted(objects.TEXTS),
    "elements": ["intercarif-xml"],
}


def test_every_format_meets_what_is_hostile_and_more_than_300_cases_do() -> None:
    assert sorted(name for names in GROUPS.values() for name in names) == sorted(formats())
    named = {name: [one.name for one in damages(form, 9)] for name, form in formats().items()}
    assert all(len(set(cases)) == len(cases) > 60 for cases in named.values())
    assert sum(len(cases) for cases in named.values()) >= 300


def test_what_is_taken_nevertheless_says_why() -> None:
    for form in formats().values():
        assert [one.name for one in damages(form, 9) if one.verdict == "harmless" and not one.why] == []


def became(found: dict[str, Any]) -> str:
    if found["status"] == 65:
        return "whole"
    if found["status"] not in {0, 4}:
        return str(found["said"])
    return "record" if found["refused"] else "harmless"


@pytest.mark.parametrize("group", GROUPS)
def test_each_hostile_file_gets_its_verdict_at_once_in_little_memory_and_reaches_nobody(group: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as lure:
        port = str(lure.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-m", "tests.hostile.cell", port, *GROUPS[group]],
            capture_output=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2_000:]
        assert select.select([lure], [], [], 0)[0] == [], "something connected to the address in an entity"
    *lines, last = [json.loads(line) for line in done.stdout.splitlines()]
    assert {(one["form"], one["case"]): became(one) for one in lines} == {
        (one["form"], one["case"]): one["expected"] for one in lines
    }
    # a refused record leaves all its neighbours; what is harmless costs none
    lost = [one for one in lines if one["expected"] != "whole" and one["accepted"] < one["records"] - one["refused"]]
    assert lost == []
    assert [(one["form"], one["case"], one["seconds"]) for one in lines if one["seconds"] > MOST_S] == []
    assert not [one for one in lines if "Traceback" in one["said"] or "root:" in one["said"]]
    assert last["peak"] < MOST_MEMORY
    assert len(lines) == sum(1 for name in GROUPS[group] for _ in damages(formats()[name], 9))


def test_the_cell_really_forbids_to_reach_out() -> None:
    tried = "import socket; from tests.hostile.cell import locked; locked(); socket.create_connection(('127.0.0.1', 9))"
    done = subprocess.run([sys.executable, "-c", tried], capture_output=True, timeout=60, check=False)
    assert b"PermissionError" in done.stderr
