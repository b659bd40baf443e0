"""``beffroi quarantine``: what could not be taken, and what becomes of it."""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from beffroi.commands.publish import EX_SOME_REFUSED
from schemas.clock import PARIS

if TYPE_CHECKING:
    from beffroi.compose import Workplace
    from connectors.quarantine import Aside, Done, Picked

app = typer.Typer(help="What could not be taken: look at it, correct it, publish it, or drop it.", no_args_is_help=True)

_ID_SHOWN = 8
_NOTHING = (None, "")
_Ids = Annotated[list[str] | None, typer.Argument(metavar="ID", help="Of records; the beginning is enough.")]
_Source = Annotated[str | None, typer.Option(help="Only this feed.")]
_Partner = Annotated[str | None, typer.Option(help="Only feeds of partners whose name holds this.")]
_Field = Annotated[str | None, typer.Option(help="Only where this field is wrong.")]
_Code = Annotated[str | None, typer.Option(help="Only this cause.")]
_Dry = Annotated[bool, typer.Option("--dry-run", help="Say what would become of each; publish nothing.")]


@app.command()
def ls(
    source: _Source = None, partner: _Partner = None, field: _Field = None, code: _Code = None, *,
    records: Annotated[bool, typer.Option("--records", help="Each record, with its id, instead of groups.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:  # fmt: skip
    """List what waits, by partner, source, field and cause; never what a record holds."""
    from connectors.quarantine import grouped

    place = _place()
    found = place.bench.open(_picked(place, (), source, partner, field, code))
    rows = [_record(place, one) for one in found] if records else [
        {
            "partner": place.partner(group.source), "source": group.source, "field": group.field, "code": group.code,
            "records": group.count, "kept": group.sealed, "first": _when(group.first_at), "last": _when(group.last_at),
            "what": group.message,
        }
        for group in grouped(found)
    ]  # fmt: skip
    typer.echo(
        "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows) if as_json else _table(rows), nl=False
    )
    typer.echo(f"waiting: {len(found):,}", err=True)


@app.command()
def show(
    record: Annotated[str, typer.Argument(metavar="ID", help="Of the record; its beginning is enough.")], *,
    content: Annotated[
        bool, typer.Option("--content", help="The record itself, as the partner sent it, names of people included.")
    ] = False,
) -> None:  # fmt: skip
    """Show what is wrong with a record; with --content, the record alone in a file of its format, on stdout."""
    from connectors.quarantine import Picked

    place = _place()
    (one,) = place.bench.open(Picked((record,)))
    if content:
        sys.stdout.buffer.write(place.bench.content(one))
        return
    typer.echo(
        "\n".join(f"{name:<10} {value}" for name, value in _details(place, one).items() if value not in _NOTHING)
    )


@app.command()
def fix(
    record: Annotated[str, typer.Argument(metavar="ID", help="Of the record; its beginning is enough.")],
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="A column or JSON pointer and its right value; may repeat."),
    ] = None,
    file: Annotated[Path | None, typer.Option(help="The corrected record instead, as --content wrote it.")] = None,
    *,
    dry_run: _Dry = False,
) -> None:
    """Correct a record and publish it through the pipeline, under the instant of the data that it came with.

    Exit code 0 when it is dealt with, 4 when it is still refused and stays where it is.
    """
    from connectors.quarantine import Picked, mended

    if bool(changes) == bool(file):
        raise typer.BadParameter("either --set or --file", param_hint="--set")
    place = _place()
    (one,) = place.bench.open(Picked((record,)))
    given = dict(_change(text) for text in changes or ())
    content = file.read_bytes() if file else mended(place.bench.content(one), given)
    done = place.bench.fix(place.intake(), one, content, given or ["(the whole record)"], dry_run=dry_run)
    _tell([done], dry_run=dry_run)


@app.command()
def replay(  # noqa: PLR0913  # the options of a command
    ids: _Ids = None, source: _Source = None, partner: _Partner = None, field: _Field = None, code: _Code = None, *,
    everything: Annotated[bool, typer.Option("--all", help="Everything that waits.")] = False, dry_run: _Dry = False,
) -> None:  # fmt: skip
    """Publish records as they were sent: after a mend of Beffroi, of a table or of a register. Try --dry-run first.

    Events that a worker set aside are offered to the workers again, as the bus holds them; one that fails once more is
    listed anew.

    What newer data of their source say already is closed without an event. Exit code 0 when all are dealt with, 4 when
    some are still refused and stay where they are.
    """
    place = _place()
    found = _chosen(place, ids, source, partner, field, code, everything=everything)
    _tell(place.bench.replay(place.intake(), found, dry_run=dry_run), dry_run=dry_run)


@app.command()
def drop(  # noqa: PLR0913  # the options of a command
    ids: _Ids = None, source: _Source = None, partner: _Partner = None, field: _Field = None, code: _Code = None, *,
    everything: Annotated[bool, typer.Option("--all", help="Everything that waits.")] = False, dry_run: _Dry = False,
) -> None:  # fmt: skip
    """Close records without publishing them: they are no longer listed. The sealed content ages out with the topic."""
    place = _place()
    found = _chosen(place, ids, source, partner, field, code, everything=everything)
    if not dry_run:
        place.bench.drop(found)
    typer.echo(f"{'would be ' if dry_run else ''}dropped: {len(found):,}")


@app.command("rotate-key")
def rotate_key() -> None:
    """Begin a new key: it seals what comes from now on. Processes that run take it when they start again."""
    from beffroi.settings import load
    from connectors.sealing import add_key

    path = load().quarantine_key_file
    typer.echo(f"{path}: key {add_key(path).current} seals now; remove older lines once nothing they sealed waits")


def _place() -> "Workplace":
    from beffroi import compose
    from beffroi.settings import load

    settings = load()
    return compose.workplace(settings, compose.kafka(settings))


def _picked(  # the options of three commands
    place: "Workplace", ids: Sequence[str], source: str | None, partner: str | None, field: str | None, code: str | None
) -> "Picked":
    from connectors.quarantine import Picked

    sources = None if partner is None else place.sources_of(partner)
    if source is not None:
        sources = frozenset({source}) if sources is None else sources & {source}
    return Picked(tuple(ids), sources, field, code)


def _chosen(  # noqa: PLR0913  # the same
    place: "Workplace", ids: Sequence[str] | None, source: str | None, partner: str | None, field: str | None,
    code: str | None, *, everything: bool,
) -> list["Aside"]:  # fmt: skip
    picked = _picked(place, ids or (), source, partner, field, code)
    if picked.is_all and not everything:
        raise typer.BadParameter("say which: ids, --source, --partner, --field, --code, or --all", param_hint="ID")
    return place.bench.open(picked)


def _change(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise typer.BadParameter("write it as FIELD=VALUE", param_hint="--set")
    return name, value


def _record(place: "Workplace", one: "Aside") -> dict[str, Any]:
    return {
        "id": one.record_id[:_ID_SHOWN], "partner": place.partner(one.source), "source": one.source, "file": one.file,
        "line": one.line, "field": one.pointer, "code": one.code, "times": one.times, "first": _when(one.first_at),
        "kept": "yes" if one.sealed else "no",
    }  # fmt: skip


def _details(place: "Workplace", one: "Aside") -> dict[str, Any]:
    kept = f"sealed with key {one.sealed.key_id}: --content shows it" if one.sealed else "not kept"
    return {
        "id": one.record_id, "partner": place.partner(one.source), "source": one.source, "format": one.format,
        "file": one.file, "line": one.line, "field": one.pointer, "code": one.code, "what": one.message,
        "looks like": one.shape, "fix": one.fix, "problems": one.problems,
        "data of": one.data_as_of and _when(one.data_as_of), "first": _when(one.first_at), "last": _when(one.last_at),
        "times": one.times, "codes": one.content, "content": kept,
    }  # fmt: skip


def _when(instant: datetime) -> str:
    return f"{instant.astimezone(PARIS):%Y-%m-%d %H:%M}"


def _table(rows: Sequence[dict[str, Any]]) -> str:
    if not rows:
        return "nothing waits\n"
    lines = [list(rows[0]), *(["" if value is None else str(value) for value in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "".join("  ".join(map(str.ljust, line, widths)).rstrip() + "\n" for line in lines)


_WORDS = {
    "REPLAYED": "published", "KNOWN": "known to the bus already", "OVERTAKEN": "overtaken by data as new or newer",
}  # fmt: skip


def _tell(done: Iterable["Done"], *, dry_run: bool) -> None:
    """What became of each; ends with 4 when some stay."""
    outcomes, stay = Counter[str](), 0
    for one in done:
        outcomes[one.outcome] += 1
        if not one.outcome:
            stay += 1
            typer.echo(f"{one.record.record_id[:_ID_SHOWN]} stays: {one.why}\n  fix: {one.fix}")
    would = "would be " if dry_run else ""
    for outcome, words in _WORDS.items():
        typer.echo(f"{outcomes[outcome]:>8,} {would}{words}")
    typer.echo(f"{stay:>8,} stay")
    if stay:
        raise typer.Exit(EX_SOME_REFUSED)
