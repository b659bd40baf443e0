"""The catalogue as a site of plain files: the pact's « cartographie des données »."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from beffroi.contracts.asyncapi import asyncapi
from beffroi.contracts.readership import readership
from portal.pages.words import cadence, duration
from schemas.contracts import Contract, lock_file, sources, versions
from schemas.evolution import Finding, Reader, judge
from schemas.examples import examples
from schemas.fields import Field, branches, fields, kind_of, logical, nullable
from schemas.jsonschema import json_schema
from schemas.registers import Source, sources_register
from schemas.topics import CATALOGUE, Topic, topics_of

_DAY_MS = 24 * 3600 * 1000
_DOMAINS = {
    "training": "Formation",
    "offers": "Offres et immersions",
    "mobility": "Mobilité",
    "agenda": "Agenda",
    "employers": "Employeurs",
    "views": "Vues publiées",
    "platform": "Plateforme (interne)",
}
_CLASSES = {
    "public": "publique",
    "professional": "professionnelle",
    "pseudonym": "pseudonyme",
    "personal": "personnelle",
    "forbidden": "interdite",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One field as a page shows it."""

    field: Field
    kind: str
    required: bool
    class_name: str
    limits: str


def render(folder: Path, register: Path | None = None) -> int:
    """Write the site.

    Args:
        folder: Made when it is not there; what lies in it under the same names is replaced.
        register: The operator's own register of sources.

    Returns:
        How many pages were written.
    """
    pages = Environment(
        loader=PackageLoader("beffroi.contracts"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    known = sources_register(register)
    written = {
        "index.html": pages.get_template("index.html").render(up="", domains=list(_domains()), topics=CATALOGUE,
                                                              retention=retention, sources=known, short=short),
        **{f"contrats/{name}.html": _contract(pages, name, known) for name in sources()},
        **{f"sources/{one.name}.html": _source(pages, one) for one in known},
    }  # fmt: skip
    for name, text in {**written, **_data()}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return len(written)


def _data() -> dict[str, str]:
    """What programs take: AsyncAPI, Avro, JSON Schema; and the style sheet."""
    style = (files("beffroi.contracts") / "templates" / "catalogue.css").read_text("utf-8")
    found = {"catalogue.css": style, "asyncapi.json": _pretty(asyncapi())}
    for name, schema in sources().items():
        found[f"avro/{name}.avsc"] = _pretty(schema)
        found[f"json-schema/{name}.json"] = _pretty(json_schema(schema))
    return found


def _pretty(value: Any) -> str:  # noqa: ANN401  # any JSON
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def _domains() -> Iterator[tuple[str, list[Contract]]]:
    order = list(_DOMAINS)
    newest = sorted((lock_file().by_name(name) for name in sources()), key=lambda one: order.index(_domain(one.name)))
    for domain, group in groupby(newest, key=lambda one: _domain(one.name)):
        yield _DOMAINS[domain], list(group)


def _domain(name: str) -> str:
    return name.split(".")[1]


def _contract(pages: Environment, name: str, known: Iterable[Source]) -> str:
    contract = lock_file().by_name(name)
    return pages.get_template("contract.html").render(
        up="../",
        contract=contract,
        rows=[_row(field) for field in fields(contract.text)],
        topics=topics_of(name),
        retention=retention,
        readers=[reader for reader in readership() if reader.contract == name],
        asked=asked,
        sources=[one for one in known if name in one.contracts],
        history=list(_history(versions(name))),
        example=_pretty(examples(name).valid[0]),
        short=short,
    )


def _source(pages: Environment, source: Source) -> str:
    template = pages.get_template("source.html")
    return template.render(up="../", source=source, short=short, cadence=cadence, duration=duration)


def _history(found: tuple[Contract, ...]) -> Iterator[tuple[int, int, list[Finding]]]:
    """Number and id of each version, and what it changed."""
    yield 1, found[0].id, []
    for number, (old, new) in enumerate(pairwise(found), 2):
        yield number, new.id, judge(old.text, new.text)


def _row(field: Field) -> Row:
    text = field.text
    return Row(
        field, kind_text(text["type"]), "default" not in text, _CLASSES[field.data_class], ", ".join(_limits(text))
    )


def _limits(text: Mapping[str, Any]) -> Iterator[str]:
    if "pattern" in text:
        yield str(text["pattern"])
    if "minimum" in text:
        yield f"≥ {text['minimum']}"
    if "maximum" in text:
        yield f"≤ {text['maximum']}"
    for kind in branches(text["type"]):
        inner = kind.get("items", kind) if isinstance(kind, Mapping) else kind
        if kind_of(inner) == "enum":
            yield " · ".join(inner["symbols"])


def kind_text(kind: Any) -> str:  # noqa: ANN401  # a type in Avro's JSON
    """A type in a few words."""
    names = [_one_kind(one) for one in branches(kind)]
    return " | ".join(names) + (" ou null" if nullable(kind) else "")


def _one_kind(kind: Any) -> str:  # noqa: ANN401  # the same
    match logical(kind) or kind_of(kind):
        case "array":
            return f"liste de {_one_kind(kind['items'])}"
        case "record":
            return f"objet {kind['name']}"
        case "enum":
            return f"code {kind['name']}"
        case "decimal":
            return f"decimal({kind['precision']}, {kind['scale']})"
        case name:
            return {"string": "texte", "boolean": "booléen", "timestamp-millis": "instant"}.get(name, name)


def retention(topic: Topic) -> str:
    """How long a topic keeps its records, in French."""
    if topic.config["cleanup.policy"] == "delete":
        return "tout, sans limite" if topic.config["retention.ms"] == "-1" else _days(topic.config["retention.ms"])
    kept = topic.config.get("delete.retention.ms")
    return "dernier état de chaque clé" + (f" ; retraits {_days(kept)}" if kept else "")


def _days(milliseconds: str) -> str:
    return f"{int(milliseconds) // _DAY_MS} jours"


def asked(reader: Reader) -> str:
    """The fields somebody depends on."""
    return "tous les champs" if "*" in reader.paths else ", ".join(sorted(reader.paths))


def short(name: str) -> str:
    """The last part of a full name."""
    return name.rpartition(".")[2]
