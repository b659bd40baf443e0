"""Generated from schemas/avro by `beffroi contracts generate`: never edit."""


from __future__ import annotations
from enum import StrEnum
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field


class Outcome(StrEnum):
    """
    What became of it: published, known to the bus already, overtaken by newer data, or dropped.
    """

    REPLAYED = "REPLAYED"
    KNOWN = "KNOWN"
    OVERTAKEN = "OVERTAKEN"
    DROPPED = "DROPPED"
    UNKNOWN = "UNKNOWN"


class QuarantineOutcome(BaseModel):
    """
    A record that was set aside is dealt with: corrected, replayed or dropped.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    source: str = Field(..., description="The feed.")
    record_id: str = Field(..., description="Which record.")
    outcome: Outcome = Field(Outcome.UNKNOWN, description="What became of it.")
    corrected: list[str] = Field(
        [], description="The fields that were given another value, never the values."
    )
    event_id: str | None = Field(None, description="Id of its event on the bus.")
    closed_at: AwareDatetime = Field(
        ..., description="Instant at which it was dealt with."
    )
