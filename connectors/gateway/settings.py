"""What the gateway must know."""

from pathlib import Path
from typing import Final, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

from connectors.kafka.settings import KafkaSettings

_HERE: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class GatewaySettings(BaseModel):
    """Settings of the gateway.

    Attributes:
        kafka: The cluster.
        prefix: Put before each topic's name.
        host: Where it listens.
        port: Where it listens.
        data_dir: Where tokens and answers to be given again are kept.
        sources_register: The operator's own sources.
        max_bytes: Largest body, unpacked.
        per_minute: Requests of one partner in a minute.
        burst: Requests of one partner at once, when it was quiet before.
        body_timeout_s: A body that sends nothing for so long is given up, and a head that takes so long.
        issuer: Of OAuth2 tokens; None takes none.
        audience: That they must name.
        jwks_url: Where the issuer's keys are.
        sources_claim: The claim that names the partner's sources.
    """

    model_config = ConfigDict(frozen=True)

    kafka: KafkaSettings
    prefix: str = ""
    host: str = "127.0.0.1"
    port: int = Field(8090, ge=0, le=65535)
    data_dir: Path
    sources_register: Path | None = None
    max_bytes: int = Field(1 << 30, ge=1)
    per_minute: int = Field(600, ge=1)
    burst: int = Field(60, ge=1)
    body_timeout_s: float = Field(10.0, gt=0)
    issuer: str | None = None
    audience: str = "beffroi"
    jwks_url: str | None = None
    sources_claim: str = "beffroi_sources"

    @model_validator(mode="after")
    def _issuer_is_whole(self) -> Self:
        if (self.issuer is None) != (self.jwks_url is None):
            raise ValueError("issuer and jwks_url belong together")
        url = urlsplit(self.jwks_url or "https://")
        if url.scheme != "https" and url.hostname not in _HERE:
            raise ValueError("jwks_url must be https")
        return self

    @property
    def token_file(self) -> Path:
        """Where the hashes of the partners' tokens are kept."""
        return token_file(self.data_dir)


def token_file(data_dir: Path) -> Path:
    """Where the hashes of the partners' tokens are kept."""
    return data_dir / "partner-tokens.json"
