"""The ``beffroi`` command: its tree of commands, and how it tells errors."""

import errno
import sys
from typing import NoReturn

import typer
from rich.console import Console

from beffroi.commands import (
    audit,
    check,
    config,
    contracts,
    inbox,
    partner,
    poll,
    processes,
    publish,
    quarantine,
    rebuild,
    topics,
    views,
)
from schemas.errors import BeffroiError

#: sysexits.h: the disk is full, or a file cannot be created.
EX_CANTCREAT = 73
#: 128 + SIGINT: what shells report for a command that Ctrl-C ended.
EX_INTERRUPTED = 130

app = typer.Typer(
    name="beffroi",
    help="The event bus of a regional employment pact: who finishes training near here, when, and in which trade.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(processes.demo)
app.command("up")(processes.up)
app.command("down")(processes.down)
app.command("worker")(processes.worker)
app.command("portal")(processes.portal)
app.command("gateway")(processes.gateway)
app.command("relay")(processes.relay)
app.command("watch")(processes.watch)
app.command("simulate")(processes.simulate)
app.command("publish")(publish.publish)
app.command("check")(check.check)
app.command("poll")(poll.poll)
app.command("inbox")(inbox.inbox)
app.command("audit")(audit.audit)
app.add_typer(partner.app, name="partner")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(topics.app, name="topics")
views.app.command("rebuild")(rebuild.rebuild)
app.add_typer(views.app, name="views")
app.add_typer(contracts.app, name="contracts")
app.add_typer(config.app, name="config")


def main() -> None:
    """Run a command; every error of ours is a sentence and a way out on stderr, never a traceback."""
    try:
        app()
    except BeffroiError as error:
        _fail(error.message, error.fix, error.exit_code)
    except KeyboardInterrupt:
        sys.exit(EX_INTERRUPTED)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        _fail(f"no space left on the disk of {error.filename or 'the data folder'}", "free some, then run it again")


def _fail(message: str, fix: str, exit_code: int = EX_CANTCREAT) -> NoReturn:
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(f"[bold red]error:[/] {_plain(message)}")
    if fix:
        console.print(f"  fix: {_plain(fix)}")
    sys.exit(exit_code)


def _plain(text: str) -> str:
    """Text that rich must not read as markup."""
    return text.replace("[", "\\[")
