"""Quarantine: what could not be taken waits, sealed, until somebody mends, replays or drops it."""

from connectors.quarantine.board import Aside, Board, Group, grouped
from connectors.quarantine.mending import mended
from connectors.quarantine.outcomes import Done
from connectors.quarantine.workbench import Picked, Workbench

__all__ = ["Aside", "Board", "Done", "Group", "Picked", "Workbench", "grouped", "mended"]
