"""Which process a number stands for: a pid alone may have been given to somebody else since."""

from dataclasses import asdict, dataclass
from typing import Any, Self

import psutil

#: The system's own clock of process starts is that coarse.
_SAME_START_S = 1.0


@dataclass(frozen=True, slots=True)
class Identity:
    """A process by number and instant of start (seconds since 1970)."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> Self:
        """The identity of a living process; raises ``psutil.NoSuchProcess``."""
        return cls(pid, psutil.Process(pid).create_time())

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """What ``as_dict`` wrote; raises KeyError, TypeError or ValueError for anything else."""
        return cls(int(data["pid"]), float(data["started"]))

    def as_dict(self) -> dict[str, Any]:
        """For a state file."""
        return asdict(self)

    @property
    def alive(self) -> bool:
        """Whether that very process runs."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < _SAME_START_S
            return bool(same and process.status() != psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return False
