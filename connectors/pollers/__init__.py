"""Pollers: partners' APIs that are asked again and again, each a pure planner behind a thin HTTP edge."""

from connectors.pollers.access import FEEDS, PollSettings, check, feed
from connectors.pollers.cursors import Cursor, CursorTopic
from connectors.pollers.edge import Patience
from connectors.pollers.handover import Deliver, Delivered, ToIntake
from connectors.pollers.poller import Poller
from connectors.pollers.spool import Spool
from connectors.pollers.sweep import Swept

__all__ = [
    "FEEDS",
    "Cursor",
    "CursorTopic",
    "Deliver",
    "Delivered",
    "Patience",
    "PollSettings",
    "Poller",
    "Spool",
    "Swept",
    "ToIntake",
    "check",
    "feed",
]
