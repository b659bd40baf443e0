"""Generated from schemas/avro by `beffroi contracts generate`: never edit."""


from __future__ import annotations
from pydantic import BaseModel, ConfigDict, Field


class Cell(BaseModel):
    """
    One partial number of an aggregate view, absolute, as one source partition knows it. Internal: exact counts never leave Beffroi.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    view: str = Field(..., description="Name of the view it belongs to.")
    cell: str = Field(..., description="Key of the cell inside the view.")
    n: int = Field(
        ...,
        description="The number; 0 stays a record, for a tombstone could not say its offset.",
        ge=-9223372036854775808,
        le=9223372036854775807,
    )
    as_of: int = Field(
        ...,
        description="Next offset of the source partition: everything before it is counted.",
        ge=-9223372036854775808,
        le=9223372036854775807,
    )
    row: bytes | None = Field(
        None,
        description="For a row view: the row's facts, in the wire format of their own contract.",
    )
