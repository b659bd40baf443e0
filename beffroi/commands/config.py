"""``beffroi config``: what is set, and where each value came from."""

import os

import typer
from rich.console import Console
from rich.table import Table

from beffroi.settings import load, origins

app = typer.Typer(help="Look at the settings.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep ``show`` a sub-command although it is alone."""


@app.command("show")
def show() -> None:
    """Print every setting, its value and where the value comes from; secrets show as stars."""
    table = Table("setting", "value", "from", box=None, pad_edge=False)
    for origin in origins(load(), os.environ):
        table.add_row(origin.name, origin.value, origin.origin)
    Console(soft_wrap=True).print(table)
