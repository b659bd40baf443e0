"""Generated from schemas/avro by `beffroi contracts generate`: never edit."""


from __future__ import annotations
from enum import StrEnum
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from datetime import date


class HiringScheme(StrEnum):
    """
    AFPR and POEI before one hiring, POEC for a branch.
    """

    AFPR = "AFPR"
    POEI = "POEI"
    POEC = "POEC"
    UNKNOWN = "UNKNOWN"


class Commune(BaseModel):
    """
    A commune and the vintage of its code (INSEE Code officiel géographique).
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    code: str = Field(
        ..., description="INSEE code, 5 characters.", pattern="^[0-9][0-9AB][0-9]{3}$"
    )
    vintage: str | None = Field(
        None,
        description="Year of the code list, four digits; null when the source does not say.",
    )


class RequestState(StrEnum):
    """
    Where the request stands.
    """

    OPEN = "OPEN"
    MATCHED = "MATCHED"
    FUNDED = "FUNDED"
    REFUSED = "REFUSED"
    CLOSED = "CLOSED"
    UNKNOWN = "UNKNOWN"


class Place(BaseModel):
    """
    Where it is.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    commune: Commune | None = Field(None, description="The commune.")
    postcode: str | None = Field(
        None,
        description="Postcode, 5 digits; does not give a commune by itself.",
        pattern="^[0-9]{5}$",
    )
    label: str | None = Field(
        None, description="Name of the place as the source writes it."
    )
    latitude: float | None = Field(
        None, description="Degrees north, WGS 84.", ge=-90.0, le=90.0
    )
    longitude: float | None = Field(
        None, description="Degrees east, WGS 84.", ge=-180.0, le=180.0
    )


class HiringTrainingRequest(BaseModel):
    """
    An employer wants to recruit by training first: AFPR, POEI or POEC.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    request_id: str = Field(..., description="Root key: <source>:<id>.")
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
    scheme: HiringScheme = Field(HiringScheme.UNKNOWN, description="Financing scheme.")
    siret: str | None = Field(
        None,
        description="SIRET of the employer, 14 digits; null for a branch.",
        pattern="^[0-9]{14}$",
    )
    opco: str | None = Field(None, description="Skills operator that finances.")
    rome_code: str | None = Field(
        None, description="Trade: letter and four digits.", pattern="^[A-N][0-9]{4}$"
    )
    formacodes: list[str] | None = Field(
        None, description="Subjects of the training wanted, the main one first."
    )
    place: Place | None = Field(None, description="Where the job is.")
    positions: int | None = Field(
        None, description="People to hire.", ge=0, le=2147483647
    )
    hours: int | None = Field(
        None, description="Length of the training.", ge=0, le=2147483647
    )
    starts_by: date | None = Field(
        None, description="Latest first day of the training, Europe/Paris."
    )
    hires_by: date | None = Field(
        None, description="Latest first day of the job, Europe/Paris."
    )
    contract_type: str | None = Field(
        None, description="Contract promised, for instance CDI or CDD."
    )
    offer_id: str | None = Field(None, description="Offer it comes from: see JobOffer.")
    session_id: str | None = Field(
        None, description="Session found for it: see TrainingSession."
    )
    state: RequestState | None = Field(None, description="Where the request stands.")
