"""Generated from schemas/avro by `beffroi contracts generate`: never edit."""


from __future__ import annotations
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from enum import StrEnum
from datetime import date


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


class ContactMode(StrEnum):
    """
    How a candidate gets in touch.
    """

    EMAIL = "EMAIL"
    PHONE = "PHONE"
    IN_PERSON = "IN_PERSON"
    FORM = "FORM"
    UNKNOWN = "UNKNOWN"


class RemoteWork(StrEnum):
    """
    Work from home.
    """

    NONE = "NONE"
    PARTIAL = "PARTIAL"
    FULL = "FULL"
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


class ImmersionOpening(BaseModel):
    """
    An establishment that takes people for an immersion (PMSMP) in a trade.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    opening_id: str = Field(..., description="Root key: <source>:<siret>:<ROME code>.")
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
    siret: str = Field(
        ..., description="SIRET of the establishment, 14 digits.", pattern="^[0-9]{14}$"
    )
    name: str | None = Field(None, description="Name of the establishment.")
    rome_code: str = Field(
        ..., description="Trade: letter and four digits.", pattern="^[A-N][0-9]{4}$"
    )
    appellation: str | None = Field(None, description="Job title within the trade.")
    place: Place | None = Field(None, description="Where it is.")
    contact_mode: ContactMode | None = Field(
        None, description="How to get in touch; the person's own contact is not shared."
    )
    remote: RemoteWork | None = Field(None, description="Work from home.")
    open_from: date | None = Field(
        None, description="First day it is open, Europe/Paris."
    )
    open_until: date | None = Field(
        None, description="Last day it is open, Europe/Paris."
    )
    seats: int | None = Field(
        None, description="People it can take at once.", ge=0, le=2147483647
    )
    url: str | None = Field(None, description="Web page.")
