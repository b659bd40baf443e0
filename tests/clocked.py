"""``beffroi worker`` with another clock: ``python -m tests.clocked FILE``, which says how many seconds it is off."""

import sys
from datetime import datetime, timedelta
from pathlib import Path

from beffroi.roles import run_worker_role
from beffroi.settings import load
from schemas.clock import system_clock

if __name__ == "__main__":
    file = Path(sys.argv.pop())

    def clock() -> datetime:
        return system_clock() + timedelta(seconds=float(file.read_text()))

    run_worker_role(load(), clock)
