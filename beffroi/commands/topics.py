"""``beffroi topics``: the catalogue against the cluster."""

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from connectors.kafka.admin import Plan

app = typer.Typer(help="Compare the topics of the cluster with the catalogue, and create what is missing.")


@app.command("plan")
def plan() -> None:
    """Print what `apply` would do."""
    _show(_plan())


@app.command("apply")
def apply() -> None:
    """Create missing topics and correct their settings; never changes a partition count."""
    from beffroi import compose
    from beffroi.settings import load

    settings = load()
    _show(compose.apply_topics(settings, compose.kafka(settings)))


def _plan() -> "Plan":
    from beffroi import compose
    from beffroi.settings import load

    settings = load()
    return compose.plan_topics(settings, compose.kafka(settings))


def _show(plan: "Plan") -> None:
    for line in plan.lines():
        typer.echo(line)
