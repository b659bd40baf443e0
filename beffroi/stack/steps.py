"""Lines of progress: one a step with its time, and a sign of life while a step takes long."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

#: Nobody waits longer than this without seeing that something happens.
SIGN_OF_LIFE_S = 2.0


class Steps:
    """Prints what is done and how long it took.

    Args:
        console: Where to print; on a terminal a spinner shows what is under way.
        now: Monotonic seconds.
    """

    def __init__(self, console: Console, now: Callable[[], float]) -> None:
        self._console = console
        self._now = now
        self._began = now()

    @property
    def elapsed_s(self) -> float:
        """Seconds since the first step began."""
        return self._now() - self._began

    def say(self, text: str) -> None:
        """Print one finished step with the seconds since the beginning."""
        self._console.print(f"[dim]{self.elapsed_s:6.1f} s[/]  {text}", highlight=False, soft_wrap=True)

    @contextmanager
    def under_way(self, text: str) -> Iterator[Callable[[str], None]]:
        """Show that a step is under way; the callable given changes its text."""
        if self._console.is_terminal:
            with self._console.status(text) as status:
                yield status.update
            return
        done = threading.Event()
        current = [text]
        teller = threading.Thread(target=self._tell, args=(current, done), daemon=True)
        teller.start()
        try:
            yield lambda new: current.__setitem__(0, new)
        finally:
            done.set()
            teller.join()

    def _tell(self, current: list[str], done: threading.Event) -> None:
        while not done.wait(SIGN_OF_LIFE_S):
            self.say(f"… {current[0]}")
