"""Generated from schemas/avro by `beffroi contracts generate`: never edit."""


from __future__ import annotations
from enum import StrEnum
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from datetime import date


class Disclosure(StrEnum):
    """
    How a count of persons is published: rounded to the base, or only as fewer than the threshold.
    """

    ROUNDED = "ROUNDED"
    FEWER_THAN = "FEWER_THAN"
    UNKNOWN = "UNKNOWN"


class DisclosedCount(BaseModel):
    """
    A count of persons under the disclosure rule.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    disclosure: Disclosure = Field(
        Disclosure.UNKNOWN, description="Rounded, or fewer than the threshold."
    )
    value: int | None = Field(
        None, description="The rounded count, when it is ROUNDED.", ge=0, le=2147483647
    )
    below: int | None = Field(
        None, description="The threshold, when it is FEWER_THAN.", ge=0, le=2147483647
    )


class SessionsRow(BaseModel):
    """
    One training session that ends or starts soon. Key: session_id.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    session_id: str = Field(..., description="Key of the session.")
    title: str | None = Field(None, description="Title of the training.")
    provider: str | None = Field(None, description="Name of the provider.")
    commune: str | None = Field(
        None, description="INSEE code of the commune, of the current vintage."
    )
    commune_name: str | None = Field(None, description="Name of the commune.")
    postcode: str | None = Field(None, description="Postcode.", pattern="^[0-9]{5}$")
    areas: list[str] = Field(
        ..., description="Every territory that holds it, as type:code."
    )
    trades: list[str] = Field(
        ..., description="Every trade it counts under, roll-ups included."
    )
    trade: str | None = Field(None, description="The first of its own trades.")
    trade_title: str | None = Field(None, description="Title of that trade.")
    starts_on: date | None = Field(None, description="First day.")
    ends_on: date | None = Field(None, description="Last day.")
    recruitment: str | None = Field(None, description="OPEN, CLOSED or SUSPENDED.")
    seats: int | None = Field(None, description="Places.", ge=0, le=2147483647)
    seats_basis: str | None = Field(
        None, description="FUNDED, RECRUITMENT or CAPACITY."
    )
    url: str | None = Field(None, description="Web page.")
    leavers: DisclosedCount = Field(..., description="People expected to finish.")
    sources: list[str] = Field(..., description="Sources that know this session.")
    as_of: AwareDatetime = Field(
        ..., description="Instant at which this row last changed."
    )
