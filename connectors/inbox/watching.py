"""Being told of new files by the system, where it tells: looking again and again stays the ground under it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import structlog
from watchfiles import Change, watch


@contextmanager
def watching(root: Path, stop: Event, woken: Event) -> Iterator[None]:
    """Set an event whenever something changes in a folder, or below it and not in hidden folders.

    Args:
        root: The folder.
        stop: Ends the watching.
        woken: Set at each change.
    """
    with beside(lambda: _watch(root, stop, woken), stop, "watching"):
        yield


@contextmanager
def beside(work: Callable[[], None], stop: Event, name: str) -> Iterator[None]:
    """Work in a thread meanwhile.

    Args:
        work: Ends when ``stop`` is set.
        stop: Set at the end.
        name: Of the thread.
    """
    thread = Thread(target=work, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _watch(root: Path, stop: Event, woken: Event) -> None:
    def concerns(_: Change, path: str) -> bool:
        return not any(part.startswith(".") for part in Path(path).relative_to(root).parts)

    try:
        for _changes in watch(root, watch_filter=concerns, stop_event=stop, ignore_permission_denied=True):
            woken.set()
    except (OSError, RuntimeError) as error:  # too few inotify watches, or no such thing here
        structlog.get_logger(__name__).warning("system tells of no new files, looking instead", reason=str(error))
