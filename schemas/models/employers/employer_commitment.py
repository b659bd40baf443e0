"""Generated from schemas/avro by `beffroi contracts generate`: never edit."""


from __future__ import annotations
from enum import StrEnum
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from datetime import date


class CommitmentKind(StrEnum):
    """
    What was promised.
    """

    HIRE = "HIRE"
    IMMERSION = "IMMERSION"
    APPRENTICESHIP = "APPRENTICESHIP"
    TRAIN_BEFORE_HIRING = "TRAIN_BEFORE_HIRING"
    VISIT = "VISIT"
    MENTORING = "MENTORING"
    UNKNOWN = "UNKNOWN"


class EmployerCommitment(BaseModel):
    """
    What an establishment promised to the pact, and how far it is.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    siret: str = Field(
        ...,
        description="Root key: SIRET of the establishment, 14 digits.",
        pattern="^[0-9]{14}$",
    )
    source: str = Field(
        ..., description="The feed that publishes this record, for instance kairos."
    )
    source_key: str = Field(
        ...,
        description="The source's own key of this thing; a person's part of it is a pseudonym.",
    )
    version: int = Field(
        ...,
        description="The source's own revision, else its last-modified instant in milliseconds since 1970 UTC; the highest wins.",
        ge=-9223372036854775808,
        le=9223372036854775807,
    )
    occurred_at: AwareDatetime = Field(
        ..., description="Instant at which the source knew this state."
    )
    withdrawn: bool = Field(
        False,
        description="True when the source no longer holds this thing: a retraction.",
    )
    commitment_id: str = Field(
        ..., description="The source's id of the commitment, <source>:<id>."
    )
    kind: CommitmentKind = Field(
        CommitmentKind.UNKNOWN, description="What was promised."
    )
    rome_code: str | None = Field(
        None, description="Trade: letter and four digits.", pattern="^[A-N][0-9]{4}$"
    )
    promised: int | None = Field(None, description="How many.", ge=0, le=2147483647)
    kept: int | None = Field(None, description="How many so far.", ge=0, le=2147483647)
    signed_on: date | None = Field(
        None, description="Day of the signature, Europe/Paris."
    )
    due_on: date | None = Field(None, description="Day it is due, Europe/Paris.")
