"""The pipeline as a whole: every domain on a real broker, all or none, trials, conflicts, streams, a new format."""

from io import BytesIO
from pathlib import Path

import orjson
import pytest

import connectors.formats
from connectors.formats import formats, sample
from connectors.gateway.contracts import contract_formats
from connectors.inputs import Input
from connectors.intake import Intake
from connectors.kafka.settings import KafkaSettings
from connectors.ledger import Ledger
from connectors.privacy import Pseudonymiser
from schemas.clock import system_clock
from schemas.contracts import JOB_OFFER, sources
from schemas.errors import FileRefused
from schemas.examples import examples
from schemas.topics import HEARTBEATS, topics_of
from tests.bus import CODEC, every_byte, headers, messages, records
from tests.conftest import PARTITIONS
from tests.connectors.cases import CASES, PLANTED, changed
from tests.connectors.conformance import EARLY, INTAKE, LATE, NIR
from tests.reading import TERRITORY

OFFERS = CASES["offres-json"]


def intake(kafka: KafkaSettings, prefix: str) -> Intake:
    return Intake(kafka, prefix=prefix, pseudonyms=Pseudonymiser(b"k"), territory=TERRITORY, clock=system_clock)


@pytest.mark.kafka
def test_every_format_goes_to_its_domain_under_its_root_and_only_once(kafka: KafkaSettings, topics: str) -> None:
    desk = intake(kafka, topics)
    for form in formats().values():
        first = desk.publish(Input.of_bytes(sample(form), EARLY), form.name)
        assert (first.accepted, first.published) == (first.rows, True)
        again = desk.publish(Input.of_bytes(sample(form), LATE), form.name)
        assert (again.accepted, again.duplicate, again.events) == (0, first.rows, 0)
        told = [one for one in records(kafka, topics + HEARTBEATS) if one["source"] == form.default_source]
        assert [(one["accepted"], one["duplicates"]) for one in told] == [(first.rows, 0), (0, first.rows)]
    seen = set()
    for contract in {name for form in formats().values() for name in form.writes}:
        (topic,) = [topic.name for topic in topics_of(contract) if ".events." in topic.name]
        for message in messages(kafka, topics + topic, PARTITIONS):
            name, record = CODEC.decode(message.value() or b"")
            assert message.key() == str(record[sources()[name]["root"]]).encode()
            assert headers(message)["ce_type"] == name.encode()
            assert record["version"] > 0
            seen.add(name)
    assert seen == {name for form in formats().values() for name in form.writes}


@pytest.mark.kafka
def test_a_long_lived_intake_and_another_process_publish_for_one_source(kafka: KafkaSettings, topics: str) -> None:
    desk, other = intake(kafka, topics), intake(kafka, topics)
    for number, one in enumerate((desk, desk, other, desk)):
        report = one.publish(Input.of_bytes(OFFERS.file([OFFERS.record(n) for n in range(number + 1)])), "offres-json")
        assert (report.accepted, report.duplicate) == (1, number)
    keys = [one["offer_id"] for one in records(kafka, topics + "offers.events.v1", PARTITIONS)]
    assert len(keys) == len(set(keys)) == 4


@pytest.mark.kafka
def test_a_trial_and_a_request_that_takes_all_or_none_leave_the_bus_as_it_is(kafka: KafkaSettings, topics: str) -> None:
    desk = intake(kafka, topics)
    good, bad = OFFERS.record(1), changed(OFFERS.record(2), {"intitule": None})
    trial = desk.publish(Input.of_bytes(OFFERS.file([good])), "offres-json", dry_run=True)
    assert (trial.accepted, trial.published) == (1, False)
    none = desk.publish(Input.of_bytes(OFFERS.file([good, bad])), "offres-json", atomic=True)
    assert (none.accepted, sorted(one.problems[0].code for one in none.refused)) == (0, ["atomic", "missing"])
    assert not records(kafka, topics + "offers.events.v1", PARTITIONS)
    some = desk.publish(Input.of_bytes(OFFERS.file([good, bad])), "offres-json")
    assert (some.accepted, len(some.refused)) == (1, 1)
    assert not [value for value in PLANTED if value.encode() in every_byte(kafka, topics, PARTITIONS)]


def test_another_content_under_a_version_that_was_published_is_a_conflict_or_a_correction() -> None:
    one, other = (OFFERS.file([changed(OFFERS.record(1), {"nombrePostes": n})]) for n in (1, 2))
    strict, mild = Ledger(), Ledger()
    for ledger in (strict, mild):
        INTAKE.check(Input.of_bytes(one), "offres-json", ledger)
    refused = INTAKE.check(Input.of_bytes(other), "offres-json", strict, refuse_conflicts=True)
    assert (refused.accepted, [found.problems[0].code for found in refused.refused]) == (0, ["conflict"])
    assert INTAKE.check(Input.of_bytes(one), "offres-json", strict, refuse_conflicts=True).duplicate == 1
    assert INTAKE.check(Input.of_bytes(other), "offres-json", mild).accepted == 1
    assert INTAKE.check(Input.of_bytes(one), "offres-json", mild).outdated == 1


def test_an_offer_that_vanished_and_comes_back_with_its_old_revision_is_there_again() -> None:
    ledger = Ledger()
    everything, without = (OFFERS.file([OFFERS.record(n) for n in range(first, 10)]) for first in (0, 1))
    days = [(everything, 10), (without, 0), (everything, 1), (everything, 0)]
    for day, (content, accepted) in enumerate(days, 20):
        report = INTAKE.check(Input.of_bytes(content, f"data_2026-11-{day}"), "offres-json", ledger, snapshot=True)
        assert (report.accepted, report.withdrawn) == (accepted, 1 if day == 21 else 0)


@pytest.mark.parametrize("revised", ["2026-11-01T08:00:00Z", "2026-11-20T08:00:00Z"])
def test_an_offer_that_was_withdrawn_wrongly_is_there_again_with_the_next_look(revised: str) -> None:
    """Its revision may be of long ago, or of between two looks."""
    ledger = Ledger()
    offers = [changed(OFFERS.record(n), {"dateActualisation": revised}) for n in range(10)]
    seen = []
    for hour, these in (("08", offers), ("09", offers[1:]), ("10", offers), ("11", offers)):
        data = Input.of_bytes(OFFERS.file(these), f"data_2026-11-20T{hour}-30")
        report = INTAKE.check(data, "offres-json", ledger, snapshot=True)
        entry = ledger.entries["JobOffer", str(OFFERS.record(0)["id"])]
        seen.append((report.accepted, report.withdrawn, entry.withdrawn, entry.version))
    assert [one[:3] for one in seen] == [(10, 0, False), (0, 1, True), (1, 0, False), (0, 0, False)]
    assert seen[0][3] < seen[1][3] < seen[2][3] <= seen[3][3], "what is back must outrank its withdrawal"


def test_a_snapshot_that_is_corrected_under_its_own_name_brings_back_what_it_lacked() -> None:
    ledger, name = Ledger(), "data_2026-11-21.json"
    offers = [OFFERS.record(n) for n in range(10)]
    INTAKE.check(Input.of_bytes(OFFERS.file(offers), "data_2026-11-20.json"), "offres-json", ledger, snapshot=True)
    cut = INTAKE.check(Input.of_bytes(OFFERS.file(offers[1:]), name), "offres-json", ledger, snapshot=True)
    whole = INTAKE.check(Input.of_bytes(OFFERS.file(offers), name), "offres-json", ledger, snapshot=True)
    assert (cut.withdrawn, whole.accepted) == (1, 1)
    again = INTAKE.check(Input.of_bytes(OFFERS.file(offers), name), "offres-json", ledger, snapshot=True)
    assert (again.accepted, again.duplicate) == (0, 10)
    older = Input.of_bytes(OFFERS.file(offers), "data_2026-11-19.json")
    assert INTAKE.check(older, "offres-json", ledger).accepted == 0


def test_what_the_source_itself_withdrew_is_not_brought_back_by_an_older_revision_that_comes_late() -> None:
    ledger, form = Ledger(), contract_formats()[JOB_OFFER]
    told = [
        ({"version": 1}, "accepted"), ({"version": 3, "withdrawn": True}, "accepted"), ({"version": 2}, "outdated"),
        ({"version": 1}, "outdated"), ({"version": 4}, "accepted"),
    ]  # fmt: skip
    for fields, expected in told:
        record = {**examples(JOB_OFFER).valid[0], "source": "offres", "offer_id": "offres:1", **fields}
        report = INTAKE.check(Input.of_bytes(orjson.dumps([record])), form, ledger, source="offres")
        found = {"accepted": report.accepted, "outdated": report.outdated}
        assert found == {"accepted": 0, "outdated": 0, expected: 1}, fields


def test_a_retry_gets_the_same_event_ids() -> None:
    ledger, content = Ledger(), OFFERS.file([OFFERS.record(n) for n in range(3)])
    first, again = (
        [one.event_id for one in INTAKE.check(Input.of_bytes(content), "offres-json", ledger).verdicts()] for _ in "ab"
    )
    assert first == again
    assert len(set(first)) == 3


def test_a_stream_is_taken_like_a_file_and_not_beyond_its_limit() -> None:
    content = OFFERS.file([OFFERS.record(1)])
    with Input.of_stream(BytesIO(content), EARLY) as data:
        assert INTAKE.check(data, "offres-json").accepted == 1
    with pytest.raises(FileRefused, match="more than 10 bytes"), Input.of_stream(BytesIO(content), EARLY, most=10):
        pass


def test_a_name_with_a_nir_is_refused_and_not_repeated() -> None:
    with pytest.raises(FileRefused, match="NIR") as caught:
        Input.of_bytes(b"x", f"dossier {NIR}.csv")
    assert "84" not in str(caught.value)


MINE = """
from connectors.formats.base import Event, Format
from connectors.formats.fields import items
from connectors.formats.documents import documents
from schemas.contracts import TRAINING_HEADCOUNT


def mapped(one):
    key = one.identifier("session", "number of the session")
    yield Event(TRAINING_HEADCOUNT, {
        "session_id": f"intercarif:{key}", "source_key": key, "entered": one.number("entres", required=True),
    })


class Mine(Format):
    name = "mon-format"
    default_source = "moi"
    suffixes = (".json",)
    media_types = ("application/json",)
    sample = "sample.json"
    writes = {TRAINING_HEADCOUNT: frozenset({"session_id", "source_key", "entered"})}

    def read(self, data, context):
        return items(documents(data, context), context, mapped)


FORMAT = Mine()
"""


def test_a_new_format_is_a_folder_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "mon_format"
    folder.mkdir()
    (folder / "__init__.py").write_text(MINE)
    (folder / "sample.json").write_text('[{"session": "SE_1", "entres": 12}, {"session": "SE_2", "entres": -1}]')
    monkeypatch.setattr(connectors.formats, "__path__", [*connectors.formats.__path__, str(tmp_path)])
    formats.cache_clear()
    try:
        report = INTAKE.check(Input.of_bytes(sample(formats()["mon-format"])), "mon-format")
    finally:
        formats.cache_clear()
    assert (report.source, report.accepted) == ("moi", 1)
    assert [one.problems[0].pointer for one in report.refused] == ["/entres"]
