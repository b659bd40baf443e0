"""Inbox: folders into which partners' files arrive, each file taken whole or not at all."""

from connectors.inbox.folder import ASIDE, HELD
from connectors.inbox.inbox import Inbox, Pace, Settled, one_inbox
from connectors.inbox.taking import OUTCOMES, Route

__all__ = ["ASIDE", "HELD", "OUTCOMES", "Inbox", "Pace", "Route", "Settled", "one_inbox"]
