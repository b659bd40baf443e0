"""``beffroi contracts``: the generated models and the lock file."""

from typing import Annotated

import typer

app = typer.Typer(help="Work on the contracts.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep ``generate`` a sub-command although it is alone."""


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
