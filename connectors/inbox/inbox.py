"""The inbox itself: looks, waits until files are whole, takes them one after the other, sets them aside."""

import errno
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from threading import Event
from typing import Any, Final

import structlog

from connectors.files import locked
from connectors.inbox.folder import Found, Stamp, arrivals, held, look, objection, open_file, receipt_of, set_aside
from connectors.inbox.keeping import expired, remove
from connectors.inbox.settling import Settling
from connectors.inbox.taking import OUTCOMES, Route, Taken, take
from connectors.inbox.watching import watching
from connectors.inputs import Input
from connectors.intake import Intake
from monitoring.inbox import InboxHealth, InboxMetrics
from schemas.clock import Clock
from schemas.errors import BeffroiError, FencedError, FileRefused, SettingsError

#: Between two looks for archived files whose time is over: it is counted in days.
_KEEPING_S: Final = 3_600.0
#: Kafka away: asked again after this; each asking waits for an answer some seconds itself.
RETRY_S: Final = 5.0
#: A look at a few folders costs a millisecond: waiting less between two would only spin.
_SHORTEST_WAIT_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Pace:
    """How patient an inbox is.

    Attributes:
        settle_s: A file that did not change for so long is whole.
        scan_s: Between two looks where the system tells of no new files, as on network mounts.
        ticks: Seconds of a clock that is never set back.
        keep: How long files that were taken are kept; None for ever.
    """

    settle_s: float
    scan_s: float
    ticks: Callable[[], float]
    keep: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """A file that was dealt with.

    Attributes:
        outcome: One of ``OUTCOMES``.
        receipt: What its receipt says.
        target: Where it lies now; None when another file took its place meanwhile.
    """

    outcome: str
    receipt: Mapping[str, Any]
    target: Path | None


@contextmanager
def one_inbox(locks: Path, root: Path) -> Iterator[None]:
    """Hold a folder: two inboxes would take each file twice, harmlessly and in vain.

    Args:
        locks: Where locks lie; of this machine, for network mounts lock badly.
        root: The inbox.

    Raises:
        SettingsError: Another process of this machine works there.
    """
    try:
        with locked(_lock(locks, root, "watch"), wait=False):
            yield
    except BlockingIOError:
        raise SettingsError(f"another inbox works in {root}", fix="stop it, or give this one another folder") from None


def _lock(locks: Path, root: Path, what: str) -> Path:
    return locks / f"{sha256(bytes(root.resolve())).hexdigest()[:16]}.{what}"


class Inbox:
    """Takes the files that arrive in a folder.

    Args:
        root: The folder; in it one for each source.
        routes: How to take them, by source.
        intake: The pipeline.
        locks: Folder for locks.
        metrics: Told what happens.
        health: Told as well.
        pace: How patient it is.
        clock: For receipts.
    """

    def __init__(  # noqa: PLR0913  # its world: folder, pipeline, those who are told, time
        self,
        root: Path,
        routes: Mapping[str, Route],
        intake: Intake,
        locks: Path,
        *,
        metrics: InboxMetrics,
        health: InboxHealth,
        pace: Pace,
        clock: Clock,
    ) -> None:
        self._root = root
        self._routes = routes
        self._intake = intake
        self._archive_lock = _lock(locks, root, "archive")
        self._metrics = metrics
        self._health = health
        self._pace = pace
        self._clock = clock
        self._settling = Settling(pace.settle_s)
        self._unmoved: dict[Path, tuple[Stamp, Taken]] = {}
        self._told: set[tuple[str, str]] = set()
        self._kept_at: float | None = None
        self._log = structlog.get_logger(__name__)
        #: What keeps files from being taken or moved, since the last look.
        self.obstacles: set[tuple[str, str]] = set()

    def always(self, stop: Event, woken: Event) -> None:
        """Take what arrives until told to stop; the file in hand is finished.

        Args:
            stop: Set, together with ``woken``, when it shall end.
            woken: Ends the wait between two looks.

        Raises:
            BeffroiError: Something that concerns every file and that waiting does not mend.
        """
        with watching(self._root, stop, woken):
            while not stop.is_set():
                woken.clear()
                pause = self._round(stop)
                if stop.is_set():
                    return
                woken.wait(pause)

    def once(self, stop: Event) -> list[Settled]:
        """Take what lies there and does not grow; what grows is left to the next time.

        Raises:
            BeffroiError: Kafka does not answer, or something else that concerns every file; what is left stays there.
        """
        settled = self.sweep(stop)
        left = self._settling.until_next(self._pace.ticks())
        if left is not None and not stop.wait(left + _SHORTEST_WAIT_S):
            settled += self.sweep(stop)
        return settled

    def confirm(self, name: str) -> Settled:
        """Take a file that was held, though it lost many records.

        Args:
            name: Of the file, or ``SOURCE/.held/NAME``.

        Raises:
            FileRefused: No file of this name is held, or several sources hold one, or it is being changed or cannot be
                read or moved.
            BeffroiError: Kafka does not answer; it is still held.
        """
        path = self._held_file(name)
        try:
            return self._confirmed(name, path)
        except OSError as error:
            reason = (error.strerror or "unknown error").lower()
            raise FileRefused(f"{name} cannot be read or moved: {reason}", fix=f"{_FIX}; then again") from None

    def _confirmed(self, name: str, path: Path) -> Settled:
        found = look(path.parent.parent.name, path)
        taken = take(found, self._route(found.source), self._intake, self._clock(), confirm=True)
        if taken is None:
            raise FileRefused(f"{name} changed while it was read", fix="try again when it is whole")
        settled = self._move(found, taken)
        receipt_of(path).unlink(missing_ok=True)
        return settled

    def sweep(self, stop: Event) -> list[Settled]:
        """One look: deal with every file that is whole, source by source, the oldest data first.

        Raises:
            BeffroiError: As ``always``, and KafkaUnavailable; what is left stays where it is.
        """
        self.obstacles = set()
        self._keep()
        there = [one for source in self._sources() for one in self._arrived(source)]
        due = self._settling.settled(there, self._pace.ticks())
        settled, gone = [], []
        try:
            for one in sorted(due, key=self._order):
                if stop.is_set():
                    break
                done = self._one(one)
                if done is not None:
                    settled.append(done)
                    gone.append(one.path)
        finally:
            oldest = self._settling.oldest(self._pace.ticks(), gone)
            self._metrics.lying(len(there) - len(gone), oldest, len(held(self._root)))
        self._tell_obstacles()
        return settled

    def _keep(self) -> None:
        """Remove archived files whose time is over, now and then."""
        now, keep = self._pace.ticks(), self._pace.keep
        if keep is None or (self._kept_at is not None and now - self._kept_at < _KEEPING_S):
            return
        self._kept_at = now
        with locked(self._archive_lock, wait=True):
            for path in expired(self._root, self._routes, (self._clock() - keep).timestamp()):
                try:
                    remove(path)
                except OSError as error:
                    self._obstacle(path.parent.parent.name, error)
                else:
                    self._log.info("archived file removed", source=path.parent.parent.name, kept_days=keep.days)

    def _round(self, stop: Event) -> float:
        """One look; gives the seconds until the next."""
        try:
            self.sweep(stop)
        except BeffroiError as error:
            if not (error.retriable or isinstance(error, FencedError)):
                raise
            self._health.failed(error.message)
            self._log.warning("inbox waits, nothing moved", reason=error.message, fix=error.fix)
            return RETRY_S
        left = self._settling.until_next(self._pace.ticks())
        return self._pace.scan_s if left is None else max(min(left, self._pace.scan_s), _SHORTEST_WAIT_S)

    def _sources(self) -> list[str]:
        try:
            names = [path.name for path in sorted(self._root.iterdir()) if path.is_dir() and path.name[:1] != "."]
        except OSError as error:
            self._obstacle(str(self._root), error)
            return []
        for name in sorted(set(names) - self._routes.keys()):
            self.obstacles.add((name, "no source of this name is registered with a format that Beffroi takes"))
        return [name for name in names if name in self._routes]

    def _arrived(self, source: str) -> list[Found]:
        try:
            return list(arrivals(self._root / source, source))
        except OSError as error:
            self._obstacle(source, error)
            return []

    def _order(self, found: Found) -> tuple[str, datetime, str]:
        instant = datetime.fromtimestamp(found.stamp.modified / 1e9, UTC)
        try:
            if not objection(found):
                with open_file(found.path) as file:
                    data = Input.of_file(file, found.path.name)
                    instant = self._intake.instant(data, self._routes[found.source].format)
        except (OSError, FileRefused):
            pass  # said when it is taken
        return found.source, instant, found.path.name

    def _one(self, found: Found) -> Settled | None:
        """Take and move a file; None when it stays where it is."""
        try:
            taken = self._taken(found)
            settled = None if taken is None else self._move(found, taken)
        except FileNotFoundError:
            settled = None
        except OSError as error:
            self._obstacle(f"{found.source}/{found.path.name}" if not objection(found) else found.source, error)
            return None
        self._unmoved.pop(found.path, None)
        if settled is None:
            self._log.info("file changed or went meanwhile", source=found.source)
        return settled

    def _taken(self, found: Found) -> Taken | None:
        stamp, taken = self._unmoved.get(found.path, (None, None))
        if taken is None or stamp != found.stamp:
            taken = take(found, self._routes[found.source], self._intake, self._clock())
            if taken is not None:  # what is on the bus is not published again and again while the disk is full
                self._unmoved[found.path] = found.stamp, taken
        return taken

    def _move(self, found: Found, taken: Taken) -> Settled:
        with locked(self._archive_lock, wait=True):
            target = set_aside(found, OUTCOMES[taken.outcome], taken.receipt)
        if target is not None:
            self._metrics.settled(taken.outcome)
        told = {name: taken.receipt[name] for name in ("source", "records", "message", "fix") if name in taken.receipt}
        say = self._log.info if taken.outcome in {"taken", "known"} else self._log.warning
        say(f"file {taken.outcome}", now=str(target), **told)
        return Settled(taken.outcome, taken.receipt, target)

    def _obstacle(self, where: str, error: OSError) -> None:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        reason = "no space left for the receipt" if full else (error.strerror or "unknown error").lower()
        self.obstacles.add((where, reason))

    def _tell_obstacles(self) -> None:
        """Each one once, until it is gone."""
        for where, reason in sorted(self.obstacles - self._told):
            self._log.error("file or folder stays where it is", where=where, reason=reason, fix=_FIX)
        self._told = set(self.obstacles)
        if self.obstacles:
            where, reason = min(self.obstacles)
            self._health.failed(f"{where}: {reason}")
        else:
            self._health.well()

    def _route(self, source: str) -> Route:
        if source not in self._routes:
            raise FileRefused(f"no source {source} is registered", fix="see schemas/registers/sources.toml")
        return self._routes[source]

    def _held_file(self, name: str) -> Path:
        files = held(self._root)
        matching = [
            path
            for path in files
            if name in {path.name, str(path.relative_to(self._root))} or Path(name).absolute() == path.absolute()
        ]
        if len(matching) != 1:
            raise FileRefused(
                f"{len(matching)} of the {len(files)} files held in {self._root} have this name",
                fix="give one of them as SOURCE/.held/FILE",
            )
        return matching[0]


_FIX: Final = "give the inbox's user the right to read and write there, free some space, or rename the folder"
