"""``beffroi demo``, ``up`` and ``down``: everything on one machine, told line by line."""

import json
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import FrameType
from typing import NoReturn

from rich.console import Console

from beffroi.embedded import Identity
from beffroi.settings import Settings
from beffroi.simulator import TRADE_TABLE
from beffroi.stack import Stack, Steps, stop_running
from monitoring.logs import configure
from schemas.clock import paris_day, system_clock
from schemas.errors import BeffroiError

#: The first files of the invented region are on the page well within this.
FIRST_COUNTS_PATIENCE_S = 120.0
#: Rows of the file that a newcomer is invited to publish.
SAMPLE_ROWS = 240


class AlreadyRunning(BeffroiError):
    """Another ``beffroi up`` or ``demo`` holds the data folder."""

    exit_code = 75


def run_up(settings: Settings) -> None:
    """Everything but the invented partners, until Ctrl-C."""
    with _running(settings) as (stack, steps):
        _invite(steps, settings, None)
        stack.watch()


def run_demo(settings: Settings, *, seed: int, pause_s: float, scale: float) -> None:
    """Everything and an invented region, until Ctrl-C."""
    shown = settings.model_copy(update={"trade_table": settings.trade_table or TRADE_TABLE})
    with _running(shown) as (stack, steps):
        command = ["simulate", "--seed", str(seed), "--pause", str(pause_s), "--scale", str(scale)]
        with steps.under_way("publishing the files of an invented region"):
            stack.add("partners", command)
            count = _await_counts(shown)
        steps.say(f"the page shows counts: about {count:,} people finish a training within 90 days")
        _invite(steps, shown, _sample(shown, seed))
        stack.watch()


@contextmanager
def _running(settings: Settings) -> Iterator[tuple[Stack, Steps]]:
    """The stack with its state file, until a signal; says when the end is reached."""
    configure("WARNING", json=False)
    steps = Steps(Console(soft_wrap=True), time.monotonic)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    with _state_file(settings):
        try:
            with Stack(settings, steps) as stack:
                try:
                    yield stack, steps
                except KeyboardInterrupt:
                    steps.say("stopping")
        except KeyboardInterrupt:
            steps.say("interrupted while starting")
    steps.say("everything is stopped")


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    """The first signal ends the run; while things are being stopped, further ones change nothing."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


@contextmanager
def _state_file(settings: Settings) -> Iterator[None]:
    path = settings.data_dir / "stack.json"
    other = _holder(path)
    if other is not None:
        raise AlreadyRunning(
            f"Beffroi already runs on {settings.data_dir} (process {other.pid})",
            fix="use it, stop it with `beffroi down`, or set BEFFROI_DATA_DIR to another folder",
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(Identity.of(os.getpid()).as_dict()))
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _holder(path: Path) -> Identity | None:
    """The living process that a state file names; None for a stale or broken file."""
    try:
        identity = Identity.from_dict(json.loads(path.read_text()))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return identity if identity.alive else None


def run_down(settings: Settings, *, wipe: bool) -> None:
    """Stop what runs on the data folder, and remove the folder when asked."""
    console = Console(soft_wrap=True)
    holder = _holder(settings.data_dir / "stack.json")
    if holder is None:
        console.print("nothing runs here")
    elif stop_running(holder, threading.Event().wait):
        console.print("stopped")
    else:
        raise AlreadyRunning(f"process {holder.pid} does not stop", fix=f"end it by hand: kill -9 {holder.pid}")
    if wipe and settings.data_dir.exists():
        shutil.rmtree(settings.data_dir)
        console.print(f"removed {settings.data_dir}")


def _await_counts(settings: Settings) -> int:
    """The headline once the first file is wholly counted: the same number twice in a row."""
    pause = threading.Event()
    deadline = time.monotonic() + FIRST_COUNTS_PATIENCE_S
    last = 0
    while time.monotonic() < deadline:
        count = _headline(settings)
        if count and count == last:
            return count
        last = count
        pause.wait(0.5)
    raise BeffroiError(
        "the first files did not reach the page in time",
        fix=f"look at the logs in {settings.data_dir / 'logs'}",
    )


def _headline(settings: Settings) -> int:
    """What the portal says of the whole region's next 90 days; 0 while it says nothing."""
    connection = HTTPConnection(settings.portal_host, settings.portal_port, timeout=2.0)
    try:
        connection.request("GET", f"/v1/views/exits.json?area=region:{settings.region}&trade=all&window=P90D")
        body = json.loads(connection.getresponse().read())
        return int(body["rows"][0]["count"]["value"] or 0) if body.get("rows") else 0
    except (OSError, HTTPException, ValueError, KeyError, TypeError):
        return 0
    finally:
        connection.close()


def _sample(settings: Settings, seed: int) -> Path:
    """A fresh file that a newcomer may publish to see the page change."""
    from beffroi import compose
    from beffroi.simulator import write_region

    folder = settings.data_dir / "try-me"
    today = paris_day(system_clock())
    return write_region(folder, seed=seed + 1, today=today, rows=SAMPLE_ROWS, territory=compose.territory(settings))


def _invite(steps: Steps, settings: Settings, sample: Path | None) -> None:
    page = f"http://{settings.portal_host}:{settings.portal_port}"
    command = _command()
    steps.say(f"ready: {page}/")
    file = f"{sample} --as-of now" if sample else "FILE"  # a whole file of the region that came since has none of it
    lines = [
        f"  publish a file    {command} publish kairos-csv {file}",
        f"  post to it        http://{settings.gateway_host}:{settings.gateway_port}/openapi.json  (docs/partners.md)",
        f"  read the view     curl -s '{page}/v1/views/exits.csv?area=region:{settings.region}&window=P30D'",
        f"  follow it live    curl -sN '{page}/v1/views/exits/stream?area=region:{settings.region}'",
        f"  stop              Ctrl-C here, or {command} down",
    ]
    print("\n" + "\n".join(lines) + "\n", flush=True)  # noqa: T201  # plain, so that it can be copied


def _command() -> str:
    """How the reader's shell calls us: by the path that needs no activated environment."""
    script = Path(sys.executable).parent / "beffroi"
    try:
        return str(script.relative_to(Path.cwd()))
    except ValueError:
        return str(script)
