"""Generated from schemas/avro by `beffroi contracts generate`: never edit."""


from __future__ import annotations
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, RootModel
from enum import StrEnum
from datetime import date


class RomeCode(RootModel[str]):
    root: str = Field(..., pattern="^[A-N][0-9]{4}$")


class ContactChannel(StrEnum):
    """
    How.
    """

    VISIT = "VISIT"
    PHONE = "PHONE"
    EMAIL = "EMAIL"
    VIDEO = "VIDEO"
    EVENT = "EVENT"
    UNKNOWN = "UNKNOWN"


class ContactPurpose(StrEnum):
    """
    Why.
    """

    RECRUITMENT = "RECRUITMENT"
    TRAINING = "TRAINING"
    APPRENTICESHIP = "APPRENTICESHIP"
    IMMERSION = "IMMERSION"
    MOBILITY = "MOBILITY"
    FOLLOW_UP = "FOLLOW_UP"
    PROSPECTING = "PROSPECTING"
    UNKNOWN = "UNKNOWN"


class ContactOutcome(StrEnum):
    """
    Class of outcome; the conversation itself is not shared.
    """

    NEED_FOUND = "NEED_FOUND"
    NO_NEED = "NO_NEED"
    CALL_BACK = "CALL_BACK"
    UNREACHABLE = "UNREACHABLE"
    REFUSED = "REFUSED"
    UNKNOWN = "UNKNOWN"


class EmployerContact(BaseModel):
    """
    Somebody of a partner called on an establishment: partners see it, so that no firm is called five times.
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
    contact_id: str = Field(
        ..., description="The source's id of the contact, <source>:<id>."
    )
    organisation: str = Field(..., description="Who called: the partner.")
    agent: str | None = Field(
        None,
        description="Who called: the partner's own code of its agent, never a name.",
    )
    contacted_at: AwareDatetime = Field(..., description="When.")
    channel: ContactChannel | None = Field(None, description="How.")
    purpose: ContactPurpose | None = Field(None, description="Why.")
    outcome: ContactOutcome | None = Field(None, description="What came of it.")
    rome_codes: list[RomeCode] | None = Field(
        None, description="Trades that were spoken of."
    )
    next_on: date | None = Field(
        None, description="Next contact agreed on, Europe/Paris."
    )
