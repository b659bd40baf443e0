"""Runs one command and never outlives its parent: ``python -m beffroi.guardian COMMAND…``.

The parent keeps the guardian's standard input open. When the parent is gone, by any means, the pipe closes and the
guardian ends the command. When the guardian itself is killed, Linux kills the command (``PR_SET_PDEATHSIG``).
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from types import FrameType

#: Linux, <sys/prctl.h>: the signal this process gets when its parent dies.
_PR_SET_PDEATHSIG = 1
#: Kafka writes its clean-shutdown mark within this; afterwards it recovers at the next start anyway.
_GRACE_S = 5.0
#: How shells report an end by a signal.
_SIGNAL_BASE = 128


def guarded(command: list[str]) -> list[str]:
    """The command line that runs a command under a guardian; give it a pipe as standard input."""
    return [sys.executable, "-m", "beffroi.guardian", *command]


def die_with_parent() -> None:
    """Ask Linux to kill this process when its parent dies; elsewhere nothing."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def main(command: list[str]) -> int:
    """Run the command to its end; its exit code, or 128 + signal."""
    child = subprocess.Popen(  # noqa: S603  # our own parent's command line, no shell
        command,
        stdin=subprocess.DEVNULL,
        preexec_fn=die_with_parent,  # noqa: PLW1509  # no thread runs yet
    )

    def pass_on(_number: int, _frame: FrameType | None) -> None:
        child.terminate()

    signal.signal(signal.SIGTERM, pass_on)
    signal.signal(signal.SIGINT, pass_on)
    threading.Thread(target=_end_with_parent, args=(child,), daemon=True).start()
    code = child.wait()
    return code if code >= 0 else _SIGNAL_BASE - code


def _end_with_parent(child: subprocess.Popen[bytes]) -> None:
    while os.read(0, 1024):
        pass
    child.terminate()
    try:
        child.wait(_GRACE_S)
    except subprocess.TimeoutExpired:
        child.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
