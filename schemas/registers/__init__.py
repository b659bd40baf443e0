"""The pact's registers: which sources there are, who subscribes, and which partners speak Kafka."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from schemas.errors import SettingsError


class Source(BaseModel):
    """One system of a partner.

    Attributes:
        name: As records carry it in ``source``.
        system: What the partner calls it.
        holder: Who runs it.
        holds: What is in it, in French.
        format: How it writes.
        contracts: Full names of what comes out of it.
        cadence_hours: Expected time between two publications.
        late_after_hours: When somebody should ask.
        state: ``live`` when Beffroi takes its format.
        snapshot: Each file in its inbox is its whole truth: what a file lacks is withdrawn.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    system: str
    holder: str
    holds: str
    format: str
    contracts: tuple[str, ...]
    cadence_hours: int = Field(ge=1)
    late_after_hours: int = Field(ge=1)
    state: Literal["live", "planned"]
    snapshot: bool = Field(default=False, strict=True)


class Subscriber(BaseModel):
    """Somebody outside who reads.

    Attributes:
        name: As people know it.
        organisation: Whose it is.
        group: Its consumer group, when it reads Kafka.
        reads: Fields by full name of the contract; ``*`` for all.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    organisation: str
    group: str | None = None
    reads: Mapping[str, tuple[str, ...]]


class Partner(BaseModel):
    """A partner who speaks Kafka: it has a topic to write to, and one on which it gets its verdicts.

    Attributes:
        name: In the names of its topics.
        organisation: Whose it is.
        sources: Those it may publish.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    organisation: str
    sources: tuple[str, ...] = Field(min_length=1)


_SEE = "see the comment at the top of the register of this package"
Entry = TypeVar("Entry", Source, Subscriber, Partner)


def sources_register(more: Path | None = None) -> tuple[Source, ...]:
    """Every source, ours and an operator's; raises SettingsError for a file that is broken."""
    return _load(Source, "sources.toml", more)


def readers_register(more: Path | None = None) -> tuple[Subscriber, ...]:
    """Every subscriber that is registered; raises SettingsError for a file that is broken."""
    return _load(Subscriber, "readers.toml", more)


def partners_register(more: Path | None = None) -> tuple[Partner, ...]:
    """Every partner who speaks Kafka; raises SettingsError for a file that is broken."""
    return _load(Partner, "partners.toml", more)


def _load(kind: type[Entry], name: str, more: Path | None) -> tuple[Entry, ...]:
    entries = _parse((files("schemas") / "registers" / name).read_text("utf-8"), name)
    if more is not None:
        try:
            entries |= _parse(more.read_text("utf-8"), str(more))
        except OSError as error:
            raise SettingsError(
                f"the register {more} cannot be read: {error.strerror}", fix="correct the path"
            ) from None
    return tuple(_entry(kind, key, value, str(more or name)) for key, value in entries.items())


def _parse(text: str, where: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{where} is not TOML: {error}", fix="correct that line") from None


def _entry(kind: type[Entry], key: str, value: Any, where: str) -> Entry:  # noqa: ANN401  # whatever TOML holds
    if not isinstance(value, dict):
        raise SettingsError(f"{where}, entry {key}: not a table", fix=_SEE)
    try:
        return kind.model_validate({"name": key, **value})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise SettingsError(f"{where}, entry {key}, {place}: {first['msg'].lower()}", fix=_SEE) from None
