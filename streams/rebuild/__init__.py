"""Building the state anew from the events, and saying what would change: pure."""

from streams.rebuild.cells import Cause, CellChanges
from streams.rebuild.replay import Replay, State
from streams.rebuild.winners import WinnerChanges, changed_winners

__all__ = ["Cause", "CellChanges", "Replay", "State", "WinnerChanges", "changed_winners"]
