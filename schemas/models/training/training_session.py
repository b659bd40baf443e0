"""Generated from schemas/avro by `beffroi contracts generate`: never edit."""


from __future__ import annotations
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, RootModel
from enum import StrEnum
from datetime import date


class RomeCode(RootModel[str]):
    root: str = Field(..., pattern="^[A-N][0-9]{4}$")


class Provider(BaseModel):
    """
    The organisation that is responsible for the training (LHEO organisme-formation-responsable).
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    name: str | None = Field(None, description="Name of the organisation.")
    siret: str | None = Field(
        None, description="SIRET, 14 digits (INSEE Sirene).", pattern="^[0-9]{14}$"
    )
    nda: str | None = Field(
        None, description="Training activity declaration number, 11 digits (DREETS)."
    )


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


class CertificationScheme(StrEnum):
    """
    Register that gives the code: RNCP and RS of France compétences, Certifinfo, CPF.
    """

    RNCP = "RNCP"
    RS = "RS"
    CERTIFINFO = "CERTIFINFO"
    CPF = "CPF"
    UNKNOWN = "UNKNOWN"


class RecruitmentState(StrEnum):
    """
    LHEO dict-etat-recrutement: 1 open, 2 closed, 3 suspended.
    """

    OPEN = "OPEN"
    CLOSED = "CLOSED"
    SUSPENDED = "SUSPENDED"
    UNKNOWN = "UNKNOWN"


class SeatBasis(StrEnum):
    """
    What the number counts: places funded, places in this recruitment, capacity of the room.
    """

    FUNDED = "FUNDED"
    RECRUITMENT = "RECRUITMENT"
    CAPACITY = "CAPACITY"
    UNKNOWN = "UNKNOWN"


class EntryMode(StrEnum):
    """
    LHEO modalites-entrees-sorties: fixed dates, or permanent entries and exits.
    """

    FIXED = "FIXED"
    PERMANENT = "PERMANENT"
    UNKNOWN = "UNKNOWN"


class Modality(StrEnum):
    """
    LHEO modalites-enseignement: on site, mixed, remote.
    """

    ONSITE = "ONSITE"
    MIXED = "MIXED"
    REMOTE = "REMOTE"
    UNKNOWN = "UNKNOWN"


class Funder(BaseModel):
    """
    Who pays (LHEO organisme-financeur).
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    code: str = Field(..., description="Code of the LHEO dictionary dict-financeurs.")
    seats: int | None = Field(
        None,
        description="Places this funder pays (LHEO nb-places-financees).",
        ge=0,
        le=2147483647,
    )


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


class Hours(BaseModel):
    """
    Duration (LHEO nombre-heures-centre, nombre-heures-entreprise).
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    centre: int | None = Field(
        None, description="Hours at the training centre.", ge=0, le=2147483647
    )
    company: int | None = Field(
        None, description="Hours in a company.", ge=0, le=2147483647
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
    url: str | None = Field(None, description="Web page of the training.")


class Place(BaseModel):
    """
    Where the training takes place (LHEO lieu-de-formation).
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


class Certification(BaseModel):
    """
    A certification the training leads to.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    scheme: CertificationScheme = Field(
        CertificationScheme.UNKNOWN, description="Register of the code."
    )
    code: str = Field(..., description="Code in that register.")


class Recruitment(BaseModel):
    """
    State of the recruitment of trainees (LHEO etat-recrutement).
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    state: RecruitmentState = Field(
        RecruitmentState.UNKNOWN, description="Open, closed or suspended."
    )
    from_: date | None = Field(
        None, alias="from", description="First day of enrolment."
    )
    until: date | None = Field(None, description="Last day of enrolment.")


class Seats(BaseModel):
    """
    A number of places with what it counts: LHEO sessions have none.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    count: int = Field(..., description="Number of places.", ge=0, le=2147483647)
    basis: SeatBasis = Field(SeatBasis.UNKNOWN, description="What the number counts.")


class TrainingSession(BaseModel):
    """
    One dated run of a training action at one place, as one source knows it (LHEO element session). Absent is not empty: null means that the source does not know.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    session_id: str = Field(
        ...,
        description="Root key: intercarif:<session number> when the source gives the Intercarif number, else <source>:<id>.",
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
    title: str | None = Field(
        None, description="Title of the training (LHEO intitule-formation)."
    )
    provider: Provider | None = Field(None, description="The training provider.")
    place: Place | None = Field(None, description="Where it takes place.")
    rome_codes: list[RomeCode] | None = Field(
        None,
        description="Trades it prepares for: ROME codes, letter and four digits (France Travail).",
    )
    formacodes: list[str] | None = Field(
        None,
        description="Subjects: Formacode codes, five digits, the main one first (Centre Inffo).",
    )
    certifications: list[Certification] | None = Field(
        None, description="Certifications it leads to."
    )
    level: str | None = Field(
        None,
        description="Level at exit, code of the LHEO dictionary dict-niveaux (0 to 9).",
    )
    starts_on: date | None = Field(None, description="First day, Europe/Paris.")
    ends_on: date | None = Field(None, description="Last day, Europe/Paris.")
    recruitment: Recruitment | None = Field(
        None, description="Recruitment of trainees."
    )
    seats: Seats | None = Field(None, description="Places.")
    entry_mode: EntryMode | None = Field(
        None, description="Entries at fixed dates or all along."
    )
    modality: Modality | None = Field(None, description="On site, mixed or remote.")
    funders: list[Funder] | None = Field(None, description="Who pays.")
    scheme: Scheme | None = Field(None, description="Financing scheme.")
    hours: Hours | None = Field(None, description="Duration.")
    public_contact: PublicContact | None = Field(None, description="Public contact.")
