"""``beffroi demo``, ``up``, ``down``, ``worker``, ``portal``, ``gateway``, ``relay``, ``watch``, ``simulate``."""

from pathlib import Path
from typing import Annotated

import typer


def worker() -> None:
    """Run one worker: it keeps the views of its share of the partitions, and the release when it is its turn."""
    from beffroi.roles import run_worker_role
    from beffroi.settings import load

    run_worker_role(load())


def portal() -> None:
    """Run the portal: pages, data and live feeds."""
    from beffroi.roles import run_portal_role
    from beffroi.settings import load

    run_portal_role(load())


def gateway() -> None:
    """Run the gateway: partners publish over HTTP and get a verdict on each record."""
    from beffroi.roles import run_gateway_role
    from beffroi.settings import load

    run_gateway_role(load())


def relay() -> None:
    """Take what partners who speak Kafka write to their topics, and put a verdict on each record on another."""
    from beffroi.roles import run_relay_role
    from beffroi.settings import load

    run_relay_role(load())


def watch() -> None:
    """Watch over sources and quarantine: who is silent, what waits, in /metrics and on the bus."""
    from beffroi.roles import run_watch_role
    from beffroi.settings import load

    run_watch_role(load())


def simulate(
    seed: Annotated[int, typer.Option(help="The same seed gives the same region.")] = 1,
    pause: Annotated[float, typer.Option(min=0, help="Seconds between two files.")] = 10.0,
    steps: Annotated[
        int | None, typer.Option(min=0, help="Files after the first ones; without end when absent.")
    ] = None,
    scale: Annotated[float, typer.Option(min=0.01, help="1 is about 500 sessions.")] = 1.0,
    folder: Annotated[Path | None, typer.Option(help="Where the files go; in the data folder when left out.")] = None,
) -> None:
    """Play partners who publish files of an invented region."""
    from beffroi.roles import run_simulator_role
    from beffroi.settings import load

    run_simulator_role(load(), seed=seed, pause_s=pause, steps=steps, scale=scale, folder=folder)


def up() -> None:
    """Run everything on this machine: Kafka (embedded unless one is given), worker, portal. Ctrl-C stops it all."""
    from beffroi.demo import run_up
    from beffroi.settings import load

    run_up(load())


def demo(
    seed: Annotated[int, typer.Option(help="The same seed gives the same region.")] = 1,
    pause: Annotated[float, typer.Option(min=0, help="Seconds between two files of the invented partners.")] = 10.0,
    scale: Annotated[float, typer.Option(min=0.01, help="1 is about 500 sessions.")] = 1.0,
) -> None:
    """Run everything on this machine and play an invented region. Ctrl-C stops it all."""
    from beffroi.demo import run_demo
    from beffroi.settings import load

    run_demo(load(), seed=seed, pause_s=pause, scale=scale)


def down(
    *,
    wipe: Annotated[
        bool, typer.Option("--wipe", help="Also remove the data folder: topics, files, logs, key.")
    ] = False,
) -> None:
    """Stop what runs on this machine; nothing is lost unless --wipe."""
    from beffroi.demo import run_down
    from beffroi.settings import load

    run_down(load(), wipe=wipe)
