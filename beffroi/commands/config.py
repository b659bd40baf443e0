"""``beffroi config``: what is set, and where each value came from."""

import os

import typer

from beffroi.settings import load, origins

app = typer.Typer(help="Look at the settings.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep ``show`` a sub-command although it is alone."""


@app.command("show")
def show() -> None:
    """Print every setting, its value and where the value comes from; secrets show as stars."""
    found = origins(load(), os.environ)
    name, value = (max(len(getattr(one, field)) for one in found) for field in ("name", "value"))
    for one in found:
        typer.echo(f"{one.name:<{name}}  {one.value:<{value}}  {one.origin}")
