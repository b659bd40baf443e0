"""Generated from schemas/avro by `beffroi contracts generate`: never edit."""


from __future__ import annotations
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
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


class PublicContact(BaseModel):
    """
    How to reach the organisation, never a person.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    phone: str | None = Field(None, description="Phone of the organisation's desk.")
    email: str | None = Field(
        None, description="Mail address of the organisation's desk."
    )
    url: str | None = Field(None, description="Web page.")


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


class MobilityProvider(BaseModel):
    """
    An organisation that offers aids or services: a superset of Structure in the data·inclusion schema v1.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    provider_id: str = Field(
        ...,
        description="Root key: the structure's id in data·inclusion, else <source>:<id>.",
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
    name: str | None = Field(None, description="Name (nom).")
    siret: str | None = Field(
        None, description="SIRET, 14 digits.", pattern="^[0-9]{14}$"
    )
    description: str | None = Field(None, description="Description.")
    updated_on: date | None = Field(
        None, description="Last change at the producer (date_maj)."
    )
    place: Place | None = Field(None, description="Where it is.")
    address: str | None = Field(None, description="Street address of the organisation.")
    networks: list[str] | None = Field(
        None, description="Networks it belongs to (reseaux_porteurs)."
    )
    contact: PublicContact | None = Field(
        None, description="Contact of the organisation."
    )
    opening_hours: str | None = Field(
        None, description="Opening hours, OpenStreetMap syntax (horaires_accueil)."
    )
    accessibility_url: str | None = Field(
        None, description="Accessibility sheet (accessibilite_lieu)."
    )
