"""Generated from schemas/avro by `beffroi contracts generate`: never edit."""


from __future__ import annotations
from pydantic import BaseModel, Field


class Checkpoint(BaseModel):
    """
    Where the owner of a source partition goes on: written in the same transaction as what it covers.
    """

    next_offset: int = Field(..., description="Next input offset to read.")
