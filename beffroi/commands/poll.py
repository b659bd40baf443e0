"""``beffroi poll``: what a partner's API lists goes on the bus."""

import re
from datetime import timedelta
from typing import Annotated

import typer

from beffroi.commands.publish import EX_SOME_REFUSED
from connectors.pollers import Swept

#: sysexits.h: try again later. The list was empty or moved while it was read: nothing was withdrawn.
EX_INCOMPLETE = 75
#: As ``beffroi publish``: the withdrawals wait for a human.
EX_HELD = 5

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours"}


def poll(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="offres, evenements or data-inclusion.")],
    every: Annotated[
        str | None, typer.Option(metavar="TIME", help="Poll again and again: 1h, 30m, 90s between two sweeps.")
    ] = None,
    *,
    once: Annotated[bool, typer.Option("--once", help="Poll once; so it does without --every.")] = False,
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Take withdrawals that were held because there are many.")
    ] = False,
) -> None:
    """Read everything that a partner's API lists of this region, and publish it.

    What the API no longer lists is withdrawn, when every page was read whole. A poll that was killed goes on where it
    was. Credentials come from settings: see docs/pollers.md.

    Exit code 0 when all was taken, 4 when some records were refused, 5 when withdrawals are held for a human, 75 when
    the list was empty or moved while it was read and nothing was withdrawn, 69 when API or Kafka do not answer, 76 when
    the API changed, 77 when it refuses us, 78 when a setting is wrong.
    """
    from beffroi.roles import run_poll_role
    from beffroi.settings import load

    if once and every is not None:
        raise typer.BadParameter("either --once or --every", param_hint="--once")
    swept = run_poll_role(load(), source, every=time_of(every) if every else None, confirm=confirm)
    if swept is None:
        return
    typer.echo("\n".join(lines(source, swept)))
    if code := exit_code(swept):
        raise typer.Exit(code)


def lines(source: str, swept: Swept) -> list[str]:
    """What became of a sweep, for people."""
    found = swept.delivered
    told = (
        f"{source}: {swept.records:,} records, {found.accepted:,} new or changed, {found.duplicate:,} known, "
        f"{found.refused:,} refused, {found.withdrawn:,} withdrawn; the sweep was {swept.outcome}"
    )
    if found.held:
        return [told, f"held: {found.held}", "  fix: look at what the source lists, then poll with --confirm"]
    return [told]


def exit_code(swept: Swept) -> int:
    """What the command ends with."""
    unfinished = {"held": EX_HELD, "incomplete": EX_INCOMPLETE, "empty": EX_INCOMPLETE}
    return unfinished.get(swept.outcome, EX_SOME_REFUSED if swept.delivered.refused else 0)


def time_of(text: str) -> timedelta:
    """The time that a text such as ``1h``, ``30m`` or ``90s`` says; raises typer.BadParameter."""
    found = re.fullmatch(r"([1-9]\d{0,5})([smh])", text)
    if not found:
        raise typer.BadParameter("write it as 1h, 30m or 90s", param_hint="--every")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})
