"""Files that are whole or not there."""

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
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


def check_owner(path: Path) -> None:
    """See that a file with a secret is its owner's alone; raises SettingsError when others may read it."""
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise SettingsError(f"the key file {path} may be read by others", fix=f"chmod 600 {path}")


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
