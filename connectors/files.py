"""Files that are whole or not there."""

import fcntl
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkstemp
from typing import IO

from schemas.errors import SettingsError


@contextmanager
def replacing(target: Path) -> Iterator[IO[bytes]]:
    """A file that takes the place of another once it is whole and on disk."""
    fresh = target.with_suffix(".new")
    with fresh.open("wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(target)


@contextmanager
def locked(path: Path, *, wait: bool) -> Iterator[None]:
    """Hold a lock; the system lets go of it when the process ends, however that happens.

    Args:
        path: The lock's file; made when it is missing.
        wait: Until who holds it lets go.

    Raises:
        BlockingIOError: Another process holds it, and waiting was not asked for.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with path.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield


def private(path: Path, make: Callable[[], bytes]) -> bytes:
    """What a file holds that its owner alone may read.

    Args:
        path: Where; its folder is made when it is missing.
        make: What it shall hold when it is not there yet; of several who make it at once one is heard.

    Raises:
        SettingsError: Others may read it.
    """
    if not path.exists():
        with _written(path, make()) as whole, suppress(FileExistsError):
            os.link(whole, path)
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise SettingsError(f"the key file {path} may be read by others", fix=f"chmod 600 {path}")
    return path.read_bytes()


def replace_private(path: Path, content: bytes) -> None:
    """Let such a file hold something else, from one moment to the next."""
    with _written(path, content) as whole:
        whole.replace(path)


@contextmanager
def _written(path: Path, content: bytes) -> Iterator[Path]:
    """A file of its owner alone beside another one, whole and on disk; it does not stay."""
    path.parent.mkdir(parents=True, exist_ok=True)
    number, name = mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)
