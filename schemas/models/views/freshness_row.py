"""Generated from schemas/avro by `beffroi contracts generate`: never edit."""


from __future__ import annotations
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field


class FreshnessRow(BaseModel):
    """
    How old the data of one source are. Key: source.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    source: str = Field(..., description="The feed.")
    data_as_of: AwareDatetime = Field(
        ..., description="Instant of the data: the file's own."
    )
    heard_at: AwareDatetime = Field(
        ..., description="Instant at which Beffroi took it."
    )
    accepted: int = Field(
        ...,
        description="Records taken in the last publication.",
        ge=-9223372036854775808,
        le=9223372036854775807,
    )
    refused: int = Field(
        ...,
        description="Records refused in the last publication.",
        ge=-9223372036854775808,
        le=9223372036854775807,
    )
