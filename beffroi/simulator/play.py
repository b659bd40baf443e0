"""The partners of the invented region at work: a first snapshot, then a file now and then."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import structlog

from beffroi.simulator.files import file_name, write_file
from beffroi.simulator.region import GROUP, Region
from connectors.intake import Intake
from schemas.clock import Clock, paris_day
from schemas.errors import BeffroiError
from schemas.territory.areas import Territory

#: Sessions of a region of scale 1.
SESSIONS = 500
#: A file that arrives late tells what was so this long ago.
LATE = timedelta(days=3)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A file that a partner hands over.

    Attributes:
        path: The file.
        story: What it tells.
        snapshot: It is the source's whole truth.
    """

    path: Path
    story: str
    snapshot: bool = False


def write_region(folder: Path, *, seed: int, today: date, rows: int, territory: Territory) -> Path:
    """Write one file of about that many rows; its name is free of a date, so ``--as-of`` may give one."""
    sessions = max(1, round(rows / (sum(GROUP) / 2)))
    region = Region(seed, today, territory, sessions)
    return write_file(folder / "stagiaires-pe.csv", region.sessions)


def deliveries(region: Region, folder: Path, now: Clock) -> Iterator[Delivery]:
    """The files of a region, without end: a snapshot first, then the turns of its life."""

    def path(instant: datetime) -> Path:
        return folder / file_name(instant)

    yield Delivery(write_file(path(now()), region.sessions), "the whole region", snapshot=True)
    while True:
        before = list(region.sessions)
        yield Delivery(write_file(path(now()), region.move_dates()), "sessions end later")
        yield Delivery(write_file(path(now()), region.open_sessions()), "new sessions")
        yield Delivery(write_file(path(now()), region.pick(5) + region.pick(3)), "rows that are known already")
        region.drop_out()
        region.cancel()
        yield Delivery(write_file(path(now()), region.sessions), "people and a session are gone", snapshot=True)
        yield Delivery(write_file(path(now() - LATE), before[:20]), "a file that arrives late")


def simulate(
    intake: Intake, files: Iterable[Delivery], *, steps: int | None, pause_s: float, wait: Callable[[float], bool]
) -> None:
    """Publish files until told to stop.

    Args:
        intake: The same pipeline as everyone's.
        files: What the partners hand over.
        steps: Files after the first; None for no end.
        pause_s: Seconds between two.
        wait: Waits; True when it is time to stop.
    """
    for number, delivery in enumerate(files):
        try:
            report = intake.publish_file(
                delivery.path, "kairos-csv", snapshot=delivery.snapshot, confirm=delivery.snapshot
            )
            log.info("file published", story=delivery.story, rows=report.rows, accepted=report.accepted)
        except BeffroiError as error:
            log.warning("file not published", story=delivery.story, error=str(error))
        if (steps is not None and number >= steps) or wait(pause_s):
            return


def make_region(seed: int, territory: Territory, scale: float, clock: Clock) -> Region:
    """A region of about ``scale`` times 500 sessions, its dates around today."""
    return Region(seed, paris_day(clock()), territory, round(SESSIONS * scale))
