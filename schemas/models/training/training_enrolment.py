"""Generated from schemas/avro by `beffroi contracts generate`: never edit."""


from __future__ import annotations
from enum import StrEnum
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from datetime import date


class EnrolmentStatus(StrEnum):
    """
    Where the person stands, from prescription to exit.
    """

    PRESCRIBED = "PRESCRIBED"
    AWAITING = "AWAITING"
    ADMITTED = "ADMITTED"
    REFUSED = "REFUSED"
    CANCELLED = "CANCELLED"
    ENTERED = "ENTERED"
    INTERRUPTED = "INTERRUPTED"
    DROPPED_OUT = "DROPPED_OUT"
    COMPLETED = "COMPLETED"
    UNKNOWN = "UNKNOWN"


class Prescriber(StrEnum):
    """
    Who prescribed the training.
    """

    FRANCE_TRAVAIL = "FRANCE_TRAVAIL"
    MISSION_LOCALE = "MISSION_LOCALE"
    CAP_EMPLOI = "CAP_EMPLOI"
    DEPARTEMENT = "DEPARTEMENT"
    AFPA = "AFPA"
    OTHER = "OTHER"
    UNKNOWN = "UNKNOWN"


class Scheme(StrEnum):
    """
    Financing scheme of a training: PRF regional programme, AFC France Travail group order, AIF individual aid, AFPR and POEI before hiring, POEC collective, CPF personal account.
    """

    PRF = "PRF"
    AFC = "AFC"
    AIF = "AIF"
    AFPR = "AFPR"
    POEI = "POEI"
    POEC = "POEC"
    CPF = "CPF"
    OTHER = "OTHER"
    UNKNOWN = "UNKNOWN"


class TrainingEnrolment(BaseModel):
    """
    One person in one training session, from prescription to exit, as one source knows it. The person is a keyed pseudonym; no name, no contact and no national number ever travels.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    session_id: str = Field(
        ..., description="Root key: the session's key, see TrainingSession."
    )
    person: str = Field(
        ...,
        description="Keyed pseudonym: HMAC-SHA-256 cut to 128 bits, 32 hexadecimal characters.",
        pattern="^[0-9a-f]{32}$",
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
    status: EnrolmentStatus | None = Field(
        None,
        description="Where the person stands; ADMITTED and ENTERED count as a coming exit.",
    )
    planned_start_on: date | None = Field(
        None, description="Planned first day of this person, Europe/Paris."
    )
    planned_end_on: date | None = Field(
        None, description="Planned last day of this person, Europe/Paris."
    )
    actual_end_on: date | None = Field(
        None, description="Actual last day of this person, Europe/Paris."
    )
    prescriber: Prescriber | None = Field(None, description="Who prescribed it.")
    scheme: Scheme | None = Field(
        None, description="Financing scheme of this person's place."
    )
    funders: list[str] | None = Field(
        None,
        description="Who pays this place: codes of the LHEO dictionary dict-financeurs.",
    )
