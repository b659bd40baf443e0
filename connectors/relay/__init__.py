"""The relay: partners who speak Kafka write to topics of their own and get their verdicts on another."""

from connectors.relay.relay import Relay

__all__ = ["Relay"]
