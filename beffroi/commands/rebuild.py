"""``beffroi views rebuild``: what readers see, made anew."""

import time
from typing import Annotated, Literal

import typer

#: sysexits.h EX_TEMPFAIL: the new generation waits for a worker that takes it up.
EX_WAITING = 75


def rebuild(
    name: Annotated[
        Literal["exits", "sessions"], typer.Argument(metavar="NAME", help="Whose rows to show: exits or sessions.")
    ],
    *,
    apply: Annotated[
        bool, typer.Option("--apply", help="Build it beside the present one and put it in its place.")
    ] = False,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for a worker that takes it up.")] = 300.0,
) -> None:
    """Count the views anew from the events, with today's tables and settings, and say what differs and why.

    The views exits and sessions stand on the same state and are rebuilt together. Nothing changes without --apply;
    with it readers pass from the old rows to the new ones at one moment, and feeds are told to start again. Exit code
    75 when another rebuild is under way, or when no worker took the new generation up in time.
    """
    from beffroi import compose
    from beffroi.roles import configure_logs
    from beffroi.settings import load
    from streams.rebuild.report import Comparison, render
    from streams.release.disclosure import Disclosure

    settings = load()
    configure_logs(settings)
    rule = Disclosure(settings.disclosure_base, settings.disclosure_threshold)
    work = compose.rebuild(settings, compose.kafka(settings))

    def tell(found: Comparison) -> None:
        typer.echo(render(found, name, rule))

    if not apply:
        tell(work.compare())
        typer.echo(f"nothing was changed; `beffroi views rebuild {name} --apply` does it")
    elif work.apply(tell, time.sleep, wait):
        typer.echo("readers have it")
    else:
        typer.echo("it is in force, and readers get it as soon as a worker runs: `beffroi worker`", err=True)
        raise typer.Exit(EX_WAITING)
