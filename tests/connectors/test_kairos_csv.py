"""kairos-csv: what rows become, whatever their order; and what bad files are told."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import FileRefused
from tests.kairos import HEADER, PLANTED, row, write
from tests.reading import Reading, read


def events(reading: Reading, kind: str) -> list[dict[str, Any]]:
    return reading.records(kind)


def test_a_row_is_an_enrolment_and_part_of_its_session(tmp_path: Path) -> None:
    reading = read(write(tmp_path / "f.csv", [row(1), row(2)]))
    (session,) = events(reading, "TrainingSession")
    assert session["session_id"] == "intercarif:SE_0000000100"
    assert session["place"] == {"commune": {"code": "62498", "vintage": None}, "postcode": "62300", "label": "Lens"}
    assert (session["starts_on"], session["ends_on"]) == (date(2026, 9, 7), date(2026, 12, 18))
    assert session["provider"] == {"name": "Formaplaine", "siret": None, "nda": None}
    assert session["certifications"] == [{"scheme": "CERTIFINFO", "code": "8122"}]
    first, second = events(reading, "TrainingEnrolment")
    assert first["person"] != second["person"]
    assert (first["status"], first["planned_end_on"], first["scheme"]) == ("ENTERED", date(2026, 12, 18), "AIF")
    assert first["funders"] == ["4", "7"]


def test_nothing_personal_is_kept(tmp_path: Path) -> None:
    reading = read(write(tmp_path / "f.csv", [row(1), row(2, dd_datefinplanformation="never")]))
    text = repr(reading)
    assert not [value for value in PLANTED if value in text]


@pytest.mark.parametrize("missing", ["", "NULL"])
def test_a_session_without_intercarif_number_has_kairos_own(tmp_path: Path, missing: str) -> None:
    (session,) = events(read(write(tmp_path / "f.csv", [row(1, dc_numeroicsession=missing)])), "TrainingSession")
    assert session["session_id"] == "kairos:100"


def test_one_row_with_the_number_gives_it_to_the_whole_session(tmp_path: Path) -> None:
    reading = read(write(tmp_path / "f.csv", [row(1, dc_numeroicsession="NULL"), row(2)]))
    assert {record["session_id"] for record in events(reading, "TrainingEnrolment")} == {"intercarif:SE_0000000100"}


def test_one_kairos_session_that_stands_for_two_intercarif_sessions_is_two(tmp_path: Path) -> None:
    """As in real files: one trainee in two sessions of one Kairos number; two Kairos numbers of one session."""
    rows = [
        row(1),
        row(1, dc_numeroicsession="SE_2", dc_insee_lieuformation="59350"),
        row(2, dn_session_id="101"),
        row(3, dc_numeroicsession="NULL"),
    ]
    reading = read(write(tmp_path / "f.csv", rows))
    enrolments = events(reading, "TrainingEnrolment")
    held = sorted((one["session_id"], one["source_key"].partition("/")[0]) for one in enrolments)
    assert held == [
        ("intercarif:SE_0000000100", "SE_0000000100"),
        ("intercarif:SE_0000000100", "SE_0000000100"),
        ("intercarif:SE_2", "SE_2"),
        ("kairos:100", "100"),
    ]
    assert reading.contradictions == []


def test_a_person_without_national_identifier_is_known_by_the_local_one(tmp_path: Path) -> None:
    reading = read(write(tmp_path / "f.csv", [row(1, dn_individu_national="NULL"), row(2, dn_individu_national="")]))
    assert (reading.repeated, len(events(reading, "TrainingEnrolment"))) == (1, 1)


ROWS = [
    row(1),
    row(2),
    row(2, dd_datefinplanformation="2026-12-23 00:00:00.0"),
    row(3, dn_certifinfo_1_id="84244"),
    row(4, dc_lblformation="Another title"),
    row(5, dn_session_id="200", dc_numeroicsession="NULL", dc_insee_lieuformation="59350"),
    row(6, dn_session_id="200", dc_numeroicsession="NULL", dc_insee_lieuformation="62498"),
]


@given(st.permutations(ROWS), st.lists(st.sampled_from(ROWS), max_size=10))
@settings(max_examples=40, deadline=None)
def test_the_order_and_the_repetition_of_rows_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str]], again: list[dict[str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("orders")
    wanted = read(write(folder / "a.csv", ROWS))
    found = read(write(folder / "b.csv", [*rows, *again]))

    def content(reading: Reading) -> list[Any]:
        return sorted((event.contract, repr(event.record)) for event in reading.events)

    assert content(found) == content(wanted)
    enrolments = len(events(found, "TrainingEnrolment"))
    assert enrolments + found.repeated + len(found.refused) == found.rows


def test_rows_that_contradict_each_other_are_told_with_both_lines(tmp_path: Path) -> None:
    later = row(1, dd_datefinplanformation="2026-12-23 00:00:00.0")
    for rows, winner in (([row(1), later], 3), ([later, row(1)], 2)):
        reading = read(write(tmp_path / "f.csv", rows))
        (contradiction,) = reading.contradictions
        assert (contradiction.lines, contradiction.winner) == ((2, 3), winner)
        assert events(reading, "TrainingEnrolment")[0]["planned_end_on"] == date(2026, 12, 23)


NIR = "1 84 12 76 451 089 46"


def test_the_nir_used_here_has_a_right_key() -> None:
    digits = NIR.replace(" ", "")
    assert 97 - int(digits[:13]) % 97 == int(digits[13:])


@pytest.mark.parametrize(
    ("changed", "pointer", "code"),
    [
        ({"dd_datefinplanformation": "18/12/2026"}, "dd_datefinplanformation", "not-a-date"),
        ({"dd_datefinplanformation": "2026-02-30"}, "dd_datefinplanformation", "not-a-date"),
        ({"dd_datefinplanformation": "2199-12-18"}, "dd_datefinplanformation", "date-out-of-range"),
        ({"dd_datedebutplanformation": "1900-01-01"}, "dd_datedebutplanformation", "date-out-of-range"),
        ({"dd_datefinplanformation": "2026-08-01"}, "dd_datefinplanformation", "end-before-start"),
        ({"dd_datefinplanformation": "NULL"}, "dd_datefinplanformation", "missing"),
        ({"dn_session_id": ""}, "dn_session_id", "missing"),
        ({"dn_individu_national": "", "c_individulocal": "NULL"}, "dn_individu_national", "missing"),
        ({"c_prenomcorrespondance": NIR}, "c_prenomcorrespondance", "nir"),
        ({"dc_lblformation": NIR.replace(" ", "")}, "dc_lblformation", "nir"),
        ({"dn_individu_national": "1841276451089"}, "dn_individu_national", "nir"),
        ({"dc_ville_lieuformation": "Le|ns"}, "row", "column-count"),
    ],
)
def test_a_bad_row_is_refused_alone_with_its_cause(
    tmp_path: Path, changed: dict[str, str], pointer: str, code: str
) -> None:
    reading = read(write(tmp_path / "f.csv", [row(1), row(2, **changed), row(3)]))
    (refused,) = reading.refused
    (problem,) = refused.problems
    assert (problem.line, problem.pointer, problem.code) == (3, pointer, code)
    assert problem.fix
    assert len(events(reading, "TrainingEnrolment")) == 2


def test_a_national_number_is_found_in_a_column_that_nobody_knows_each_time(tmp_path: Path) -> None:
    path = write(tmp_path / "f.csv", [row(number) for number in range(1, 6)])
    remarks = ["remarque", "", "", NIR, NIR, ""]
    lines = zip(path.read_text().splitlines(), remarks, strict=True)
    reading = read("".join(f"{line}|{remark}\n" for line, remark in lines).encode())
    assert [(one.line, one.problems[0].pointer) for one in reading.refused] == [(4, "column 21"), (5, "column 21")]


@pytest.mark.parametrize("column", HEADER)
def test_a_national_number_is_found_in_any_column_though_other_rows_said_the_rest(tmp_path: Path, column: str) -> None:
    rows = [*(row(number) for number in range(1, 6)), row(6, **{column: NIR}), row(7), row(8, **{column: NIR})]
    reading = read(write(tmp_path / "f.csv", rows))
    assert [(one.line, one.problems[0].code) for one in reading.refused] == [(7, "nir"), (9, "nir")]
    assert len(events(reading, "TrainingEnrolment")) == 6


@pytest.mark.parametrize(
    ("changed", "pointer", "code"),
    [
        ({"dc_siret": "82436343601231"}, "dc_siret", "bad-siret"),
        ({"dc_formacode_ppal_id": "transport"}, "dc_formacode_ppal_id", "bad-code"),
        (
            {"dc_insee_lieuformation": "99999", "dc_cp_lieuformation": "NULL"},
            "dc_insee_lieuformation",
            "unknown-commune",
        ),
    ],
)
def test_a_bad_optional_field_is_left_out_and_told(
    tmp_path: Path, changed: dict[str, str], pointer: str, code: str
) -> None:
    reading = read(write(tmp_path / "f.csv", [row(1, **changed)]))
    assert [(one.line, one.pointer, one.code) for one in reading.warnings] == [(2, pointer, code)]
    assert len(events(reading, "TrainingEnrolment")) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_accents_are_read_in_every_encoding_partners_use(tmp_path: Path, encoding: str) -> None:
    path = write(tmp_path / "f.csv", [row(1, dc_lblformation="Électricien")], encoding)
    reading = read(path)
    assert events(reading, "TrainingSession")[0]["title"] == "Électricien"
    assert reading.encoding == encoding


def test_a_byte_that_means_nothing_is_refused_with_its_place(tmp_path: Path) -> None:
    path = write(tmp_path / "f.csv", [row(1), row(2, dc_lblformation="XX")])
    path.write_bytes(path.read_bytes().replace(b"|XX|", b"|\x81\xe9|"))
    (refused,) = read(path).refused
    assert (refused.line, refused.problems[0].pointer, refused.problems[0].code) == (3, "dc_lblformation", "encoding")


GOOD = ("|".join(HEADER) + "\n" + "|".join(row(1)[name] for name in HEADER) + "\n").encode()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "f.csv is empty"),
        (GOOD.split(b"\n")[0] + b"\n", "a header and no row"),
        (GOOD.replace(b"|", b";"), "separated by semicolon"),
        (GOOD.replace(b"|", b"\t"), "separated by tab"),
        (GOOD.replace(b"dn_session_id", b"dn_sesion_id"), "missing column dn_session_id; is dn_sesion_id meant"),
        (GOOD.replace(b"c_adresseemail", b"dn_session_id"), "column dn_session_id stands twice"),
        (GOOD[:-40], "the file is cut in line 2: .* columns of 20"),
        (b"PK\x03\x04 not text", "a zip archive or an Excel workbook"),
        (GOOD.decode().encode("utf-16"), "text in UTF-16"),
        (b"just text", "it has one column"),
    ],
)
def test_a_broken_file_is_refused_whole_with_a_sentence(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(content)
    with pytest.raises(FileRefused, match=message) as caught:
        read(path)
    assert caught.value.fix


def test_a_folder_and_a_missing_file_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="is a folder"):
        read(tmp_path)
    with pytest.raises(FileRefused, match="no such file"):
        read(tmp_path / "none.csv")


def test_an_endless_line_is_refused_in_little_memory(tmp_path: Path) -> None:
    path = write(tmp_path / "f.csv", [row(1)])
    with path.open("r+b") as file:
        file.seek(0, 2)
        start = file.tell()
        file.seek(start + 1_000_000_000)  # a sparse gigabyte of zero bytes
        file.write(b"\n")
    with path.open("ab") as file:
        file.write(("|".join(row(3)[name] for name in HEADER) + "\n").encode())
    reading = read(path)
    (refused,) = reading.refused
    assert (refused.line, refused.problems[0].code) == (3, "too-long")
    assert len(events(reading, "TrainingEnrolment")) == 2
