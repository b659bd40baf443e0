"""Generated from schemas/avro by `beffroi contracts generate`: never edit."""


from __future__ import annotations
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field


class Quarantined(BaseModel):
    """
    A record that could not be taken, with why; never with a personal value.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    source: str = Field(..., description="The feed.")
    format: str = Field(..., description="The format it was read with.")
    file: str | None = Field(None, description="Name of the file, without its folder.")
    line: int | None = Field(
        None,
        description="Line in the file, from 1, the header included.",
        ge=-2147483648,
        le=2147483647,
    )
    pointer: str = Field(..., description="The field or column concerned.")
    code: str = Field(..., description="Cause, from a closed list.")
    shape: str = Field(
        ...,
        description="Shape of the value (digits as 9, letters as A), never the value.",
    )
    message: str = Field(..., description="What happened, as a sentence.")
    fix: str = Field(..., description="What to do about it.")
    received_at: AwareDatetime = Field(..., description="Instant of the refusal.")
    content: str | None = Field(
        None,
        description="The record's public columns as JSON, for correction and replay; identities as pseudonyms.",
    )
    record_id: str = Field(
        "",
        description="Names the record here: the same for the same record of a source, however often it comes; empty for events that a worker set aside.",
    )
    data_as_of: AwareDatetime | None = Field(
        None,
        description="Instant of the data it came with, under which a correction is published.",
    )
    problems: int = Field(
        1,
        description="Problems of the record; the first is told here.",
        ge=1,
        le=2147483647,
    )
    sealed: bytes | None = Field(
        None,
        description="The record as the partner sent it, encrypted (AES-256-GCM) with the operator's key; null when it was not kept.",
    )
    key_id: str | None = Field(
        None, description="Which of the operator's keys sealed it."
    )
