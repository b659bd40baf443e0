"""Generated from schemas/avro by `beffroi contracts generate`: never edit."""


from __future__ import annotations
from enum import StrEnum
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field


class SourceState(StrEnum):
    """
    On time, late against its cadence, silent since long, or never heard.
    """

    ON_TIME = "ON_TIME"
    LATE = "LATE"
    SILENT = "SILENT"
    NEVER_HEARD = "NEVER_HEARD"
    UNKNOWN = "UNKNOWN"


class SourceStatus(BaseModel):
    """
    How one source does: what is expected of it, and what came.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    source: str = Field(..., description="The feed.")
    format: str | None = Field(None, description="The format it sends.")
    state: SourceState = Field(SourceState.UNKNOWN, description="How it does.")
    cadence_hours: int | None = Field(
        None, description="Expected time between two publications.", ge=0, le=2147483647
    )
    last_file: str | None = Field(
        None, description="Name of the last file taken, without its folder."
    )
    last_event_at: AwareDatetime | None = Field(
        None, description="Instant of the newest data."
    )
    last_success_at: AwareDatetime | None = Field(
        None, description="Instant of the last publication taken."
    )
    last_failure_at: AwareDatetime | None = Field(
        None, description="Instant of the last publication refused."
    )
    last_failure: str | None = Field(
        None, description="Why it was refused, from a closed list of causes."
    )
    last_failure_door: str | None = Field(
        None, description="At which door it was refused, from a closed list."
    )
    as_of: AwareDatetime = Field(
        ..., description="Instant at which this was established."
    )
