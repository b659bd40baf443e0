"""Generated from schemas/avro by `beffroi contracts generate`: never edit."""


from __future__ import annotations
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from enum import StrEnum


class Area(BaseModel):
    """
    A territory: a bare code is never used.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    type: str = Field(
        ...,
        description="commune, epci, arrondissement, departement, region, bassin, outside.",
    )
    code: str = Field(..., description="Code within the type.")
    vintage: str = Field(..., description="Year of the code list.")
    name: str = Field(..., description="Name.")


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


class ExitsRow(BaseModel):
    """
    How many people finish a training in one area, trade and window. Key: <area>|<trade>|<window>. A combination without a row counts nobody.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    area: Area = Field(..., description="The territory.")
    trade: str = Field(
        ...,
        description="all, rome-family:N, rome-domain:N41, rome:N4101 or formacode:31734.",
    )
    trade_title: str = Field(..., description="Title of the trade, in French.")
    window: str = Field(
        ...,
        description="P30D, P60D, P90D (that many days from today on, Europe/Paris), or a calendar month as 2026-12.",
    )
    count: DisclosedCount = Field(..., description="People who finish.")
    as_of: AwareDatetime = Field(
        ..., description="Instant at which this row last changed."
    )
