"""The inbox against a real broker: files are taken whole or not at all, once, and each says what became of it."""

import os
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from threading import Event

import pytest

from connectors.kafka.settings import KafkaSettings
from schemas.clock import system_clock
from schemas.errors import FileRefused
from tests.inbox.dropping import EARLY, LATE, Box
from tests.kairos import PLANTED, row, write

pytestmark = pytest.mark.kafka


def nir() -> str:
    """A NIR of nobody with its right key."""
    number = "1850662498001"
    return f"{number}{97 - int(number) % 97:02d}"


@pytest.fixture
def box(kafka: KafkaSettings, topics: str, tmp_path: Path) -> Box:
    return Box(kafka, topics, tmp_path)


def test_a_file_is_taken_and_archived_with_a_receipt_that_holds_nothing_personal(box: Box) -> None:
    rows = [row(1), row(2), row(2), row(3, dd_datefinplanformation="never")]
    content = write(box.source / EARLY, rows).read_bytes()
    assert box.once() == ["taken"]
    assert (box.source / ".done" / EARLY).read_bytes() == content
    assert not (box.source / EARLY).exists()
    receipt = box.receipt(".done", EARLY)
    assert receipt["sha256"] == sha256(content).hexdigest()
    assert receipt["data_as_of"] == "2026-11-19T23:00:00+00:00"
    counts = receipt["records"]
    assert (counts["received"], counts["accepted"], counts["duplicate"], counts["refused"]) == (4, 2, 1, 1)
    assert counts["events"] == len(box.events()) == 3
    assert [one["status"] for one in receipt["problems"]] == ["refused"]
    text = str(receipt)
    assert not [value for value in PLANTED if value in text]


def test_a_file_that_still_grows_waits(box: Box) -> None:
    lines = write(box.root / "whole", [row(number) for number in range(8)]).read_bytes().splitlines(keepends=True)
    (box.root / "whole").unlink()
    seconds = [0.0]
    running, never = box.inbox(settle_s=2, ticks=lambda: seconds[0]), Event()
    with (box.source / EARLY).open("ab") as growing:
        for line in lines:
            growing.write(line)
            growing.flush()
            for pause in (0.1, 1.9):
                seconds[0] += pause
                assert running.sweep(never) == [], "taken while it grew"
    seconds[0] += 0.1
    (settled,) = running.sweep(never)
    assert settled.receipt["records"]["accepted"] == 8


def test_the_same_content_twice_is_no_new_event_and_both_are_kept(box: Box) -> None:
    for outcome in ("taken", "known"):
        box.drop(EARLY, range(5))
        assert box.once() == [outcome]
    second = box.receipt(".done", "stagiaires_2026-11-20~2.csv")
    assert (second["records"]["events"], second["records"]["duplicate"]) == (0, 5)
    assert box.receipt(".done", EARLY)["records"]["accepted"] == 5
    assert len(box.events()) == 6


def test_files_are_taken_in_the_order_of_their_data(box: Box) -> None:
    write(box.source / "a_2026-11-22.csv", [row(1, dd_datefinplanformation="2027-03-01")])
    write(box.source / "z_2026-11-20.csv", [row(1)])
    write(box.source / "b_2026-11-21.csv", [row(1, dd_datefinplanformation="2027-02-01")])
    names = [one.receipt["file"] for one in box.settled()]
    assert names == ["z_2026-11-20.csv", "b_2026-11-21.csv", "a_2026-11-22.csv"]
    assert [one["ends_on"].isoformat() for one in box.events() if "ends_on" in one][-1] == "2027-03-01"


def test_a_snapshot_withdraws_and_one_that_lost_many_is_held_until_confirmed(
    kafka: KafkaSettings, topics: str, tmp_path: Path
) -> None:
    box = Box(kafka, topics, tmp_path, snapshot=True)
    box.drop(EARLY, range(10))
    box.drop(LATE, range(6))
    assert box.once() == ["taken", "held"]
    assert not any(one["withdrawn"] for one in box.events())
    held = box.receipt(".held", LATE)
    assert "lacks 4 of the 10 people" in held["message"]
    assert "--confirm" in held["fix"]
    again = box.inbox()
    with pytest.raises(FileRefused, match="0 of the 1 files held"):
        again.confirm("other.csv")
    (box.source / ".done").rename(box.root / ".elsewhere")
    (box.source / ".done").write_bytes(b"in the way")
    with pytest.raises(FileRefused, match="cannot be read or moved: file exists"):
        again.confirm(LATE)
    (box.source / ".done").unlink()
    (box.root / ".elsewhere").rename(box.source / ".done")
    assert sum(one["withdrawn"] for one in box.events()) == 4
    done = again.confirm(f"kairos/.held/{LATE}")
    assert (done.target, done.receipt["records"]["withdrawn"]) == (box.source / ".done" / LATE, 0)
    assert list((box.source / ".held").iterdir()) == []
    box.drop("stagiaires_2026-11-22.csv", range(5))
    assert [one.outcome for one in again.once(Event())] == ["taken"]
    assert sum(one["withdrawn"] for one in box.events()) == 5


def test_what_cannot_be_taken_is_refused_with_its_reason_and_the_others_go_on(box: Box, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("not for partners")
    (box.source / "a-link.csv").symlink_to(secret)
    os.mkfifo(box.source / "b-pipe.csv")
    (box.source / "c-nonsense.csv").write_bytes(b"no|such|columns\n1|2|3\n")
    (box.source / f"d-{nir()}.csv").write_bytes(b"whatever")
    (box.source / "e-back\\slash.csv").write_bytes(b"whatever")
    (box.source / os.fsdecode(b"f-\xff.csv")).write_bytes(b"whatever")
    box.drop(EARLY, range(3))
    assert sorted(box.once()) == ["refused"] * 6 + ["taken"]
    assert secret.read_text() == "not for partners"
    assert "link" in box.receipt(".refused", "a-link.csv")["message"]
    nonsense = box.receipt(".refused", "c-nonsense.csv")
    assert nonsense["message"]
    assert nonsense["fix"]
    everything = "".join(path.name for path in box.root.rglob("*")) + "".join(
        path.read_text() for path in box.root.rglob("*.receipt.json")
    )
    assert nir() not in everything
    assert box.once() == []


def test_hidden_and_unfinished_names_and_folders_stay_where_they_are(box: Box) -> None:
    names = (".hidden.csv", "x.csv.part", "y.TMP", "z.csv.filepart")
    for name in names:
        (box.source / name).write_bytes(b"whatever")
    (box.source / "folder").mkdir()
    assert box.once() == []
    assert all((box.source / name).exists() for name in names)


def test_a_file_that_cannot_be_archived_is_published_once_and_archived_when_it_can(box: Box) -> None:
    box.drop(EARLY, range(3))
    (box.source / ".done").write_bytes(b"in the way")
    running = box.inbox()
    for _ in range(2):
        assert running.once(Event()) == []
        assert running.obstacles == {(f"kairos/{EARLY}", "file exists")}
    assert box.health.report()[0] is False
    assert len(box.events()) == 4
    (box.source / ".done").unlink()
    assert [one.outcome for one in running.once(Event())] == ["taken"], "its receipt is the first one's"
    assert box.health.report()[0] is True
    assert len(box.events()) == 4


def test_a_move_that_was_cut_off_after_the_receipt_is_finished_and_keeps_the_first_tally(box: Box) -> None:
    box.drop(EARLY, range(3))
    assert box.once() == ["taken"]
    (box.source / ".done" / EARLY).rename(box.source / EARLY)  # as a kill between receipt and move leaves it
    assert box.once() == ["known"]
    receipt = box.receipt(".done", EARLY)
    assert receipt["records"]["events"] == 0
    assert receipt["before"]["records"]["accepted"] == 3
    assert len(box.events()) == 4


def test_what_was_taken_is_removed_with_its_receipt_when_its_time_is_over_and_nothing_else(box: Box) -> None:
    ninety = timedelta(days=90)
    box.drop(EARLY, range(3))
    box.drop(LATE, range(3))
    (box.source / "nonsense.csv").write_bytes(b"no|such|columns\n1|2|3\n")
    assert sorted(box.once()) == ["known", "refused", "taken"]
    done, long_ago = box.source / ".done", (system_clock() - timedelta(days=91)).timestamp()
    os.utime(done / LATE, (long_ago, long_ago))  # data are old from the start: what counts is when they were taken
    for path in (done / f"{EARLY}.receipt.json", box.source / ".refused" / "nonsense.csv.receipt.json"):
        os.utime(path, (long_ago, long_ago))
    seconds = [0.0]
    running = box.inbox(ticks=lambda: seconds[0], keep=ninety)
    assert running.sweep(Event()) == []
    assert sorted(path.name for path in done.iterdir()) == [LATE, f"{LATE}.receipt.json"]
    assert len(list((box.source / ".refused").iterdir())) == 2
    (done / LATE).unlink()  # cut off between file and receipt
    os.utime(done / f"{LATE}.receipt.json", (long_ago, long_ago))
    running.sweep(Event())
    assert list(done.iterdir()), "it looks once an hour"
    seconds[0] += 3_600
    running.sweep(Event())
    assert list(done.iterdir()) == []


def test_a_folder_of_no_source_is_told_and_left_alone(box: Box) -> None:
    (box.root / "kairso").mkdir()
    (box.root / "kairso" / EARLY).write_bytes(b"whatever")
    running = box.inbox()
    assert running.once(Event()) == []
    assert [where for where, _ in running.obstacles] == ["kairso"]
    assert (box.root / "kairso" / EARLY).exists()
