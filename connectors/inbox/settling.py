"""Whether files have stopped growing: what is the same for long enough is whole; pure."""

from collections.abc import Iterable
from pathlib import Path

from connectors.inbox.folder import Found, Stamp


class Settling:
    """Remembers since when each file has been as it is.

    By our own watching and not by the file's time: clocks of network mounts differ from ours.

    Args:
        settle_s: Seconds without change after which a file is whole.
    """

    def __init__(self, settle_s: float) -> None:
        self._settle_s = settle_s
        self._since: dict[Path, tuple[Stamp, float]] = {}
        self._first: dict[Path, float] = {}

    def settled(self, found: Iterable[Found], now: float) -> list[Found]:
        """Those that have not changed for long enough.

        Args:
            found: Everything that lies there now.
            now: Seconds of a clock that is never set back.
        """
        things = list(found)
        self._first = {one.path: self._first.get(one.path, now) for one in things}
        before, self._since = self._since, {}
        for one in things:
            stamp, since = before.get(one.path, (one.stamp, now))
            self._since[one.path] = (one.stamp, since if stamp == one.stamp else now)
        return [one for one in things if now - self._since[one.path][1] >= self._settle_s]

    def until_next(self, now: float) -> float | None:
        """Seconds until the next of those that have not settled could have; None when all have."""
        left = [since + self._settle_s - now for _, since in self._since.values()]
        return min((seconds for seconds in left if seconds > 0), default=None)

    def oldest(self, now: float, gone: Iterable[Path]) -> float:
        """For how many seconds the first of those that are still there has been seen."""
        left = self._first.keys() - set(gone)
        return max((now - self._first[path] for path in left), default=0.0)
