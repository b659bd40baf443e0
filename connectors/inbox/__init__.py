"""Inbox: folders into which partners' files arrive, each file taken whole or not at all."""

from connectors.inbox.fetching import Fetcher
from connectors.inbox.folder import ASIDE, HELD
from connectors.inbox.inbox import Inbox, Pace, Settled, one_inbox
from connectors.inbox.sftp import Server
from connectors.inbox.taking import OUTCOMES, Route

__all__ = ["ASIDE", "HELD", "OUTCOMES", "Fetcher", "Inbox", "Pace", "Route", "Server", "Settled", "one_inbox"]
