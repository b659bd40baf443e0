"""Generated from schemas/avro by `beffroi contracts generate`: never edit."""


from __future__ import annotations
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from enum import StrEnum


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


class Experience(StrEnum):
    """
    experienceExige: D beginner accepted, S wished, E required.
    """

    BEGINNER = "BEGINNER"
    WISHED = "WISHED"
    REQUIRED = "REQUIRED"
    UNKNOWN = "UNKNOWN"


class Employer(BaseModel):
    """
    Who recruits, when the partner says it.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    name: str | None = Field(None, description="Name of the firm (entreprise.nom).")
    siret: str | None = Field(
        None,
        description="SIRET of the establishment, 14 digits.",
        pattern="^[0-9]{14}$",
    )
    naf: str | None = Field(
        None,
        description="Activity of the establishment (codeNAF).",
        pattern="^[0-9]{2}\\.[0-9]{2}[A-Z]$",
    )
    size: str | None = Field(None, description="Size in words (trancheEffectifEtab).")


class OfferOrigin(StrEnum):
    """
    origineOffre.origine: 1 France Travail, 2 partner.
    """

    FRANCE_TRAVAIL = "FRANCE_TRAVAIL"
    PARTNER = "PARTNER"
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


class JobOffer(BaseModel):
    """
    One job offer as one source publishes it (France Travail, Offres d'emploi v2), without its objects contact and agence, which name persons.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    offer_id: str = Field(..., description="Root key: <source>:<id of the offer>.")
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
    title: str | None = Field(None, description="Title (intitule).")
    description: str | None = Field(
        None,
        description="Description, with mail addresses and phone numbers taken out.",
    )
    rome_code: str | None = Field(
        None,
        description="Trade (romeCode): letter and four digits.",
        pattern="^[A-N][0-9]{4}$",
    )
    appellation: str | None = Field(
        None, description="Job title within the trade (appellationlibelle)."
    )
    contract_type: str | None = Field(
        None, description="Type of contract (typeContrat), for instance CDI, CDD, MIS."
    )
    contract_label: str | None = Field(
        None, description="Type and length in words (typeContratLibelle)."
    )
    contract_nature: str | None = Field(
        None, description="Nature of the contract (natureContrat)."
    )
    work_study: bool | None = Field(
        None, description="Whether it is a work-study contract (alternance)."
    )
    place: Place | None = Field(None, description="Where the work is (lieuTravail).")
    positions: int | None = Field(
        None, description="Number of positions (nombrePostes).", ge=0, le=2147483647
    )
    published_at: AwareDatetime | None = Field(
        None, description="Instant of creation (dateCreation)."
    )
    updated_at: AwareDatetime | None = Field(
        None, description="Instant of the last update (dateActualisation)."
    )
    closed_at: AwareDatetime | None = Field(
        None,
        description="Instant at which it was no longer published; the API has none, the poller sets it.",
    )
    experience: Experience | None = Field(None, description="Experience asked for.")
    experience_label: str | None = Field(
        None, description="Experience in words (experienceLibelle)."
    )
    working_time: str | None = Field(
        None, description="Hours in words (dureeTravailLibelle)."
    )
    salary_label: str | None = Field(
        None,
        description="Salary as the offer words it (salaire.libelle); no amount is derived from it.",
    )
    qualification: str | None = Field(
        None,
        description="Level of the position (qualificationCode), 1 to 9.",
        pattern="^[1-9X]$",
    )
    employer: Employer | None = Field(None, description="The employer.")
    disability_friendly: bool | None = Field(
        None, description="Open to disabled workers (accessibleTH)."
    )
    hard_to_fill: bool | None = Field(
        None, description="Published as lacking candidates (offresManqueCandidats)."
    )
    url: str | None = Field(
        None, description="Page of the offer (origineOffre.urlOrigine)."
    )
    origin: OfferOrigin | None = Field(None, description="Who collected it.")
    partner: str | None = Field(
        None, description="Name of the partner that collected it."
    )
