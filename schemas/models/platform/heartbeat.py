"""Generated from schemas/avro by `beffroi contracts generate`: never edit."""


from __future__ import annotations
from pydantic import AwareDatetime, BaseModel, Field


class Heartbeat(BaseModel):
    """
    A source was heard: what its last publication was.
    """

    source: str = Field(..., description="The feed.")
    format: str = Field(..., description="The format.")
    data_as_of: AwareDatetime = Field(
        ..., description="Instant of the data: the file's own."
    )
    heard_at: AwareDatetime = Field(
        ..., description="Instant at which Beffroi took it."
    )
    accepted: int = Field(..., description="Records taken.")
    duplicates: int = Field(..., description="Records already known.")
    refused: int = Field(..., description="Records refused.")
