"""Generated from schemas/avro by `beffroi contracts generate`: never edit."""


from __future__ import annotations
from pydantic import BaseModel, ConfigDict, Field


class LedgerEntry(BaseModel):
    """
    What a source's last publication said of one thing: lets the intake tell duplicates, outdated rows and vanished ones.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    root: str = Field(..., description="Root key under which the thing was published.")
    version: int = Field(
        ...,
        description="Version published.",
        ge=-9223372036854775808,
        le=9223372036854775807,
    )
    digest: bytes = Field(
        ..., description="First 16 bytes of the SHA-256 of the record's wire bytes."
    )
    withdrawn: bool = Field(False, description="Published as a retraction.")
    thing: str = Field(
        "",
        description="Key of the thing inside its root: empty for the root itself, the pseudonym for an enrolment.",
    )
    alias: str = Field(
        "",
        description="Another key under which the source may name the same thing, when it leaves out a number that it gave before or after.",
    )
