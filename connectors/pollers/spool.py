"""What a sweep has read so far, on disk: a poller that was killed goes on with what the cursor vouches for.

Everything in here can be read again from the API; it is private to its owner and goes when the sweep was handed over.
"""

import fcntl
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, Final

import orjson

from connectors.files import replacing
from connectors.pollers.feeds import Ask, Page, Part
from schemas.errors import SettingsError

_VALIDATORS: Final = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}


class Spool:
    """The folder of one feed.

    Args:
        folder: Made when it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._parts = folder / "parts"
        self._pages = folder / "pages"
        self._used: set[str] = set()

    @contextmanager
    def held(self) -> Iterator["Spool"]:
        """Hold the folder; the system lets go of it when the process ends, however that happens.

        Raises:
            SettingsError: Another poller holds it.
        """
        for folder in (self._folder, self._parts, self._pages):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self._folder / "lock").open("wb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise SettingsError(
                    f"another poller works in {self._folder}", fix="stop it, or give this one another BEFFROI_DATA_DIR"
                ) from None
            yield self

    def keep(self, part: Part) -> str:
        """Keep a finished part; gives the SHA-256 of what lies on disk now, hexadecimal."""
        digest = sha256()
        target = self._part(part.name)
        with replacing(target) as file:
            for item in part.items.items():
                line = orjson.dumps(item) + b"\n"
                digest.update(line)
                file.write(line)
        return digest.hexdigest()

    def holds(self, digests: Mapping[str, str]) -> bool:
        """Whether every one of these parts lies here whole."""
        return all(self._part(name).is_file() and _digest(self._part(name)) == found for name, found in digests.items())

    def kept(self, part: str) -> Iterator[tuple[str, Any]]:
        """Key and record of a part, in the order in which they were read last."""
        with self._part(part).open("rb") as file:
            for line in file:
                key, item = orjson.loads(line)
                yield key, item

    @contextmanager
    def composed(self, items: Iterable[Any]) -> Iterator[IO[bytes]]:
        """A file that holds some records as a JSON array, one a line, open at its start; it goes afterwards."""
        path = self._folder / "delivery"
        with path.open("w+b") as file:
            path.unlink()
            between = b"[\n"
            for item in items:
                file.write(between + orjson.dumps(item))
                between = b",\n"
            file.write(b"\n]\n" if between != b"[\n" else b"[]\n")
            file.seek(0)
            yield file

    def begin(self) -> None:
        """Let go of the parts of an earlier sweep."""
        for path in self._parts.iterdir():
            path.unlink()

    def end(self) -> None:
        """Let go of the parts, and of pages that this sweep did not ask for."""
        self.begin()
        for path in self._pages.iterdir():
            if path.name not in self._used:
                path.unlink()
        self._used.clear()

    def condition(self, ask: Ask) -> dict[str, str]:
        """Headers that ask for a page only if it changed since it was read last."""
        found = self._page(ask)
        return dict(orjson.loads(found.read_bytes())["known"]) if found.is_file() else {}

    def remember(self, ask: Ask, headers: Mapping[str, str], page: Page) -> None:
        """Keep a page whose answer said by what it can be recognised."""
        known = {request: headers[name] for name, request in _VALIDATORS.items() if name in headers}
        self._used.add(self._page(ask).name)
        if known:
            with replacing(self._page(ask)) as file:
                file.write(orjson.dumps({"known": known, "items": page.items, "total": page.total}))

    def recall(self, ask: Ask) -> Page:
        """The page as it was read last, for it did not change."""
        found = orjson.loads(self._page(ask).read_bytes())
        self._used.add(self._page(ask).name)
        return Page(tuple((key, item) for key, item in found["items"]), found["total"])

    def _part(self, name: str) -> Path:
        return self._parts / sha256(name.encode()).hexdigest()[:32]

    def _page(self, ask: Ask) -> Path:
        return self._pages / sha256(ask.path.encode() + orjson.dumps(ask.body)).hexdigest()[:32]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        digest = sha256()
        for line in file:
            digest.update(line)
        return digest.hexdigest()
