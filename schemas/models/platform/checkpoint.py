"""Generated from schemas/avro by `beffroi contracts generate`: never edit."""


from __future__ import annotations
from pydantic import BaseModel, ConfigDict, Field


class Checkpoint(BaseModel):
    """
    Where the owner of a source partition goes on: written in the same transaction as what it covers.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    next_offset: int = Field(
        ...,
        description="Next input offset to read.",
        ge=-9223372036854775808,
        le=9223372036854775807,
    )
