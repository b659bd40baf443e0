"""Every format that is found passes the conformance suite."""

import json
import re
from pathlib import Path

import pytest

from connectors.formats import format_named, formats, sample
from connectors.inputs import Input
from schemas.errors import FileRefused
from tests.connectors.cases import CASES, MERGED, TODAY, Case, changed, opening, outcome
from tests.connectors.conformance import INTAKE, NIR, Conformance, check
from tests.reading import Reading, read

PARTNERS = Path(__file__).parents[2] / "docs" / "partners.md"


@pytest.fixture(scope="module", params=sorted(CASES))
def case(request: pytest.FixtureRequest) -> Case:
    """One after the other."""
    found: Case = CASES[request.param]
    return found


class TestFormats(Conformance):
    """All of them."""


def test_every_format_has_its_case() -> None:
    assert set(CASES) == set(formats())


def test_every_format_is_in_the_partners_list_with_its_contracts() -> None:
    rows = {line.split("`")[1]: line for line in PARTNERS.read_text("utf-8").splitlines() if line.startswith("| `")}
    for form in formats().values():
        assert {f"`{name.rpartition('.')[2]}`" for name in form.writes} <= set(
            re.findall("`[A-Za-z]+`", rows[form.name])
        )


@pytest.mark.parametrize("name", sorted(name for name, case in CASES.items() if case.commune))
def test_a_merged_commune_becomes_the_one_of_today_and_that_is_said(name: str) -> None:
    case = CASES[name]
    assert case.commune
    report = check(case, case.file([changed(case.record(1), case.commune)]))
    assert (report.accepted, {one.code for one in report.warnings}) == (1, {"merged-commune"})
    assert {(one.fix, one.shape) for one in report.warnings} == {(f"write {TODAY}", "99999")}
    content = b"".join(
        thing.content.replace(key.encode(), b"") for (_, key), thing in report._delivery.things.items()
    )  # fmt: skip
    assert (TODAY.encode() in content, MERGED.encode() in content) == (True, False)


def test_a_nir_among_several_sessions_is_found_each_time() -> None:
    title = b"<intitule-formation>Conducteur routier"
    content = sample(formats()["intercarif-xml"]).replace(title, title + b" " + NIR.encode())
    kept, found = [], set()
    for number in range(100):
        kept.append([object() for _ in range(number % 37)])  # so that memory is given to others each time
        report = INTAKE.check(Input.of_bytes(content), "intercarif-xml")
        found.add(tuple(one.problems[0].code for one in report.refused))
    assert len(found) == 1
    assert set(found.pop()) == {"nir"}


@pytest.mark.parametrize(("written", "meant"), [("kairos_csv", "kairos-csv"), ("intercarif", "intercarif-xml")])
def test_a_name_that_no_format_has_is_answered_with_the_nearest(written: str, meant: str) -> None:
    with pytest.raises(FileRefused) as refused:
        format_named(written)
    assert refused.value.fix.startswith(f"did you mean {meant}? known formats: contacts-csv, ")


def test_a_name_like_no_other_is_answered_with_the_list_alone() -> None:
    with pytest.raises(FileRefused) as refused:
        format_named("#")
    assert refused.value.fix.startswith("known formats: ")


def read_one(name: str, record: object) -> Reading:
    return read(json.dumps([record]).encode(), name, "sortants")


@pytest.mark.parametrize("code", ["SUP1M", "A", "3M", None])
def test_a_rate_is_never_counted_as_another_measure(code: str | None) -> None:
    (refused,) = read_one("sortants-json", {**outcome(1), "codeNomenclature": code}).refused
    assert [one.pointer for one in refused.problems] == ["/codeNomenclature"]


def test_answers_one_a_line_give_their_values_one_by_one() -> None:
    answers = [{"codeIndicateur": "ACC_2", "listeValeursParPeriode": [outcome(n), outcome(n + 1)]} for n in (1, 3)]
    lines = "".join(json.dumps(one) + "\n" for one in answers).encode()
    assert [one["activity"]["code"] for one in read(lines, "sortants-json").records("OutcomeRate")] == [
        "N0001", "N0002", "N0003", "N0004",
    ]  # fmt: skip


def test_masked_values_hold_no_numbers() -> None:
    (record,) = read_one("sortants-json", {**outcome(1), "estMasque": True}).records("OutcomeRate")
    assert (record["numerator"], record["rate"], record["masked"]) == (None, None, True)


@pytest.mark.parametrize("name", ["isAvailable", "voluntaryToImmersion"])
def test_an_establishment_that_takes_nobody_any_more_is_withdrawn(name: str) -> None:
    (event,) = read_one("immersions-json", {**opening(1), name: False}).events
    assert event.withdrawn


def test_each_nature_of_a_row_becomes_its_contract_and_no_other_is_taken() -> None:
    form = formats()["prochemploi-csv"]
    assert {event.contract for event in read(sample(form), form.name).events} == set(form.writes)
    (refused,) = read(sample(form).replace(b"\nOffre;", b"\nCandidat;"), form.name).refused
    assert [one.pointer for one in refused.problems] == ["Nature"]
    assert {kind for kind, _ in refused.about} == {name.rpartition(".")[2] for name in form.writes}


@pytest.mark.parametrize(("code", "modality"), [("0", "ONSITE"), ("1", "MIXED"), ("2", "REMOTE")])
def test_ways_of_teaching_are_those_of_the_dictionary_of_lheo(code: str, modality: str) -> None:
    form = formats()["intercarif-xml"]
    content = sample(form).replace(b"<modalites-enseignement>0<", f"<modalites-enseignement>{code}<".encode())
    assert read(content, form.name).records("TrainingSession")[0]["modality"] == modality


@pytest.mark.parametrize("name", [name for name, form in formats().items() if ".csv" in form.suffixes])
@pytest.mark.parametrize("times", [1, 400])
def test_line_ends_of_an_old_mac_are_called_so(name: str, times: int) -> None:
    header, rows = sample(formats()[name]).split(b"\n", 1)
    with pytest.raises(FileRefused, match="carriage return alone") as found:
        read((header + b"\n" + rows * times).replace(b"\n", b"\r"), name)
    assert "LF" in found.value.fix


#: A text as it stands in the JSON, and whether the document may be taken.
HALVES = {
    r'"\ud800"': False, r'"\udc00x"': False, r'"\udc00\ud800"': False, r'"\ud800\ud800\udc00"': False,
    r'"\ud83d\ude00"': True, r'"\\ud800"': True, r'"\ud83d\ude00\\ud800\ud83d\ude00"': True,
}  # fmt: skip


@pytest.mark.parametrize("value", HALVES)
def test_half_a_pair_gets_the_same_verdict_in_a_short_document_and_in_one_that_is_streamed(value: str) -> None:
    def taken(records: int) -> int:
        padding = "y" * 300_000
        before = "".join(f'{{"id": "p{n}", "intitule": "x", "unread": "{padding}"}},' for n in range(records))
        last = f'{{"id": "a", "intitule": "x", "odd": {value}}}, {{"id": "b", "intitule": "z"}}'
        try:
            return len(read(f"[{before}{last}]".encode(), "offres-json").events) - records
        except FileRefused:
            return 0

    assert taken(1) == taken(15) == (2 if HALVES[value] else 0)


def test_an_export_on_a_day_that_leaves_the_calendar_in_utc_says_no_instant() -> None:
    form = formats()["intercarif-xml"]
    content = re.sub(rb"\d{8}(<.extra><extra info=.heure-export.>)\d{6}", rb"00010101\g<1>000000", sample(form))
    assert form.instant_of(Input.of_bytes(content)) is None
