"""Generated from schemas/avro by `beffroi contracts generate`: never edit."""


from __future__ import annotations
from enum import StrEnum
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from datetime import date


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


class Certainty(StrEnum):
    """
    How sure the need is.
    """

    FUNDED = "FUNDED"
    PLANNED = "PLANNED"
    ESTIMATED = "ESTIMATED"
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


class SkillsNeed(BaseModel):
    """
    A big project or a workshop states: this trade, this many, here, by then.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    need_id: str = Field(..., description="Root key: <source>:<id>.")
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
    project: str | None = Field(
        None,
        description="The project or workshop, for instance Canal Seine-Nord Europe.",
    )
    siret: str | None = Field(
        None,
        description="SIRET of the employer, 14 digits, when it is one.",
        pattern="^[0-9]{14}$",
    )
    rome_code: str | None = Field(
        None, description="Trade: letter and four digits.", pattern="^[A-N][0-9]{4}$"
    )
    formacodes: list[str] | None = Field(
        None, description="Subjects, when no trade is known."
    )
    count: int = Field(
        ..., description="How many people are needed.", ge=0, le=2147483647
    )
    areas: list[AreaRef] | None = Field(None, description="Where.")
    needed_from: date | None = Field(
        None, description="First day of need, Europe/Paris."
    )
    needed_by: date | None = Field(None, description="Last day of need, Europe/Paris.")
    certainty: Certainty | None = Field(None, description="How sure it is.")
    stated_by: str | None = Field(None, description="Who states it.")
