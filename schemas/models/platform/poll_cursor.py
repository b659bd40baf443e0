"""Generated from schemas/avro by `beffroi contracts generate`: never edit."""


from __future__ import annotations
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field


class PollCursor(BaseModel):
    """
    Where the poller of a partner's API is in its sweep, and when its last one ended: a poller that was killed goes on from here.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    source: str = Field(..., description="The feed.")
    began_at: AwareDatetime | None = Field(
        None,
        description="Instant at which the sweep under way began; null between two sweeps.",
    )
    pending: list[str] = Field(
        ...,
        description="Parts that are still to be read, in their order, in the feed's own words.",
    )
    done: list[str] = Field(..., description="Parts that were read, in their order.")
    digests: dict[str, str] = Field(
        ...,
        description="SHA-256 of what was kept of each part that was read, hexadecimal, by part.",
    )
    incomplete: dict[str, str] = Field(
        ..., description="Why parts that were read may lack records, by part."
    )
    completed_at: AwareDatetime | None = Field(
        None,
        description="Instant at which the last complete or incomplete sweep was handed over.",
    )
