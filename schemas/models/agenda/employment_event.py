"""Generated from schemas/avro by `beffroi contracts generate`: never edit."""


from __future__ import annotations
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, RootModel
from enum import StrEnum


class RomeCode(RootModel[str]):
    root: str = Field(..., pattern="^[A-N]([0-9]{2}([0-9]{2})?)?$")


class EventKind(StrEnum):
    """
    typeEvenement: 13 information meeting, 14 forum, 15 conference, 16 workshop, 17 online fair, 18 job dating, 31 company visit, 32 open day.
    """

    INFORMATION_MEETING = "INFORMATION_MEETING"
    FORUM = "FORUM"
    CONFERENCE = "CONFERENCE"
    WORKSHOP = "WORKSHOP"
    ONLINE_FAIR = "ONLINE_FAIR"
    JOB_DATING = "JOB_DATING"
    COMPANY_VISIT = "COMPANY_VISIT"
    OPEN_DAY = "OPEN_DAY"
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


class Attendance(StrEnum):
    """
    How one attends (modalite): ENPHY on site, ADIST remote.
    """

    ONSITE = "ONSITE"
    REMOTE = "REMOTE"
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


class EmploymentEvent(BaseModel):
    """
    One recruitment or information event (France Travail, Mes événements emploi, and its partners).
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    event_id: str = Field(..., description="Root key: <source>:<id>.")
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
    title: str | None = Field(None, description="Title (titre).")
    description: str | None = Field(None, description="Description.")
    kind: EventKind = Field(EventKind.UNKNOWN, description="Kind of event.")
    starts_at: AwareDatetime | None = Field(
        None, description="First instant (dateEvenement, heureDebut)."
    )
    ends_at: AwareDatetime | None = Field(None, description="Last instant (heureFin).")
    timezone: str | None = Field(
        None, description="Time zone of the place (timezone), IANA name."
    )
    place: Place | None = Field(
        None, description="Where it is; null when it is remote only."
    )
    modalities: list[Attendance] | None = Field(None, description="How one attends.")
    targets: list[str] | None = Field(
        None,
        description="Aims (objectifs), for instance Recrutement, Découverte formation.",
    )
    publics: list[str] | None = Field(None, description="Open to whom (publics).")
    operations: list[str] | None = Field(
        None, description="Campaigns it belongs to (operations)."
    )
    rome_codes: list[RomeCode] | None = Field(
        None, description="Trades (codesRome): codes or domains."
    )
    multi_sector: bool | None = Field(
        None, description="For several sectors (multisectoriel)."
    )
    seats_onsite: int | None = Field(
        None,
        description="Seats on site (nombrePlaceTotalPresentiel).",
        ge=0,
        le=2147483647,
    )
    seats_remote: int | None = Field(
        None,
        description="Seats remote (nombrePlaceTotalDistance).",
        ge=0,
        le=2147483647,
    )
    registered_onsite: int | None = Field(
        None,
        description="Registered on site (nombreInscritPresentiel).",
        ge=0,
        le=2147483647,
    )
    registered_remote: int | None = Field(
        None,
        description="Registered remote (nombreInscritDistance).",
        ge=0,
        le=2147483647,
    )
    organiser: str | None = Field(
        None, description="Main organiser (libelleOrganisateurPrincipal)."
    )
    agency: str | None = Field(
        None, description="Agency it is attached to (libelleEtablissement)."
    )
    offer_ids: list[str] | None = Field(
        None, description="Offers it presents (offresId): see JobOffer."
    )
    session_ids: list[str] | None = Field(
        None, description="Training sessions it presents: see TrainingSession."
    )
    cancelled: bool = Field(
        False, description="True when it does not take place; it stays visible as such."
    )
    url: str | None = Field(None, description="Page of the event (urlDetailEvenement).")
