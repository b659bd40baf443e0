"""Pollers of the local APIs: settings and feeds with test sizes."""

from datetime import UTC, datetime, timedelta

from pydantic import SecretStr

from connectors.pollers import Patience, PollSettings
from connectors.pollers.offres import Offres
from tests.pollers.apis import CLIENT, DATA_INCLUSION_TOKEN, SECRET, Apis, Offer

#: Waits of milliseconds where a real poller waits seconds.
QUICK = Patience(attempts=4, first_wait=0.01, longest_wait=0.05, answer=5.0, connection=2.0, retry_after=2.0)
NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


def settings(
    apis: Apis, patience: Patience = QUICK, secret: str = SECRET, token: str = DATA_INCLUSION_TOKEN
) -> PollSettings:
    """Of the local APIs."""
    return PollSettings(
        france_travail_url=apis.url,
        france_travail_token_url=f"{apis.url}/connexion/oauth2/access_token?realm=/partenaire",
        france_travail_client_id=CLIENT,
        france_travail_client_secret=SecretStr(secret),
        data_inclusion_url=f"{apis.url}/api/v1",
        data_inclusion_token=SecretStr(token),
        patience=patience,
    )


def small_offres(*departements: str) -> Offres:
    """Pages of five, a ceiling of twenty, no politeness."""
    feed = Offres(departements or ("59",), page=5, ceiling=20)
    feed.rate = 1000.0
    return feed


def offers(
    count: int, departement: str = "59", step: timedelta = timedelta(hours=3), now: datetime = NOW
) -> dict[str, Offer]:
    """Offers, the newest an hour old."""
    made = (Offer(f"{departement}-{n:04}", departement, now - timedelta(hours=1) - n * step) for n in range(count))
    return {one.id: one for one in made}
