"""One child process: started apart from our terminal, logged to a file, ended in good order."""

import subprocess
import sys
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from beffroi.guardian import guarded

#: A role stops in 1 to 3 s; one that does not is killed, so that Ctrl-C ends everything within 10 s.
GRACE_S = 5.0
#: A log that grew beyond this is begun anew at the next start, the old one kept beside it.
LOG_BYTES = 20 * 1024 * 1024


class Child:
    """A ``beffroi`` command run as a process of its own.

    It is in a session of its own, so that Ctrl-C reaches only us and we can stop things in order; the guardian ends
    it when we die by any means.

    Args:
        name: What people call it.
        command: Arguments of ``beffroi``.
        environment: The child's whole environment.
        log: File that takes what it prints.
    """

    def __init__(self, name: str, command: list[str], environment: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.log = log
        self._command = [sys.executable, "-m", "beffroi", *command]
        self._environment = dict(environment)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def exit_code(self) -> int | None:
        """None while it runs or before it was started."""
        return self._process.poll() if self._process else None

    def start(self) -> None:
        """Start it; the log goes on where it was."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".1.log"))
        with self.log.open("ab") as out:
            self._process = self._spawn(out)

    def _spawn(self, out: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603  # our own command line, no shell
            guarded(self._command),
            env=self._environment,
            stdin=subprocess.PIPE,  # the guardian watches it: it closes when we are gone
            stdout=out,
            stderr=out,
            start_new_session=True,
        )

    def stop(self, grace_s: float = GRACE_S) -> None:
        """End it: SIGTERM, then SIGKILL after the grace."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(grace_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def last_words(self, lines: int = 8) -> list[str]:
        """The end of its log, for a message about its end."""
        with self.log.open(encoding="utf-8", errors="replace") as text:
            return [line.rstrip() for line in deque(text, maxlen=lines)]
