"""Files that wait at a partner's SFTP server come into the inbox's own folder, whole, and are taken like any other."""

import asyncio
import os
import stat
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import IO, TYPE_CHECKING, Final, cast

import structlog

from connectors.inbox.folder import DONE, UNFINISHED, Found, Stamp, objection
from connectors.inbox.settling import Settling
from connectors.inbox.sftp import Server
from connectors.inbox.watching import beside
from monitoring.inbox import InboxHealth, InboxMetrics
from schemas.errors import BeffroiError, SourceUnavailable

if TYPE_CHECKING:
    from asyncssh import SFTPClient, SFTPName

#: Hidden, so that the inbox does not look at what is not whole.
_FETCHING: Final = ".fetching-"
_CHUNK: Final = 1 << 18
#: One chunk on a bad line takes seconds; a server that is silent for longer has gone.
_CHUNK_S: Final = 60.0
#: The largest feed that is known has 2 GB; a longer file is a mistake or an attack on the disk.
_MOST_BYTES: Final = 4 << 30
#: Names tried for a file at the server whose name is taken among those that were fetched.
_NAMES: Final = 1_000


class Fetcher:
    """Fetches from one server.

    A file is fetched once it did not change for a while, into a hidden file, compared with what the server says of it
    afterwards, renamed into the inbox and then moved into ``.done`` at the server. Killed between any two of these it
    is fetched again, and the ledger knows every record of it.

    Args:
        server: Where.
        root: The inbox.
        sources: Those whose folders are looked at.
        metrics: Told what happens.
        health: Told as well.
        settle_s: A file that did not change for so long is whole.
        ticks: Seconds of a clock that is never set back.
    """

    def __init__(  # noqa: PLR0913  # two places, those who are told, time
        self,
        server: Server,
        root: Path,
        sources: Collection[str],
        *,
        metrics: InboxMetrics,
        health: InboxHealth,
        settle_s: float,
        ticks: Callable[[], float],
    ) -> None:
        self._server = server
        self._root = root
        self._sources = frozenset(sources)
        self._metrics = metrics
        self._health = health
        self._ticks = ticks
        self._settling = Settling(settle_s)
        self._unmoved: dict[Path, Stamp] = {}
        self._told: set[tuple[str, str]] = set()
        self._log = structlog.get_logger(__name__)
        #: What keeps files from being fetched or moved, since the last look.
        self.obstacles: set[tuple[str, str]] = set()

    @contextmanager
    def running(self, stop: Event, every_s: float) -> Iterator[None]:
        """Look again and again in a thread, until told to stop.

        Args:
            stop: Tells it.
            every_s: Between two looks.
        """
        with beside(lambda: self._always(stop, every_s), stop, "fetching"):
            yield

    def _always(self, stop: Event, every_s: float) -> None:
        while not stop.is_set():
            try:
                self.look(stop)
            except BeffroiError as error:
                self._metrics.fetch_failed()
                self._health.fetching(error.message)
                self._log.warning("nothing fetched", reason=error.message, fix=error.fix)
            left = self._settling.until_next(self._ticks())
            stop.wait(every_s if left is None else min(every_s, left + 0.05))

    def once(self, stop: Event) -> None:
        """Fetch what lies there and does not grow.

        Raises:
            BeffroiError: As ``look``.
        """
        self.look(stop)
        left = self._settling.until_next(self._ticks())
        if left is not None and not stop.wait(left + 0.05):
            self.look(stop)

    def look(self, stop: Event) -> int:
        """Fetch every file that is whole; gives how many.

        Raises:
            SourceUnavailable: The server does not answer, or the connection was lost; the next look tries again.
            SourceRefused: It is another one than it should be, or does not let us in.
        """
        self.obstacles = set()
        for left in self._root.glob(f"*/{_FETCHING}*"):
            left.unlink()  # of a fetch that was cut off
        fetched = asyncio.run(self._look(stop))
        self._tell()
        return fetched

    async def _look(self, stop: Event) -> int:
        fetched = 0
        async with self._server.connected() as client:
            there = [one for source in await self._folders(client) for one in await self._arrivals(client, source)]
            for found in self._settling.settled(there, self._ticks()):
                if stop.is_set():
                    break
                fetched += await self._one(client, found)
        return fetched

    async def _folders(self, client: "SFTPClient") -> list[str]:
        names = sorted(str(one.filename) for one in await client.readdir(self._server.folder))
        for name in names:
            if not name.startswith(".") and name not in self._sources:
                self.obstacles.add((self._server.name, "a folder or file that no source of the register is named as"))
        return [name for name in names if name in self._sources]

    async def _arrivals(self, client: "SFTPClient", source: str) -> list[Found]:
        folder = f"{self._server.folder}/{source}"
        try:
            names = await client.readdir(folder)
        except _sftp_error() as error:
            self._obstacle(source, error)
            return []
        found = [_found(source, folder, one) for one in names if _whole_name(str(one.filename))]
        return sorted((one for one in found if not stat.S_ISDIR(one.mode)), key=lambda one: one.path)

    async def _one(self, client: "SFTPClient", found: Found) -> bool:
        """Fetch a file and move it at the server; whether it was fetched."""
        reason = objection(found)
        if reason:
            self.obstacles.add((found.source, reason[0]))
            return False
        try:
            return await self._moved(client, found)
        except (_sftp_error(), OSError) as error:
            _check_alive(error)
            self._obstacle(found.source, error)
            return False

    async def _moved(self, client: "SFTPClient", found: Found) -> bool:
        fresh = self._unmoved.get(found.path) != found.stamp
        if fresh and not await self._fetched(client, found):
            return False
        self._unmoved[found.path] = found.stamp  # not again and again while it cannot be moved
        await _set_aside(client, found.path)
        del self._unmoved[found.path]
        return fresh

    async def _fetched(self, client: "SFTPClient", found: Found) -> bool:
        folder = self._root / found.source
        folder.mkdir(exist_ok=True)
        target, fetching = folder / found.path.name, folder / f"{_FETCHING}{found.path.name}"
        if _lies_there(target):
            return False  # the one before is not taken yet
        with fetching.open("wb") as file:
            size = await _copied(client, str(found.path), file)
        after = _stamp(await client.lstat(str(found.path)))
        if size != found.stamp.size or after != found.stamp:
            fetching.unlink()
            self._log.info("file changed meanwhile", source=found.source)
            return False
        os.utime(fetching, ns=(found.stamp.modified, found.stamp.modified))
        fetching.rename(target)
        self._metrics.fetched()
        self._log.info("file fetched", source=found.source, bytes=size)
        return True

    def _obstacle(self, where: str, error: Exception) -> None:
        words = error.strerror if isinstance(error, OSError) else getattr(error, "reason", "")
        self.obstacles.add((where, str(words or type(error).__name__).lower()))

    def _tell(self) -> None:
        """Each one once, until it is gone."""
        for where, reason in sorted(self.obstacles - self._told):
            self._log.error("file or folder stays at the server", where=where, reason=reason, fix=_FIX)
        self._told = set(self.obstacles)
        if self.obstacles:
            self._metrics.fetch_failed()
        self._health.fetching(": ".join(min(self.obstacles)) if self.obstacles else "")


_FIX: Final = "let our user read and write there, rename the file, or free some space here"


def _sftp_error() -> type[Exception]:
    import asyncssh

    return asyncssh.SFTPError


def _check_alive(error: Exception) -> None:
    """Raise an error again that concerns the connection and not the file."""
    import asyncssh

    if isinstance(error, asyncssh.SFTPConnectionLost | asyncssh.SFTPNoConnection | ConnectionError | TimeoutError):
        raise SourceUnavailable(
            f"the connection was lost in mid-file ({type(error).__name__})",
            fix="nothing is lost; the next look tries again",
        ) from error


def _lies_there(path: Path) -> bool:
    return os.path.lexists(path)


def _whole_name(name: str) -> bool:
    return not name.startswith(".") and not name.lower().endswith(UNFINISHED)


def _found(source: str, folder: str, name: "SFTPName") -> Found:
    return Found(source, Path(folder) / str(name.filename), _stamp(name.attrs), name.attrs.permissions or 0)


def _stamp(attributes: object) -> Stamp:
    """Servers tell no inode; their times have whole seconds."""
    size, seconds = getattr(attributes, "size", None), getattr(attributes, "mtime", None)
    return Stamp(0, size or 0, (seconds or 0) * 1_000_000_000)


async def _copied(client: "SFTPClient", path: str, file: IO[bytes]) -> int:
    """Copy a file from its start to its end, onto the disk; gives its bytes."""
    size = 0
    async with client.open(path, "rb") as remote:
        while True:
            async with asyncio.timeout(_CHUNK_S):
                chunk = await remote.read(_CHUNK)
            if not chunk or size > _MOST_BYTES:
                break
            size += len(chunk)
            file.write(cast("bytes", chunk))  # opened for bytes
    file.flush()
    await asyncio.to_thread(os.fsync, file.fileno())
    return size


async def _set_aside(client: "SFTPClient", path: Path) -> None:
    """Move a file at the server into ``.done`` beside it, under a name that is free."""
    done = path.parent / DONE
    if not await client.isdir(str(done)):
        await client.mkdir(str(done))
    stem, dot, ending = path.name.partition(".")
    for number in range(1, _NAMES):
        target = done / (path.name if number == 1 else f"{stem}~{number}{dot}{ending}")
        if not await client.lexists(str(target)):
            await client.rename(str(path), str(target))
            return
