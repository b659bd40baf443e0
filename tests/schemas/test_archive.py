"""The archive of the views: what is written is read, whole or not at all, and which day answers for which."""

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.archive import Archive, Said
from schemas.clock import day_begins
from schemas.codec import Codec
from schemas.contracts import EXITS_ROW, FRESHNESS_ROW, SESSIONS_ROW, sources
from schemas.errors import ArchiveError
from tests.values import fitting
from tests.waiting import until

DAY = date(2026, 3, 12)
NOON = datetime(2026, 3, 12, 11, tzinfo=UTC)
CODEC = Codec()


def archive(folder: Path, contract: str = EXITS_ROW) -> Archive:
    return Archive(folder / "view", sources()[contract])


def row(area: str, value: int) -> dict[str, Any]:
    kind, _, code = area.partition(":")
    return {
        "area": {"type": kind, "code": code, "vintage": "2026", "name": code},
        "trade": "all",
        "trade_title": "Tous métiers",
        "window": "P30D",
        "count": {"disclosure": "ROUNDED", "value": value, "below": None},
        "as_of": NOON,
    }


def rows(*areas: str) -> list[tuple[str, dict[str, Any]]]:
    return [(f"{area}|all|P30D", row(area, 10)) for area in sorted(areas)]


@pytest.mark.parametrize("contract", [EXITS_ROW, SESSIONS_ROW, FRESHNESS_ROW])
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_what_is_kept_is_what_readers_had(
    contract: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    found = data.draw(st.dictionaries(st.text(), fitting(sources()[contract]), max_size=5))
    records = {key: CODEC.read(contract, CODEC.encode(contract, one)) for key, one in found.items()}
    kept = archive(tmp_path_factory.mktemp("archive"), contract)
    kept.write(DAY, NOON, sorted(records.items()))
    assert dict(kept.rows(DAY)) == records
    assert kept.held(DAY).rows == len(records)


def test_the_rows_of_one_area_are_found_among_all(tmp_path: Path) -> None:
    kept = archive(tmp_path)
    kept.write(DAY, NOON, rows(*(f"commune:{number:05}" for number in range(45_000))))
    assert [key for key, _ in kept.rows(DAY, "commune:40123|")] == ["commune:40123|all|P30D"]
    assert list(kept.rows(DAY, "commune:4012|")) == []
    assert len(list(kept.rows(DAY, "commune:4012"))) == 10


@given(
    gaps=st.lists(st.integers(0, 9), min_size=1, max_size=8),  # days between two publications
    lost=st.sets(st.integers(0, 60)),  # days whose file could not be written
    asked=st.integers(0, 70),
)
@settings(max_examples=100, deadline=None)
def test_an_answer_that_says_it_is_exact_is_what_the_view_said(
    gaps: list[int], lost: set[int], asked: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Against a diary of what the view said on each day."""
    kept = archive(tmp_path_factory.mktemp("archive"))
    first, published = date(2026, 1, 1), set[int]()
    at = 0
    for gap in gaps:
        at += gap
        published.add(at)
    said = {n: max((p for p in published if p <= n), default=None) for n in range(71)}
    for before, today in zip(sorted(published), sorted(published)[1:], strict=False):
        if today - 1 not in lost:  # as the release does: when it is back, it keeps the day before
            since = day_begins(first + timedelta(before)) + timedelta(hours=9)
            kept.write(first + timedelta(today - 1), since, rows(f"commune:{before}"))
    answer = kept.find(first + timedelta(asked))
    if answer is None:
        assert not [day for day in kept.days() if day <= first + timedelta(asked)]
    else:
        ((key, _),) = kept.rows(answer.held.day)
        told = int(key.partition("|")[0].removeprefix("commune:"))
        assert told == said[asked] if answer.exact else told <= (said[asked] or 0)
    if not lost and min(published) <= asked < max(published):
        assert answer is not None
        assert answer.exact


def test_a_day_without_a_file_is_answered_by_the_next_unless_something_changed_in_between(tmp_path: Path) -> None:
    kept = archive(tmp_path)
    kept.write(DAY, NOON, rows("commune:1"))
    late = DAY + timedelta(5)
    kept.write(late, NOON + timedelta(days=3), rows("commune:2"))

    def answer(days: int) -> Said | None:
        return kept.find(DAY + timedelta(days))

    assert answer(-1) is None
    exact = {days: (found.held.day, found.exact) for days in (0, 1, 2, 3, 4, 5, 6) if (found := answer(days))}
    assert exact == {
        0: (DAY, True),
        1: (DAY, False),
        2: (DAY, False),
        3: (late, True),
        4: (late, True),
        5: (late, True),
        6: (late, False),
    }


def test_a_kill_in_the_middle_of_writing_leaves_no_half_file(tmp_path: Path) -> None:
    kept = archive(tmp_path)
    script = (
        "import itertools; from datetime import UTC, date, datetime; from pathlib import Path\n"
        "from tests.schemas.test_archive import archive, rows\n"
        f"kept = archive(Path({str(tmp_path)!r})); many = rows(*(f'commune:{{n}}' for n in range(150_000)))\n"
        "print('ready', flush=True); kept.write(date(2026, 3, 12), datetime(2026, 3, 12, tzinfo=UTC), many)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as writer:
        until(lambda: any(one.stat().st_size for one in kept.folder.glob(".*")), 30, "it writes")
        writer.kill()
    assert kept.days() == []
    assert list(kept.folder.glob(".*"))
    kept.write(DAY, NOON, rows("commune:1"))
    kept.write(DAY + timedelta(1), NOON, rows("commune:1"))
    assert [path.name for path in sorted(kept.folder.iterdir())] == ["2026-03-12.parquet", "2026-03-13.parquet"]


def test_a_broken_file_says_which_and_what_to_do(tmp_path: Path) -> None:
    kept = archive(tmp_path)
    kept.write(DAY, NOON, rows("commune:1"))
    kept.path(DAY).write_bytes(kept.path(DAY).read_bytes()[:-9])
    with pytest.raises(ArchiveError, match=r"2026-03-12\.parquet cannot be read") as broken:
        kept.find(DAY)
    assert "backup" in broken.value.fix


def test_old_days_go(tmp_path: Path) -> None:
    kept = archive(tmp_path)
    for days in range(4):
        kept.write(DAY + timedelta(days), NOON, rows("commune:1"))
    assert kept.prune(DAY + timedelta(2)) == [DAY, DAY + timedelta(1)]
    assert kept.days() == [DAY + timedelta(2), DAY + timedelta(3)]
