"""Files that are whole or not there."""

import fcntl
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
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
        make: What it shall hold when it is not there yet.

    Raises:
        SettingsError: Others may read it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError), os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(make())
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise SettingsError(f"the key file {path} may be read by others", fix=f"chmod 600 {path}")
    return path.read_bytes()
