"""Generated from schemas/avro by `beffroi contracts generate`: never edit."""


from __future__ import annotations
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from datetime import date


class TrainingHeadcount(BaseModel):
    """
    How many people stand where in one session, from a partner that may not share persons. Used only where no person-level enrolment of the session exists.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    session_id: str = Field(
        ..., description="Root key: the session's key, see TrainingSession."
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
    prescribed: int | None = Field(
        None, description="People prescribed, not yet admitted.", ge=0, le=2147483647
    )
    admitted: int | None = Field(
        None, description="People admitted, not yet entered.", ge=0, le=2147483647
    )
    entered: int | None = Field(
        None, description="People in training.", ge=0, le=2147483647
    )
    interrupted: int | None = Field(
        None, description="People who stopped for a while.", ge=0, le=2147483647
    )
    dropped_out: int | None = Field(
        None, description="People who left before the end.", ge=0, le=2147483647
    )
    completed: int | None = Field(
        None, description="People who finished.", ge=0, le=2147483647
    )
    ends_on: date | None = Field(
        None,
        description="Planned last day of these people, Europe/Paris; the session's own when null.",
    )
