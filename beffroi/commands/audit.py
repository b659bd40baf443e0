"""``beffroi audit``: the workers' cells against an independent recount of the events."""

import typer


def audit() -> None:
    """Recount every cell from the events by independent code, and say which differ from the log.

    Reads only, and may run while workers do: each partition is compared at one cut. Exit code 0 when no cell differs,
    1 when some do.
    """
    from beffroi import compose
    from beffroi.settings import load

    settings = load()
    differing = 0
    for found in compose.audit(settings, compose.kafka(settings)):
        differing += len(found.differences)
        unread = f", {found.unreadable:,} cannot be read" if found.unreadable else ""
        typer.echo(
            f"partition {found.partition}: {found.events:,} events before offset {found.cut:,}{unread}; "
            f"{found.cells:,} cells, {len(found.differences):,} differ"
        )
        for (view, cell), kind in found.differences:
            typer.echo(f"  {view} {cell}: {kind}")
    typer.echo(f"{differing:,} cells differ")
    if differing:
        typer.echo("fix: `beffroi views rebuild exits` says why, with --apply it makes them anew", err=True)
        raise typer.Exit(1)
