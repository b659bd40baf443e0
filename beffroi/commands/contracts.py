"""``beffroi contracts``: what partners build on, and what a change of it would do."""

import json
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from schemas.evolution import Finding

#: A change breaks somebody: the same code as a file that a human must look at first.
EX_BREAKING = 5
EX_LINT = 65

app = typer.Typer(help="Show, check and publish the contracts.", no_args_is_help=True)
_Format = Annotated[Literal["text", "json"], typer.Option("--format", help="For people, or for programs.")]


@app.command("generate")
def generate(
    *,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail when something is stale.")] = False,
) -> None:
    """Generate the pydantic models and give new schemas their id, from schemas/avro."""
    from beffroi.contracts import generate as regenerate

    stale = regenerate(check=check)
    for name in stale:
        typer.echo(f"{'stale' if check else 'written'}: {name}")
    if check and stale:
        typer.echo("fix: run `beffroi contracts generate` and commit what it writes", err=True)
        raise typer.Exit(1)


@app.command("list")
def list_() -> None:
    """Every contract: id, name, topic, what it is."""
    from schemas.contracts import lock_file, sources
    from schemas.topics import topics_of

    for name, schema in sources().items():
        topics = ", ".join(topic.name for topic in topics_of(name))
        typer.echo(f"{lock_file().by_name(name).id:>3}  {name:<48} {topics:<44} {schema['doc'].split('.')[0]}")


@app.command("example")
def example(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Full or short name of a contract.")],
    form: Annotated[Literal["json", "avro", "csv"], typer.Option("--format", help="How to write it.")] = "json",
    *,
    invalid: Annotated[bool, typer.Option("--invalid", help="The ones that do not fit, with why.")] = False,
) -> None:
    """Print a record of a contract to start from; with --format avro, its bytes as they travel."""
    from beffroi.contracts import schema_named
    from schemas.codec import Codec
    from schemas.contracts import full_name
    from schemas.examples import as_csv, examples
    from schemas.validation import take

    schema = schema_named(name)
    found = examples(full_name(schema))
    if invalid:
        for one in found.invalid:
            (problem,) = take(schema, one.record).problems
            typer.echo(json.dumps({"problem": problem._asdict(), "record": one.record}, ensure_ascii=False, indent=1))
    elif form == "avro":
        sys.stdout.buffer.write(Codec().encode(full_name(schema), take(schema, found.valid[0]).record))
    elif form == "csv":
        typer.echo(as_csv(found.valid[0]), nl=False)
    else:
        typer.echo(json.dumps(found.valid[0], ensure_ascii=False, indent=1))


@app.command("lint")
def lint(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE]...", help="Schemas; ours when left out.")
    ] = None,
    form: _Format = "text",
) -> None:
    """Say what a contract lacks: documents, classes of data, names, decimals for money."""
    from beffroi.contracts.generate import SCHEMAS
    from schemas.lint import lint as mend

    paths = files or sorted((SCHEMAS / "avro").glob("*/*.avsc"))
    found = [one for path in paths for one in mend(path.read_text("utf-8"), str(path.name))]
    lines = (f"{one.file} {one.pointer}: {one.message}\n  fix: {one.fix}  [{one.code}]" for one in found)
    rows = [one._asdict() for one in found]
    typer.echo(json.dumps(rows, ensure_ascii=False, indent=1) if form == "json" else "\n".join(lines), nl=bool(found))
    if found:
        raise typer.Exit(EX_LINT)


@app.command("diff")
def diff(
    old: Annotated[str, typer.Argument(help="An .avsc file, or a contract's name, with @N for its Nth version.")],
    new: Annotated[str, typer.Argument(help="The same.")],
    form: _Format = "text",
) -> None:
    """Say what changes between two schemas, what breaks and for whom; exit code 5 when something does."""
    from beffroi.contracts import compare, readership
    from beffroi.settings import load

    _show(compare(old, new, readership(load().readers_register)), form)


@app.command("check")
def check(
    against: Annotated[str | None, typer.Option(help="A commit, tag or branch; left out, the lock file here.")] = None,
    form: _Format = "text",
) -> None:
    """Compare schemas/avro with every version that was ever given an id; exit code 5 when something breaks."""
    from beffroi.contracts import check as judge
    from beffroi.contracts import readership
    from beffroi.settings import load

    _show(judge(readership(load().readers_register), against), form)


def _show(findings: "list[Finding]", form: str) -> None:
    from beffroi.contracts.report import as_json, as_text
    from schemas.evolution import worst

    typer.echo(as_json(findings) if form == "json" else as_text(findings))
    if worst(findings) == "breaking":
        raise typer.Exit(EX_BREAKING)


@app.command("push")
def push(
    url: Annotated[str, typer.Argument(help="Of a registry with Confluent's API.")],
) -> None:
    """Register every version of every contract, held to FULL_TRANSITIVE; again, it changes nothing."""
    from beffroi.settings import load
    from connectors.kafka.registry import push as register

    auth = load().registry_auth
    pushed = register(url, auth.get_secret_value() if auth else None)
    for one in pushed:
        typer.echo(f"{one.id:>4}  {one.contract.name}  {'registered' if one.fresh else 'was there'}")
    if [one.id for one in pushed] != [one.contract.id for one in pushed]:
        typer.echo(
            "The registry gave other ids than the lock file: set BEFFROI_REGISTRY for every process that reads it."
        )


@app.command("usage")
def usage(
    days: Annotated[int, typer.Option(min=1, help="How far back to look.")] = 90,
    form: _Format = "text",
) -> None:
    """Say who still writes and reads which version of which contract, from what lies on the bus."""
    from beffroi import compose
    from beffroi.contracts.usage import as_json, as_text, look
    from beffroi.settings import load
    from schemas.clock import system_clock

    settings = load()
    since: datetime = system_clock() - timedelta(days=days)
    found = look(compose.kafka(settings), settings.topic_prefix, since, settings.readers_register)
    typer.echo(as_json(found) if form == "json" else as_text(found))


@app.command("docs")
def docs(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write; made when it is not there.")],
) -> None:
    """Render the catalogue: contracts, topics and sources as a site, AsyncAPI and JSON Schemas beside it."""
    from beffroi.contracts.site import render
    from beffroi.settings import load

    written = render(folder, load().sources_register)
    typer.echo(f"{written} pages in {folder}: open {folder / 'index.html'}")
