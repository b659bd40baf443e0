"""The kit for partners: checking a file, and the folder to start from, without a broker, a key or a network."""

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from beffroi import compose
from beffroi.kit import Checked, check, form_named, known, make_folder
from beffroi.kit.check import door, headline
from beffroi.kit.folder import start
from beffroi.kit.html import as_html
from beffroi.settings import Settings
from connectors.formats import formats, sample
from connectors.inputs import Input
from connectors.intake import Intake
from connectors.report import render
from schemas.errors import FileRefused, SettingsError
from tests.beffroi.test_cli import beffroi
from tests.connectors.cases import CASES, PLANTED, changed

#: Nothing listens there: whoever asked a broker would fail.
NOWHERE = {"kafka": "127.0.0.1:1", "registry": "http://127.0.0.1:1"}
#: All that the page is made of.
TAGS = {
    "html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "h3", "p", "dl", "dt", "dd", "ul", "li",
    "code", "strong", "span", "small",
}  # fmt: skip
ATTRIBUTES = {"lang", "class", "charset", "name", "content", "http-equiv"}
HOSTILE = '<script>alert(1)</script><img src=x onerror="x">'
OFFER = "beffroi.offers.v1.JobOffer"


class Parts(HTMLParser):
    """Tags and attributes of a page, as a browser reads it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


@pytest.fixture(scope="module")
def intake() -> Intake:
    return compose.offline_intake(Settings())


def checked(intake: Intake, form: str, content: bytes, name: str = "data_2026-11-20", **terms: Any) -> Checked:
    return check(intake, Input.of_bytes(content, name), form_named(form), **terms)


def broken(form: str) -> bytes:
    """A file of personal values, whose second record is refused."""
    case = CASES[form]
    return case.file([case.record(1), changed(case.record(2), case.broken[0])])


@pytest.mark.parametrize("form", sorted(formats()))
def test_the_sample_of_every_format_would_be_taken(intake: Intake, form: str) -> None:
    found = checked(intake, form, sample(formats()[form]))
    assert found.report is not None
    assert (found.exit_code, found.report.published, found.report.refused) == (0, False, ())
    tally = json.loads(found.as_json())["tally"]
    assert tally["received"] == tally["accepted"] > 0
    assert "Every record would be taken" in as_html(found)


@pytest.mark.parametrize("form", sorted(known()))
def test_the_folder_of_every_format_holds_a_good_sample_and_three_that_are_refused(
    intake: Intake, form: str, tmp_path: Path
) -> None:
    folder = tmp_path / "partner"
    written = {path.name for path in make_folder("partner", form_named(form), folder, intake)}
    begun = start(form_named(form))
    assert {path.name for path in folder.iterdir()} == written
    assert written >= {"README.md", "client.py", ".env.example", f"sample{begun.suffix}"}
    assert checked(intake, form, begun.good, source=begun.source).exit_code == 0
    readme = (folder / "README.md").read_text("utf-8")
    bad = sorted(folder.glob("bad-*"))
    assert len(bad) == 3
    reasons = [refusal(checked(intake, form, path.read_bytes(), source=begun.source)) for path in bad]
    assert {code for code, *_ in reasons} == {path.stem.removeprefix("bad-") for path in bad}
    for path, (_, exit_code, pointer, message, fix) in zip(bad, reasons, strict=True):
        shown = f"`{pointer}`" if pointer else f"the {'file' if exit_code == 65 else 'record'}"
        row = next(line for line in readme.splitlines() if line.startswith(f"| `{path.name}` |"))
        assert row.startswith(f"| `{path.name}` | {exit_code} | {shown} |")
        assert row.replace("\\|", "|").endswith(f"| {message} | {fix} |")
        assert len(re.findall(r"(?<!\\)\|", row)) == 7


def refusal(found: Checked) -> tuple[str, int, str, str, str]:
    """Code, exit code, pointer, message and fix, as the gateway would tell them."""
    answer = json.loads(found.as_json())
    if "verdicts" not in answer:
        assert answer["status"] == 400
        return "cut", found.exit_code, "", answer["detail"], answer["fix"]
    (problem, *_) = (one for verdict in answer["verdicts"] for one in verdict["problems"])
    assert all(problem[name] for name in ("code", "message", "fix"))
    return problem["code"], found.exit_code, problem["pointer"], problem["message"], problem["fix"]


@pytest.mark.parametrize("form", sorted(CASES))
def test_no_report_repeats_anything_personal(intake: Intake, form: str) -> None:
    found = checked(intake, form, broken(form))
    assert found.report is not None
    assert (found.exit_code, found.report.rows, len(found.report.refused)) == (4, 2, 1)
    _, pointer, code = CASES[form].broken
    for text in (render(found.report), found.as_json().decode(), as_html(found), as_html(found, "fr")):
        assert code in text
        assert pointer in text
        assert not [word for word in PLANTED if word in text]


def test_a_page_needs_nothing_else_and_what_is_hostile_in_a_file_stays_text(intake: Intake) -> None:
    case = CASES["region-csv"]
    cell = case.file([changed(case.record(1), {"Intitulé": HOSTILE, "Date fin prévue": HOSTILE})])
    record = {**json.loads(start(form_named(OFFER)).good)[0], HOSTILE: 1}
    pages = [
        as_html(checked(intake, "region-csv", cell, f"{HOSTILE.replace('/', '')}.csv")),
        as_html(checked(intake, OFFER, json.dumps([record]).encode(), source="offres"), "fr"),
        as_html(checked(intake, "region-csv", HOSTILE.encode())),
    ]
    for text in pages:
        parts = Parts(text)
        assert parts.tags <= TAGS, parts.tags - TAGS
        assert parts.attributes <= ATTRIBUTES, parts.attributes - ATTRIBUTES
        assert not re.search(r"url\(|@import|refresh", text)
        assert 'name="viewport"' in text
    assert "&lt;script&gt;" in pages[1]  # the unknown field is named


def test_a_page_begins_with_what_would_become_of_the_file(intake: Intake) -> None:
    case = CASES["region-csv"]
    good, wrong = case.record(1), changed(case.record(2), case.broken[0])
    told = {
        "Chaque enregistrement serait pris": case.file([good]),
        "Des enregistrements seraient refusés": case.file([good, wrong]),
        "Chaque enregistrement serait refusé": case.file([wrong]),
        "Refusé en entier": case.file([good])[:-9],
    }
    for sentence, content in told.items():
        page = as_html(checked(intake, "region-csv", content), "fr")
        assert [one for one in told if one in page] == [sentence]


def test_contracts_are_checked_for_a_source(intake: Intake) -> None:
    begun = start(form_named("JobOffer"))
    assert begun.form.name == OFFER
    with pytest.raises(SettingsError, match="many sources"):
        checked(intake, "JobOffer", begun.good)
    assert checked(intake, "JobOffer", begun.good, source="others").exit_code == 4


def test_every_format_has_a_line_and_an_address() -> None:
    assert door(form_named("kairos-csv")) == "/v1/formats/kairos-csv"
    assert door(form_named("JobOffer")) == f"/v1/contracts/{OFFER}"
    for form in known().values():
        assert 10 < len(headline(form)) < 200
        assert "\n" not in headline(form)


def test_a_misspelt_format_is_met_with_the_nearest() -> None:
    with pytest.raises(FileRefused, match="did you mean kairos-csv"):
        form_named("kairos-cvs")


def test_nothing_is_overwritten(intake: Intake, tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text("mine", "utf-8")
    with pytest.raises(SettingsError, match="is there already"):
        make_folder("partner", form_named("tally-csv"), tmp_path, intake)
    with pytest.raises(SettingsError, match="small letters"):
        make_folder("../partner", form_named("tally-csv"), tmp_path / "new", intake)
    assert [path.name for path in tmp_path.iterdir()] == ["own.txt"]


def test_the_commands_need_neither_broker_nor_key(tmp_path: Path) -> None:
    data = tmp_path / "data"
    made = beffroi(tmp_path, "partner", "init", "organisme-12", "--format", "kairos-csv", data_dir=str(data), **NOWHERE)
    assert made.returncode == 0, made.stderr
    command = ("check", "kairos-csv", "organisme-12/bad-nir.csv", "--format", "html", "--output", "page.html")
    assert beffroi(tmp_path, *command, "--lang", "fr", data_dir=str(data), **NOWHERE).returncode == 4
    assert "Contrôle de bad-nir.csv" in (tmp_path / "page.html").read_text("utf-8")
    good = beffroi(tmp_path, "check", "kairos-csv", "organisme-12/sample.csv", data_dir=str(data), **NOWHERE)
    assert (good.returncode, "5 events would be published" in good.stdout) == (0, True)
    told = beffroi(tmp_path, "check", "kairos-csv", "organisme-12/bad-cut.csv", data_dir=str(data), **NOWHERE)
    assert (told.returncode, "fix:" in told.stderr, "Traceback" in told.stderr) == (65, True, False)
    listed = beffroi(tmp_path, "check", "--list", data_dir=str(data), **NOWHERE)
    assert [line.split()[0] for line in listed.stdout.splitlines()] == list(known())
    assert not data.exists()


def test_the_client_is_small_and_strictly_typed_without_beffroi(tmp_path: Path) -> None:
    client = tmp_path / "client.py"
    client.write_bytes((files("beffroi.kit") / "client.py").read_bytes())
    assert len(client.read_text("utf-8").splitlines()) <= 80
    command = ["mypy", "--strict", "--config-file", "", "--cache-dir", str(tmp_path / "cache"), "client.py"]
    done = subprocess.run([sys.executable, "-m", *command], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
