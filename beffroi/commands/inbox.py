"""``beffroi inbox``: files that arrive in a folder go on the bus."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from beffroi.commands.poll import EX_HELD
from beffroi.commands.publish import EX_SOME_REFUSED
from connectors.inbox import Settled

#: sysexits.h, as for a file that ``beffroi publish`` refuses whole.
EX_REFUSED = 65
#: A defect of ours set a file aside.
EX_DEFECT = 70
#: A file or a folder could not be read or moved.
EX_IO = 74


def inbox(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="The inbox: in it a folder for each source, named as the source.")
    ],
    confirm: Annotated[
        str | None, typer.Option(metavar="FILE", help="Take a snapshot that is held because it lost many records.")
    ] = None,
    server: Annotated[
        str | None, typer.Option("--from", metavar="URL", help="Fetch files into it from sftp://user@host/folder.")
    ] = None,
    *,
    once: Annotated[bool, typer.Option("--once", help="Take what lies there, then end: for cron.")] = False,
) -> None:
    """Take partners' files as they arrive, each whole or not at all, and put a receipt beside each.

    DIR/kairos/stagiaires.csv goes through the intake as source kairos and then lies in DIR/kairos/.done; .held waits
    for a human (--confirm), .refused holds what cannot be taken, .failed what we failed on. Formats are those of the
    register of sources. SIGTERM ends it after the file in hand, with exit code 0.

    With --from it first fetches what lies in the server's kairos/ into DIR/kairos, each file whole, and moves it there
    into .done; the server must prove to be the one in BEFFROI_SFTP_KNOWN_HOSTS.

    With --once and --confirm: exit code 0 when all was taken or known, 4 when some records were refused, 5 when a file
    is held, 65 when one was refused whole, 69 when Kafka or the server does not answer, 70 when we failed on one, 74
    when one cannot be read or moved, 77 when the server does not let us in or is another one.
    """
    from beffroi.roles import run_inbox_role
    from beffroi.settings import load

    if once and confirm is not None:
        raise typer.BadParameter("either --once or --confirm", param_hint="--once")
    settled, obstacles = run_inbox_role(load(), folder, once=once, confirm=confirm, server=server)
    for one in settled:
        typer.echo("\n".join(lines(one)))
    for where, reason in sorted(obstacles):
        typer.echo(f"{where}: {reason}", err=True)
    if code := exit_code(settled, blocked=bool(obstacles)):
        raise typer.Exit(code)


def lines(one: Settled) -> list[str]:
    """What became of a file, for people."""
    receipt = one.receipt
    name = f"{receipt['source']}/{receipt['file'] or '(a name that is not repeated)'}"
    if "records" not in receipt:
        return [f"{name}: {one.outcome}: {receipt['message']}", f"  fix: {receipt['fix']}", f"  now {one.target}"]
    found = receipt["records"]
    told = (
        f"{name}: {one.outcome}: {found['received']:,} records, {found['accepted']:,} new or changed, "
        f"{found['duplicate']:,} known, {found['refused']:,} refused, "
        f"{found['withdrawn']:,} withdrawn"
    )
    return [told]


def exit_code(settled: Sequence[Settled], *, blocked: bool) -> int:
    """What the command ends with: the worst of what became of the files."""
    outcomes = {one.outcome for one in settled}
    found = {
        EX_DEFECT: "failed" in outcomes,
        EX_IO: blocked,
        EX_REFUSED: "refused" in outcomes,
        EX_HELD: "held" in outcomes,
        EX_SOME_REFUSED: any(one.receipt.get("records", {}).get("refused") for one in settled),
    }
    return next((code for code, is_so in found.items() if is_so), 0)
