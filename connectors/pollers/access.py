"""Where the partners' APIs are, who we are to them, and how a feed's edge is built from that."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Final, TypeVar

import httpx2
from pydantic import BaseModel, ConfigDict, SecretStr

from connectors.pollers.credentials import ClientCredentials, Credentials, FixedToken
from connectors.pollers.data_inclusion import DataInclusion
from connectors.pollers.edge import Edge, Observe, Patience
from connectors.pollers.evenements import Evenements
from connectors.pollers.feeds import Feed
from connectors.pollers.offres import Offres
from schemas.clock import Clock
from schemas.errors import SettingsError

T = TypeVar("T")

#: Feeds that can be polled, made from the départements they shall cover.
FEEDS: Final[dict[str, Callable[[tuple[str, ...]], Feed]]] = {
    Offres.source: Offres, Evenements.source: Evenements, DataInclusion.source: DataInclusion,
}  # fmt: skip


class PollSettings(BaseModel):
    """Addresses and credentials.

    Attributes:
        france_travail_url: Of France Travail's APIs.
        france_travail_token_url: Of its token service; each API's documented one when left out.
        france_travail_client_id: Of the application on francetravail.io.
        france_travail_client_secret: Of the application.
        data_inclusion_url: Of data·inclusion.
        data_inclusion_token: Given by its team.
        rate: Requests a second; each API's own when left out.
        patience: How long to wait.
    """

    model_config = ConfigDict(frozen=True)

    france_travail_url: str
    france_travail_token_url: str | None = None
    france_travail_client_id: str | None = None
    france_travail_client_secret: SecretStr | None = None
    data_inclusion_url: str
    data_inclusion_token: SecretStr | None = None
    rate: float | None = None
    patience: Patience = Patience()


@dataclass(frozen=True, slots=True)
class _FranceTravail:
    """One of its APIs, as its OpenAPI description says it: both scopes are needed, in one token."""

    where: str
    path: str
    scopes: tuple[str, ...]
    token_url: str


_FRANCE_TRAVAIL: Final = {
    Offres.source: _FranceTravail(
        "France Travail's API of job offers", "/offresdemploi", ("api_offresdemploiv2", "o2dsoffre"),
        "https://entreprise.francetravail.fr/connexion/oauth2/access_token?realm=/partenaire",
    ),
    Evenements.source: _FranceTravail(
        "France Travail's API of events", "/evenements/v1", ("api_evenementsv1", "evenements"),
        "https://authentification-partenaire.francetravail.io/connexion/oauth2/access_token?realm=/partenaire",
    ),
}  # fmt: skip


def feed(source: str, departements: tuple[str, ...]) -> Feed:
    """The feed of a name; raises SettingsError for one that cannot be polled."""
    if source not in FEEDS:
        raise SettingsError(f"source {source} cannot be polled", fix=f"one of {', '.join(FEEDS)}")
    return FEEDS[source](departements)


def check(source: str, settings: PollSettings) -> None:
    """Raises SettingsError when the credentials of a feed are missing; names the settings."""
    if source in _FRANCE_TRAVAIL:
        _needed(settings.france_travail_client_id, "BEFFROI_FRANCE_TRAVAIL_CLIENT_ID", source)
        _needed(settings.france_travail_client_secret, "BEFFROI_FRANCE_TRAVAIL_CLIENT_SECRET", source)
    else:
        _needed(settings.data_inclusion_token, "BEFFROI_DATA_INCLUSION_TOKEN", source)


@asynccontextmanager
async def edge(polled: Feed, settings: PollSettings, observe: Observe, clock: Clock) -> AsyncIterator[Edge]:
    """The edge of a feed, open.

    Raises:
        SettingsError: Credentials are missing.
    """
    check(polled.source, settings)
    patience, rate = settings.patience, settings.rate or polled.rate
    timeout = httpx2.Timeout(patience.answer, connect=patience.connection)
    # One question at a time: a second connection is only ever opened to the token service.
    async with httpx2.AsyncClient(timeout=timeout, limits=httpx2.Limits(max_connections=2)) as client:

        def made(where: str, address: str, credentials: Credentials | None) -> Edge:
            return Edge(client, where, address.rstrip("/"), credentials, rate, patience, observe, clock)

        api = _FRANCE_TRAVAIL.get(polled.source)
        if api is None:
            token = FixedToken(_needed(settings.data_inclusion_token, "BEFFROI_DATA_INCLUSION_TOKEN", polled.source))
            yield made("data·inclusion", settings.data_inclusion_url, token)
        else:
            tokens = made("France Travail's token service", settings.france_travail_token_url or api.token_url, None)
            credentials = ClientCredentials(
                settings.france_travail_client_id or "", settings.france_travail_client_secret or SecretStr(""),
                api.scopes, tokens.post_form, monotonic,
            )  # fmt: skip
            yield made(api.where, settings.france_travail_url.rstrip("/") + api.path, credentials)


def _needed(value: T | None, variable: str, source: str) -> T:
    if not value:
        raise SettingsError(
            f"source {source} needs {variable}",
            fix=f"set {variable} in the environment of this process; see docs/pollers.md",
        )
    return value
