"""Generated from schemas/avro by `beffroi contracts generate`: never edit."""


from __future__ import annotations
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, RootModel
from enum import StrEnum
from decimal import Decimal
from datetime import date


class Thematic(RootModel[str]):
    root: str = Field(..., pattern="^[a-z-]+(--[a-z-]+)?$")


class Fee(StrEnum):
    """
    Whether one pays (frais).
    """

    FREE = "FREE"
    PAID = "PAID"
    UNKNOWN = "UNKNOWN"


class AmountKind(StrEnum):
    """
    What the amount is.
    """

    GRANT = "GRANT"
    LOAN = "LOAN"
    FEE = "FEE"
    RATE_PER_KM = "RATE_PER_KM"
    CEILING = "CEILING"
    UNKNOWN = "UNKNOWN"


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


class Reception(StrEnum):
    """
    How people are received (modes_accueil).
    """

    ONSITE = "ONSITE"
    REMOTE = "REMOTE"
    UNKNOWN = "UNKNOWN"


class MobilisedBy(StrEnum):
    """
    Who may ask for it (mobilisable_par).
    """

    USERS = "USERS"
    PROFESSIONALS = "PROFESSIONALS"
    UNKNOWN = "UNKNOWN"


class MobilisationMode(StrEnum):
    """
    How to ask for it (modes_mobilisation).
    """

    EMAIL = "EMAIL"
    PHONE = "PHONE"
    IN_PERSON = "IN_PERSON"
    LINK = "LINK"
    UNKNOWN = "UNKNOWN"


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


class Amount(BaseModel):
    """
    An amount that the aid grants or costs, and when it holds.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    kind: AmountKind = Field(AmountKind.UNKNOWN, description="What the amount is.")
    value: Decimal = Field(
        ..., description="The amount.", ge=0, le=9999999.999, multiple_of=0.001
    )
    per: str | None = Field(
        None,
        description="What it is paid for: trip, kilometre, night, month, year; null once for all.",
    )
    valid_from: date | None = Field(None, description="First day it holds.")
    valid_until: date | None = Field(None, description="Last day it holds.")
    condition: str | None = Field(None, description="When it applies, in words.")


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


class MobilityAid(BaseModel):
    """
    One aid or service that helps to reach a training or a job: a superset of Service in the data·inclusion schema v1, with structured amounts.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    aid_id: str = Field(
        ...,
        description="Root key: the service's id in data·inclusion, else <source>:<id>.",
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
    provider_id: str | None = Field(
        None, description="Who offers it (structure_id): see MobilityProvider."
    )
    name: str | None = Field(None, description="Name (nom).")
    description: str | None = Field(None, description="Description.")
    updated_on: date | None = Field(
        None, description="Last change at the producer (date_maj)."
    )
    kind: str | None = Field(
        None,
        description="Kind of service (type), for instance aide-financiere, accompagnement.",
    )
    thematics: list[Thematic] | None = Field(
        None,
        description="Themes (thematiques); those of mobility begin with mobilite--.",
    )
    publics: list[str] | None = Field(None, description="For whom (publics).")
    publics_detail: str | None = Field(
        None, description="For whom, in words (publics_precisions)."
    )
    conditions: str | None = Field(
        None, description="Conditions of access (conditions_acces)."
    )
    fee: Fee | None = Field(None, description="Whether one pays.")
    fee_detail: str | None = Field(
        None, description="Fees in words (frais_precisions)."
    )
    amounts: list[Amount] | None = Field(
        None, description="Structured amounts; no field of data·inclusion."
    )
    eligible_areas: list[AreaRef] | None = Field(
        None, description="Where one must live or train (zone_eligibilite), as areas."
    )
    place: Place | None = Field(None, description="Where it is given.")
    reception: list[Reception] | None = Field(
        None, description="How people are received."
    )
    mobilised_by: list[MobilisedBy] | None = Field(
        None, description="Who may ask for it."
    )
    mobilisation: list[MobilisationMode] | None = Field(
        None, description="How to ask for it."
    )
    mobilisation_detail: str | None = Field(
        None, description="How to ask for it, in words (mobilisation_precisions)."
    )
    mobilisation_url: str | None = Field(
        None, description="Where to ask for it (lien_mobilisation)."
    )
    contact: PublicContact | None = Field(
        None,
        description="Contact of the organisation; contact_nom_prenom never enters.",
    )
    opening_hours: str | None = Field(
        None, description="Opening hours, OpenStreetMap syntax (horaires_accueil)."
    )
    weekly_hours: Decimal | None = Field(
        None,
        description="Length in a week (volume_horaire_hebdomadaire).",
        ge=0,
        le=9999.9,
        multiple_of=0.1,
    )
    weeks: int | None = Field(
        None, description="Number of weeks (nombre_semaines).", ge=1, le=2147483647
    )
