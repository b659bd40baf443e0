"""Generated from schemas/avro by `beffroi contracts generate`: never edit."""


from __future__ import annotations
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field


class Generation(BaseModel):
    """
    Which generation is in force: of the workers' state, or of one view that readers follow.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    name: str = Field(
        ...,
        description="What it is a generation of: state (the workers'), given (the last one readers got), or the name of a view.",
    )
    number: int = Field(
        ...,
        description="Number of the generation; 0 is the first, which nobody rebuilt.",
        ge=0,
        le=9223372036854775807,
    )
    layout: int = Field(
        ...,
        description="How its writer lays derived state out; whoever knows only smaller numbers must not touch it.",
        ge=0,
        le=2147483647,
    )
    made_at: AwareDatetime = Field(
        ..., description="Instant at which it came into force."
    )
