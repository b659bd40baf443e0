"""Generated from schemas/avro by `beffroi contracts generate`: never edit."""


from __future__ import annotations
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from datetime import date


class EmployerReferent(BaseModel):
    """
    The single interlocutor of an establishment among the partners.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    siret: str = Field(
        ...,
        description="Root key: SIRET of the establishment, 14 digits.",
        pattern="^[0-9]{14}$",
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
    organisation: str = Field(..., description="The partner.")
    agent: str | None = Field(None, description="The partner's own code of its agent.")
    name: str | None = Field(None, description="Name of the agent, for the partners.")
    phone: str | None = Field(None, description="Phone at work.")
    email: str | None = Field(None, description="Mail address at work.")
    since_on: date | None = Field(None, description="First day, Europe/Paris.")
    until_on: date | None = Field(
        None, description="Last day, Europe/Paris; null while it holds."
    )
