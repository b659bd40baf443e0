"""Generated from schemas/avro by `beffroi contracts generate`: never edit."""


from __future__ import annotations
from enum import StrEnum
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field


class SourceDoor(StrEnum):
    """
    By which way something comes: the command, the inbox, HTTP, a poller, Kafka itself.
    """

    COMMAND = "COMMAND"
    INBOX = "INBOX"
    GATEWAY = "GATEWAY"
    POLLER = "POLLER"
    RELAY = "RELAY"
    UNKNOWN = "UNKNOWN"


class FailureCause(StrEnum):
    """
    Broken as a whole, held for a human, a defect of ours, an API that does not answer, that refuses us, that changed.
    """

    REFUSED = "REFUSED"
    HELD = "HELD"
    DEFECT = "DEFECT"
    UNAVAILABLE = "UNAVAILABLE"
    FORBIDDEN = "FORBIDDEN"
    CHANGED = "CHANGED"
    UNKNOWN = "UNKNOWN"


class SourceFailure(BaseModel):
    """
    The last time something of a source could not be taken as a whole: at which door, when, of what kind.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    source: str = Field(..., description="The feed.")
    failed_at: AwareDatetime = Field(..., description="Instant of the failure.")
    door: SourceDoor = Field(SourceDoor.UNKNOWN, description="The door.")
    cause: FailureCause = Field(FailureCause.UNKNOWN, description="Its kind.")
