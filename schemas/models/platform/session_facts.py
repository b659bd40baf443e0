"""Generated from schemas/avro by `beffroi contracts generate`: never edit."""


from __future__ import annotations
from pydantic import BaseModel, ConfigDict, Field
from datetime import date


class SessionFacts(BaseModel):
    """
    What one session contributes to the view of sessions, before disclosure. Internal.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    session_id: str = Field(..., description="Key of the session.")
    title: str | None = Field(None, description="Title of the training.")
    provider: str | None = Field(None, description="Name of the provider.")
    commune: str | None = Field(
        None,
        description="INSEE code of the commune, of the current vintage, when it is known.",
    )
    postcode: str | None = Field(None, description="Postcode.", pattern="^[0-9]{5}$")
    place: str | None = Field(None, description="Name of the place.")
    trades: list[str] = Field(
        ..., description="References of the trades it prepares for."
    )
    starts_on: date | None = Field(None, description="First day.")
    ends_on: date | None = Field(None, description="Last day.")
    recruitment: str | None = Field(None, description="State of the recruitment.")
    seats: int | None = Field(None, description="Places.", ge=0, le=2147483647)
    seats_basis: str | None = Field(None, description="What the places count.")
    url: str | None = Field(None, description="Web page.")
    sources: list[str] = Field(..., description="Sources that know this session.")
