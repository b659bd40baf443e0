"""Generated from schemas/avro by `beffroi contracts generate`: never edit."""


from __future__ import annotations
from enum import StrEnum
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from decimal import Decimal


class AreaType(StrEnum):
    """
    Kind of territory.
    """

    COMMUNE = "COMMUNE"
    EPCI = "EPCI"
    ARRONDISSEMENT = "ARRONDISSEMENT"
    DEPARTEMENT = "DEPARTEMENT"
    REGION = "REGION"
    BASSIN = "BASSIN"
    ZONE_EMPLOI = "ZONE_EMPLOI"
    COUNTRY = "COUNTRY"
    UNKNOWN = "UNKNOWN"


class ActivityType(StrEnum):
    """
    Kind of activity code.
    """

    ROME = "ROME"
    ROME_DOMAIN = "ROME_DOMAIN"
    FORMACODE = "FORMACODE"
    FORMATION_FAMILY = "FORMATION_FAMILY"
    ALL = "ALL"
    UNKNOWN = "UNKNOWN"


class OutcomeMeasure(StrEnum):
    """
    What is counted: ACCESS, at least one job within the horizon; PRESENCE, in a job on the day of the horizon; LASTING, in a job of six months or more.
    """

    ACCESS = "ACCESS"
    PRESENCE = "PRESENCE"
    LASTING = "LASTING"
    UNKNOWN = "UNKNOWN"


class AreaRef(BaseModel):
    """
    A territory: type, code and vintage; a bare code is never used.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    type: AreaType = Field(AreaType.UNKNOWN, description="Kind of territory.")
    code: str = Field(..., description="Code within the type.")
    vintage: str | None = Field(None, description="Year of the code list, four digits.")


class Activity(BaseModel):
    """
    What was trained for, or sought.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    type: ActivityType = Field(ActivityType.UNKNOWN, description="Kind of code.")
    code: str = Field(..., description="Code within the type.")
    label: str | None = Field(None, description="Title, in French.")


class OutcomeRate(BaseModel):
    """
    How many of those who left a training found or held a job, for one area, activity and period. Access, presence and lasting employment are three different measures that are never mixed.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    rate_id: str = Field(
        ...,
        description="Root key: <area type>:<area code>|<activity type>:<activity code>|<period>|<horizon>|<measure>.",
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
    area: AreaRef = Field(..., description="The territory.")
    activity: Activity = Field(..., description="The activity.")
    period: str = Field(
        ...,
        description="Period of the leaving: a year 2025, or a quarter 2025T4.",
        pattern="^[0-9]{4}(T[1-4])?$",
    )
    horizon_months: int = Field(
        ..., description="After how many months: 6 or 12.", ge=6, le=12
    )
    measure: OutcomeMeasure = Field(
        OutcomeMeasure.UNKNOWN, description="What is counted."
    )
    denominator: int | None = Field(
        None,
        description="People who left a training in the period.",
        ge=0,
        le=9223372036854775807,
    )
    numerator: int | None = Field(
        None,
        description="Those of them who satisfy the measure.",
        ge=0,
        le=9223372036854775807,
    )
    rate: Decimal | None = Field(
        None,
        description="The published rate; not always numerator by denominator, for the producer rounds.",
        ge=0,
        le=100,
        multiple_of=0.01,
    )
    masked: bool | None = Field(
        None,
        description="True when the producer withheld numbers that would be too small.",
    )
