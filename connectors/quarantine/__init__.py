"""Quarantine: what could not be taken waits, sealed, until somebody mends, replays or drops it."""

from connectors.quarantine.bench import Bench, Done, Picked
from connectors.quarantine.board import Aside, Board, Group, grouped
from connectors.quarantine.mending import mended

__all__ = ["Aside", "Bench", "Board", "Done", "Group", "Picked", "grouped", "mended"]
