"""The intake against a real broker: whole or nothing, once, in any order."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.inputs import Input
from connectors.intake import Intake, instant_in
from connectors.kafka.settings import KafkaSettings
from connectors.privacy import Pseudonymiser
from connectors.report import Report, line_ranges, render
from schemas.clock import system_clock
from schemas.errors import FileHeld, KafkaUnavailable
from schemas.territory.areas import Territory
from schemas.topics import HEARTBEATS, QUARANTINE, TRAINING_EVENTS
from tests.bus import every_byte, headers, messages, records
from tests.conftest import PARTITIONS
from tests.kairos import PLANTED, row, write

TERRITORY = Territory.load()
EARLY, LATE = "stagiaires_2026-11-20.csv", "stagiaires_2026-11-21T08-30.csv"


def intake(kafka: KafkaSettings, prefix: str) -> Intake:
    return Intake(kafka, prefix=prefix, pseudonyms=Pseudonymiser(b"k"), territory=TERRITORY, clock=system_clock)


#: Checks without a broker.
OFFLINE = Intake(None, prefix="", pseudonyms=Pseudonymiser(b"k"), territory=TERRITORY, clock=system_clock)


def verdicts(report: Report) -> tuple[int, int, int, int]:
    return report.accepted, report.duplicate - report.outdated, report.outdated, len(report.refused)


@pytest.mark.kafka
def test_a_file_is_published_once(kafka: KafkaSettings, topics: str, tmp_path: Path) -> None:
    path = write(tmp_path / EARLY, [row(1), row(2), row(2), row(3, dd_datefinplanformation="never")])
    first = intake(kafka, topics).publish_file(path, "kairos-csv")
    assert verdicts(first) == (2, 1, 0, 1)
    assert first.rows == 4
    again = intake(kafka, topics).publish_file(path, "kairos-csv")
    assert verdicts(again) == (0, 3, 0, 1)
    assert len(records(kafka, topics + TRAINING_EVENTS, PARTITIONS)) == 3
    (heartbeat,) = records(kafka, topics + HEARTBEATS)[-1:]
    assert (heartbeat["accepted"], heartbeat["duplicates"], heartbeat["refused"]) == (0, 3, 1)
    assert heartbeat["data_as_of"] == datetime(2026, 11, 19, 23, tzinfo=UTC)


@pytest.mark.kafka
def test_events_carry_cloudevents_attributes(kafka: KafkaSettings, topics: str, tmp_path: Path) -> None:
    intake(kafka, topics).publish_file(write(tmp_path / EARLY, [row(1)]), "kairos-csv")
    for message in messages(kafka, topics + TRAINING_EVENTS, PARTITIONS):
        found = headers(message)
        assert found["ce_specversion"] == b"1.0"
        assert found["ce_type"].startswith(b"beffroi.training.v1.")
        assert found["ce_source"] == b"urn:beffroi:source:kairos"
        assert len(found["ce_id"]) == 36
        assert message.key() == b"intercarif:SE_0000000100"


@pytest.mark.kafka
def test_an_older_file_published_afterwards_is_outdated(kafka: KafkaSettings, topics: str, tmp_path: Path) -> None:
    newer = write(tmp_path / LATE, [row(1, dd_datefinplanformation="2027-01-15")])
    older = write(tmp_path / EARLY, [row(1), row(2)])
    intake(kafka, topics).publish_file(newer, "kairos-csv")
    assert verdicts(intake(kafka, topics).publish_file(older, "kairos-csv")) == (1, 0, 1, 0)


@pytest.mark.kafka
def test_a_snapshot_withdraws_who_vanished_and_an_older_file_does_not_bring_them_back(
    kafka: KafkaSettings, topics: str, tmp_path: Path
) -> None:
    people = [row(number) for number in range(10)]
    intake(kafka, topics).publish_file(write(tmp_path / EARLY, people), "kairos-csv")
    report = intake(kafka, topics).publish_file(write(tmp_path / LATE, people[1:]), "kairos-csv", snapshot=True)
    assert report.withdrawn == 1
    gone = [one for one in records(kafka, topics + TRAINING_EVENTS, PARTITIONS) if one["withdrawn"]]
    assert len(gone) == 1
    unknown = write(tmp_path / "stagiaires_2026-11-19.csv", [row(0), row(77)])
    assert verdicts(intake(kafka, topics).publish_file(unknown, "kairos-csv")) == (0, 0, 2, 0)


@pytest.mark.kafka
def test_a_snapshot_that_lost_too_many_is_held_until_a_human_confirms(
    kafka: KafkaSettings, topics: str, tmp_path: Path
) -> None:
    people = [row(number) for number in range(10)]
    intake(kafka, topics).publish_file(write(tmp_path / EARLY, people), "kairos-csv", snapshot=True)
    short = write(tmp_path / LATE, people[:7])
    before = len(records(kafka, topics + TRAINING_EVENTS, PARTITIONS))
    with pytest.raises(FileHeld, match=r"lacks 3 of the 10 people .* \(30%\)"):
        intake(kafka, topics).publish_file(short, "kairos-csv", snapshot=True)
    assert len(records(kafka, topics + TRAINING_EVENTS, PARTITIONS)) == before
    assert intake(kafka, topics).publish_file(short, "kairos-csv", snapshot=True, confirm=True).withdrawn == 3


@pytest.mark.kafka
@pytest.mark.parametrize("numbers", [("NULL", "SE_1"), ("SE_1", "NULL")])
def test_a_session_that_gets_or_loses_its_intercarif_number_is_counted_once(
    kafka: KafkaSettings, topics: str, tmp_path: Path, numbers: tuple[str, str]
) -> None:
    roots = [f"intercarif:{number}" if number != "NULL" else "kairos:100" for number in numbers]
    early, late = (row(1, dc_numeroicsession=number) for number in numbers)
    intake(kafka, topics).publish_file(write(tmp_path / EARLY, [early]), "kairos-csv")
    intake(kafka, topics).publish_file(write(tmp_path / LATE, [late]), "kairos-csv")
    sent = records(kafka, topics + TRAINING_EVENTS, PARTITIONS)
    last = {one["session_id"]: one["withdrawn"] for one in sent if "person" in one}
    assert last == {roots[0]: True, roots[1]: False}
    assert {one["session_id"]: one["withdrawn"] for one in sent if "person" not in one} == last
    again = intake(kafka, topics).publish_file(write(tmp_path / "f_2026-11-19.csv", [early]), "kairos-csv")
    assert verdicts(again) == (0, 0, 1, 0)


@pytest.mark.kafka
def test_who_is_not_in_the_file_that_gives_the_number_stays_where_they_are_known(
    kafka: KafkaSettings, topics: str, tmp_path: Path
) -> None:
    people = [row(number, dc_numeroicsession="NULL") for number in (1, 2)]
    intake(kafka, topics).publish_file(write(tmp_path / EARLY, people), "kairos-csv")
    intake(kafka, topics).publish_file(write(tmp_path / LATE, [row(1)]), "kairos-csv")
    sessions = [one for one in records(kafka, topics + TRAINING_EVENTS, PARTITIONS) if "person" not in one]
    assert {one["session_id"]: one["withdrawn"] for one in sessions} == {
        "kairos:100": False,
        "intercarif:SE_0000000100": False,
    }


@pytest.mark.kafka
def test_a_file_that_mixes_names_of_one_session_is_the_same_when_published_again_later(
    kafka: KafkaSettings, topics: str, tmp_path: Path
) -> None:
    mixed = [row(1), row(2, dc_numeroicsession="SE_2"), row(3, dc_numeroicsession="NULL")]
    for name, expected in ((EARLY, (3, 0, 0, 0)), (LATE, (0, 3, 0, 0))):
        report = intake(kafka, topics).publish_file(write(tmp_path / name, mixed), "kairos-csv")
        assert verdicts(report) == expected
    assert not [one for one in records(kafka, topics + TRAINING_EVENTS, PARTITIONS) if one["withdrawn"]]


@pytest.mark.kafka
def test_nothing_personal_is_on_the_bus_or_in_the_report(kafka: KafkaSettings, topics: str, tmp_path: Path) -> None:
    bad = row(2, dd_datefinplanformation="PLANTEDNAME")
    report = intake(kafka, topics).publish_file(write(tmp_path / EARLY, [row(1), bad]), "kairos-csv")
    bus = every_byte(kafka, topics, PARTITIONS)
    assert b"intercarif:SE_0000000100" in bus
    assert not [value for value in PLANTED if value.encode() in bus or value in render(report)]
    (refused,) = records(kafka, topics + QUARANTINE)
    assert (refused["line"], refused["pointer"], refused["shape"]) == (3, "dd_datefinplanformation", "A" * 11)


#: A process whose first publication is killed when all of it is on the broker and before it is committed.
DYING = """
import os, signal, sys
from pathlib import Path
from confluent_kafka import Producer
from connectors.kafka.settings import KafkaSettings
from tests.connectors.test_intake import intake
import connectors.publication as module

def die_before_commit(producer, *_):
    producer.flush(10)  # everything of the transaction is on the broker
    os.kill(os.getpid(), signal.SIGKILL)

class Dying:
    def __init__(self, real): self._real = real
    def __getattr__(self, name):
        return (lambda *a: die_before_commit(self._real)) if name == "commit_transaction" else getattr(self._real, name)

real = module.transactional_producer
module.transactional_producer = lambda *a, **k: Dying(real(*a, **k))
"""
KILLED = f"""{DYING}
intake(KafkaSettings(bootstrap=sys.argv[1]), sys.argv[2]).publish_file(Path(sys.argv[3]), "kairos-csv")
"""


@pytest.mark.kafka
def test_a_publisher_killed_before_its_commit_has_published_nothing(
    kafka: KafkaSettings, topics: str, tmp_path: Path
) -> None:
    path = write(tmp_path / EARLY, [row(1), row(2)])
    killed = subprocess.run([sys.executable, "-c", KILLED, kafka.bootstrap, topics, str(path)], check=False)
    assert killed.returncode == -9
    report = intake(kafka, topics).publish_file(path, "kairos-csv")  # fences the dead one's transaction
    assert verdicts(report) == (2, 0, 0, 0)
    assert len(records(kafka, topics + TRAINING_EVENTS, PARTITIONS)) == 3


@pytest.mark.kafka
def test_publications_of_one_source_at_the_same_time_are_all_taken(
    kafka: KafkaSettings, topics: str, tmp_path: Path
) -> None:
    files = [write(tmp_path / f"stagiaires_2026-11-2{n}.csv", [row(n * 100 + m) for m in range(50)]) for n in range(4)]
    with ThreadPoolExecutor(len(files)) as pool:
        reports = list(pool.map(lambda path: intake(kafka, topics).publish_file(path, "kairos-csv"), files))
    assert [report.accepted for report in reports] == [50] * 4
    people = [one for one in records(kafka, topics + TRAINING_EVENTS, PARTITIONS) if "person" in one]
    assert len(people) == len({one["person"] for one in people}) == 200


def test_without_a_broker_nothing_is_done_and_the_way_out_is_said(tmp_path: Path) -> None:
    nowhere = KafkaSettings(bootstrap="127.0.0.1:1")
    with pytest.raises(KafkaUnavailable, match=r"no Kafka answers at 127\.0\.0\.1:1; start one with `beffroi up`"):
        intake(nowhere, "").publish_file(write(tmp_path / EARLY, [row(1)]), "kairos-csv")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("stagiaires_2018-11-20.csv", datetime(2018, 11, 19, 23, tzinfo=UTC)),
        ("stagiaires-pe_2026-07-01T08-30-15.csv", datetime(2026, 7, 1, 6, 30, 15, tzinfo=UTC)),
        ("f_20181120_0915.csv", datetime(2018, 11, 20, 8, 15, tzinfo=UTC)),
    ],
)
def test_the_name_of_a_file_tells_its_instant(name: str, expected: datetime) -> None:
    assert instant_in(name) == expected


def test_without_a_name_the_option_tells_then_the_file_itself(tmp_path: Path) -> None:
    said = datetime(2026, 1, 1, tzinfo=UTC)
    path = write(tmp_path / "order-20189999.csv", [row(1)])
    with Input.of_path(path) as data:
        assert OFFLINE.check(data, "kairos-csv", as_of=said).as_of_from == "--as-of"
        report = OFFLINE.check(data, "kairos-csv")
    assert (report.as_of_from, report.as_of.timestamp()) == ("its modification time", int(path.stat().st_mtime))
    assert OFFLINE.check(Input.of_bytes(path.read_bytes()), "kairos-csv").as_of_from == "its arrival"


def test_lines_are_told_as_ranges() -> None:
    assert line_ranges([3, 4, 5, 9]) == "lines 3-5, 9"
    assert line_ranges([7]) == "line 7"
