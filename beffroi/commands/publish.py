"""``beffroi publish``: a partner's file goes on the bus."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

#: Some rows were refused, the others were taken.
EX_SOME_REFUSED = 4


def publish(  # noqa: PLR0913  # the options of a command
    format_name: Annotated[
        str, typer.Argument(metavar="FORMAT", help="How the file is written, for instance kairos-csv.")
    ],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The partner's file.")],
    source: Annotated[str | None, typer.Option(help="The feed it belongs to; the format's own when left out.")] = None,
    as_of: Annotated[
        str | None,
        typer.Option(help="The data's instant, ISO 8601 or now, when the file's name does not say it."),
    ] = None,
    *,
    snapshot: Annotated[
        bool,
        typer.Option("--snapshot", help="The file is the source's whole truth: what it no longer holds is withdrawn."),
    ] = False,
    confirm: Annotated[
        bool,
        typer.Option("--confirm", help="Take a snapshot that was held because it lost too many rows."),
    ] = False,
    atomic: Annotated[bool, typer.Option("--atomic", help="Take every row, or none when one is refused.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would become of each row, publish nothing.")
    ] = False,
) -> None:
    """Publish a partner's file and say what became of each row.

    Exit code 0 when every row was taken or known, 4 when some were refused, 65 when the file was refused whole,
    5 when it is held for a human, 69 when Kafka does not answer.
    """
    from beffroi import compose
    from beffroi.settings import load
    from connectors.report import render

    settings = load()
    intake = compose.intake(settings, compose.kafka(settings))
    report = intake.publish_file(
        file,
        format_name,
        source=source,
        as_of=instant(as_of),
        snapshot=snapshot,
        confirm=confirm,
        atomic=atomic,
        dry_run=dry_run,
    )
    typer.echo(render(report))
    if report.refused:
        raise typer.Exit(EX_SOME_REFUSED)


def instant(text: str | None) -> datetime | None:
    """What ``--as-of`` says; Europe/Paris without offset."""
    from connectors.formats.values import Fault, to_instant
    from schemas.clock import system_clock

    if text is None:
        return None
    if text == "now":
        return system_clock()
    found = to_instant(text)
    if isinstance(found, Fault):
        raise typer.BadParameter("write it as 2026-11-23, 2026-11-23T08:00:00+01:00 or now", param_hint="--as-of")
    return found
