"""Generated from schemas/avro by `beffroi contracts generate`: never edit."""


from __future__ import annotations
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field


class Heartbeat(BaseModel):
    """
    A source was heard: what its last publication was.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    source: str = Field(..., description="The feed.")
    format: str = Field(..., description="The format.")
    data_as_of: AwareDatetime = Field(
        ..., description="Instant of the data: the file's own."
    )
    heard_at: AwareDatetime = Field(
        ..., description="Instant at which Beffroi took it."
    )
    accepted: int = Field(
        ...,
        description="Records taken.",
        ge=-9223372036854775808,
        le=9223372036854775807,
    )
    duplicates: int = Field(
        ...,
        description="Records already known.",
        ge=-9223372036854775808,
        le=9223372036854775807,
    )
    refused: int = Field(
        ...,
        description="Records refused.",
        ge=-9223372036854775808,
        le=9223372036854775807,
    )
    file: str | None = Field(
        None, description="Name of what was handed over, without its folder."
    )
    last_event_at: AwareDatetime | None = Field(
        None, description="Instant of the last publication that brought something new."
    )
