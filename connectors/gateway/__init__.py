"""The door over HTTP: partners post what they have and get a verdict on each record."""

from connectors.gateway.app import run_gateway
from connectors.gateway.settings import GatewaySettings
from connectors.gateway.tokens import TokenFile

__all__ = ["GatewaySettings", "TokenFile", "run_gateway"]
