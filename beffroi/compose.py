"""Composition: from settings to the parts that run. Only this room builds, only the commands start."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from time import monotonic, time
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry
from pydantic import ValidationError

from beffroi.audit import Audited
from beffroi.audit import audit as recount
from beffroi.embedded import EmbeddedKafka
from beffroi.settings import Settings
from connectors.failures import COMMAND, INBOX, POLLER, RELAY
from connectors.formats import format_named
from connectors.gateway.rights import contracts_of
from connectors.gateway.settings import GatewaySettings
from connectors.inbox import Fetcher, Inbox, Pace, Route, Server
from connectors.intake import Intake
from connectors.kafka import admin, generations, registry
from connectors.kafka.settings import KafkaSettings
from connectors.pollers import CursorTopic, Poller, PollSettings, Spool, ToIntake, check, feed
from connectors.privacy import KEY_BYTES, Pseudonymiser, load_or_create_key
from connectors.quarantine import Workbench
from connectors.relay import Relay
from connectors.sealing import load_or_create_keys
from connectors.watch import Watch
from monitoring.inbox import InboxHealth, InboxMetrics
from monitoring.polling import PollHealth, PollMetrics
from monitoring.relay import RelayHealth, RelayMetrics
from monitoring.watch import WatchHealth, WatchMetrics
from portal.settings import PortalSettings
from schemas.clock import system_clock
from schemas.errors import FileRefused, KafkaUnavailable, SettingsError
from schemas.registers import Source, partners_register, sources_register
from schemas.territory.areas import DEPARTEMENT, Territory
from schemas.territory.trades import Trades
from schemas.topics import CURSORS, Topic, catalogue, partner_topics
from streams.memory import spare_the_state
from streams.settings import StreamSettings

if TYPE_CHECKING:
    from streams.agents.rebuild import Rebuild

#: A command that a person waits for says after this long that no broker answers.
BROKER_PATIENCE_S = 5.0
#: A process that a supervisor starts may come up before its broker does.
ROLE_PATIENCE_S = 60.0


def kafka(settings: Settings, patience_s: float = BROKER_PATIENCE_S) -> KafkaSettings:
    """The cluster of this deployment, once it answered.

    Raises:
        KafkaUnavailable: No embedded broker runs, or the given cluster does not answer.
    """
    found = settings.kafka_settings(_bootstrap(settings))
    admin.await_broker(found, patience_s)
    return found


def _bootstrap(settings: Settings) -> str:
    if not settings.embedded:
        return settings.kafka
    running = EmbeddedKafka.running(settings.data_dir / "kafka")
    if running is None:
        raise KafkaUnavailable(
            "no embedded Kafka is running",
            fix="start one with `beffroi up` (or `make demo`), or set BEFFROI_KAFKA=host:port for a given cluster",
        )
    return running


def plan_topics(settings: Settings, cluster: KafkaSettings) -> admin.Plan:
    """What the cluster lacks against the catalogue."""
    found = generations.in_force(cluster, settings.topic_prefix, registry.codec(cluster))
    state = generations.number(found, generations.STATE)
    wanted = (*catalogue(settings.partition_count, settings.topic_prefix, state), *_partner_topics(settings))
    return admin.plan(admin.existing(cluster, [topic.name for topic in wanted]), wanted)


def _partner_topics(settings: Settings) -> list[Topic]:
    partners = partners_register(settings.partners_register)
    return [topic for one in partners for topic in partner_topics(one.name, settings.topic_prefix)]


def apply_topics(settings: Settings, cluster: KafkaSettings) -> admin.Plan:
    """Bring the cluster to the catalogue and say what was done."""
    plan = plan_topics(settings, cluster)
    admin.apply(cluster, plan, settings.replication_factor)
    return plan


def territory(settings: Settings) -> Territory:
    """The areas of this deployment's region."""
    return Territory.load(settings.region, settings.area_tables)


def intake(settings: Settings, cluster: KafkaSettings, door: str = COMMAND) -> Intake:
    """The pipeline that every partner's file goes through; ``door`` says how it came."""
    spare_the_state()  # what a delivery holds lives until its commit: to walk it again and again costs a sixth
    return Intake(
        cluster,
        prefix=settings.topic_prefix,
        pseudonyms=Pseudonymiser(load_or_create_key(settings.key_file)),
        territory=territory(settings),
        clock=system_clock,
        keys=load_or_create_keys(settings.quarantine_key_file),
        door=door,
    )


def role_intake(settings: Settings, door: str = COMMAND) -> tuple[KafkaSettings, Intake]:
    """The cluster and the pipeline of a process that a supervisor starts: it waits for its broker.

    Raises:
        KafkaUnavailable: No broker answers.
    """
    cluster = kafka(settings, ROLE_PATIENCE_S)
    return cluster, intake(settings, cluster, door)


@dataclass(frozen=True)
class Workplace:
    """Where an operator works on the quarantine.

    Attributes:
        bench: Looks, mends and drops.
        settings: Of the deployment.
        cluster: Its Kafka.
        sources: Its register.
    """

    bench: Workbench
    settings: Settings
    cluster: KafkaSettings
    sources: tuple[Source, ...]

    def intake(self) -> Intake:
        """The pipeline that mended records go through."""
        return intake(self.settings, self.cluster)

    def partner(self, source: str) -> str:
        """Whose a feed is; a dash for what is nobody's."""
        return next((one.holder for one in self.sources if one.name == source), "-")

    def sources_of(self, partner: str) -> frozenset[str]:
        """The feeds of the partners whose name holds a text."""
        return frozenset(one.name for one in self.sources if partner.casefold() in one.holder.casefold())


def workplace(settings: Settings, cluster: KafkaSettings) -> Workplace:
    """Where the quarantine of this deployment is worked on."""
    bench = Workbench(
        cluster,
        settings.topic_prefix,
        codec=registry.codec(cluster),
        keys=load_or_create_keys(settings.quarantine_key_file),
        clock=system_clock,
    )
    return Workplace(bench, settings, cluster, sources_register(settings.sources_register))


def offline_intake(settings: Settings) -> Intake:
    """The same pipeline where things are only checked: no Kafka, and a key of this moment that nobody keeps."""
    return Intake(
        None,
        prefix="",
        pseudonyms=Pseudonymiser(secrets.token_bytes(KEY_BYTES)),
        territory=territory(settings),
        clock=system_clock,
    )


def poll_settings(settings: Settings) -> PollSettings:
    """What the edge of a poller needs."""
    return PollSettings(
        france_travail_url=settings.france_travail_url,
        france_travail_token_url=settings.france_travail_token_url,
        france_travail_client_id=settings.france_travail_client_id,
        france_travail_client_secret=settings.france_travail_client_secret,
        data_inclusion_url=settings.data_inclusion_url,
        data_inclusion_token=settings.data_inclusion_token,
        rate=settings.poll_rate,
    )


def poller(settings: Settings, source: str, collected: CollectorRegistry, *, confirm: bool) -> Poller:
    """The poller of a source.

    Raises:
        SettingsError: The source cannot be polled, or its credentials are missing.
        FileRefused: There is no format for what it gives.
        KafkaUnavailable: No broker answers.
    """
    access = poll_settings(settings)
    polled = feed(source, tuple(area.code for area in territory(settings).of_type(DEPARTEMENT)))
    check(source, access)
    format_named(polled.format)
    cluster, pipeline = role_intake(settings, POLLER)
    late_after_s = _late_after_s(settings, source)
    return Poller(
        polled,
        access,
        Spool(settings.data_dir / "pollers" / source),
        CursorTopic(cluster, settings.topic_prefix + CURSORS, registry.codec(cluster)),
        ToIntake(pipeline, confirm),
        metrics=PollMetrics(collected, source),
        health=PollHealth(source, system_clock, late_after_s),
        late_after_s=late_after_s,
        clock=system_clock,
        note=pipeline.note,
    )


def _late_after_s(settings: Settings, source: str) -> float:
    """From the register of sources; a day for one that is not in it."""
    hours = {one.name: one.late_after_hours for one in sources_register(settings.sources_register)}
    return 3600.0 * hours.get(source, 24)


def routes(settings: Settings) -> dict[str, Route]:
    """How files of each source that is live are taken, by its name.

    Raises:
        SettingsError: The register is broken, or names a format that does not exist.
    """
    return {one.name: _route(one) for one in sources_register(settings.sources_register) if one.state == "live"}


def _route(one: Source) -> Route:
    try:
        return Route(one.name, format_named(one.format).name, one.snapshot)
    except FileRefused as error:
        raise SettingsError(f"the register's source {one.name}: {error.message}", fix=error.fix) from None


def inbox_locks(settings: Settings) -> Path:
    """Where inboxes hold their folders."""
    return settings.data_dir / "inbox"


def inbox(
    settings: Settings, root: Path, metrics: InboxMetrics, health: InboxHealth
) -> Inbox:  # fmt: skip
    """The inbox of a folder.

    Raises:
        SettingsError: There is no such folder, or see ``routes``.
        KafkaUnavailable: No broker answers.
    """
    if not root.is_dir():
        raise SettingsError(f"{root} is not a folder", fix="make it, and in it a folder for each source")
    return Inbox(
        root.resolve(),
        routes(settings),
        role_intake(settings, INBOX)[1],
        inbox_locks(settings),
        metrics=metrics,
        health=health,
        pace=Pace(settings.inbox_settle_s, settings.inbox_scan_s, monotonic, timedelta(days=settings.inbox_keep_days)),
        clock=system_clock,
    )


def fetcher(settings: Settings, url: str, root: Path, metrics: InboxMetrics, health: InboxHealth) -> Fetcher:
    """What brings a server's files into the folder of an inbox.

    Raises:
        SettingsError: The address is none, or nothing says whom to trust or who we are.
    """
    server = Server.at(url, settings.sftp_known_hosts, settings.sftp_key, settings.sftp_password)
    return Fetcher(
        server, root.resolve(), routes(settings), metrics=metrics, health=health, settle_s=settings.inbox_settle_s,
        ticks=monotonic,
    )  # fmt: skip


def relay(settings: Settings, collected: CollectorRegistry, health: RelayHealth) -> Relay:
    """The relay for the partners who speak Kafka.

    Raises:
        SettingsError: There are none, or the register is broken.
        KafkaUnavailable: No broker answers.
    """
    partners = partners_register(settings.partners_register)
    if not partners:
        raise SettingsError(
            "no partner is registered who speaks Kafka",
            fix="name them in a file like schemas/registers/partners.toml and set BEFFROI_PARTNERS_REGISTER to it",
        )
    cluster, pipeline = role_intake(settings, RELAY)
    return Relay(
        cluster,
        settings.topic_prefix,
        partners,
        pipeline,
        contracts_of(sources_register(settings.sources_register)),
        metrics=RelayMetrics(collected, [one.name for one in partners], time),
        health=health,
        session_s=settings.session_timeout_s,
        stuck_after_s=settings.stuck_after_s,
        instance_id=settings.instance_id,
    )


def watch(settings: Settings, collected: CollectorRegistry, health: WatchHealth) -> Watch:
    """The watch over this deployment's sources and quarantine."""
    cluster = kafka(settings, ROLE_PATIENCE_S)
    return Watch(
        cluster,
        settings.topic_prefix,
        sources_register(settings.sources_register),
        codec=registry.codec(cluster),
        metrics=WatchMetrics(collected),
        health=health,
        clock=system_clock,
    )


def stream_settings(settings: Settings, cluster: KafkaSettings) -> StreamSettings:
    """What a worker needs."""
    return StreamSettings(
        kafka=cluster,
        prefix=settings.topic_prefix,
        app_id=settings.app_id,
        region=settings.region,
        area_tables=settings.area_tables,
        trade_table=settings.trade_table,
        disclosure_base=settings.disclosure_base,
        disclosure_threshold=settings.disclosure_threshold,
        data_dir=settings.data_dir,
        instance_id=settings.instance_id,
        session_timeout_s=settings.session_timeout_s,
        flush_interval_s=settings.flush_interval_s,
        audit_interval_s=settings.audit_interval_s,
        stuck_after_s=settings.stuck_after_s,
        archive_dir=settings.archive_folder,
        archive_days=settings.archive_days,
    )


def audit(settings: Settings, cluster: KafkaSettings) -> Iterator[Audited]:
    """A recount of every partition of this deployment."""
    sources = stream_settings(settings, cluster).sources
    tables = territory(settings), Trades.load(settings.trade_table)
    return recount(cluster, settings.topic_prefix, registry.codec(cluster), sources, tables)


def rebuild(settings: Settings, cluster: KafkaSettings) -> "Rebuild":
    """A rebuild of the views of this deployment."""
    from streams.agents.rebuild import Rebuild

    return Rebuild(
        stream_settings(settings, cluster),
        codec=registry.codec(cluster),
        clock=system_clock,
        replication=settings.replication_factor,
    )


def portal_settings(settings: Settings, cluster: KafkaSettings) -> PortalSettings:
    """What the portal needs."""
    return PortalSettings(
        kafka=cluster,
        prefix=settings.topic_prefix,
        host=settings.portal_host,
        port=settings.portal_port,
        region=settings.region,
        area_tables=settings.area_tables,
        trade_table=settings.trade_table,
        theme_css=settings.theme_css,
        sources_register=settings.sources_register,
        archive_dir=settings.archive_folder,
    )


def gateway_settings(settings: Settings, cluster: KafkaSettings) -> GatewaySettings:
    """What the gateway needs."""
    try:
        return GatewaySettings(
            kafka=cluster,
            prefix=settings.topic_prefix,
            host=settings.gateway_host,
            port=settings.gateway_port,
            data_dir=settings.data_dir,
            sources_register=settings.sources_register,
            max_bytes=settings.gateway_max_bytes,
            per_minute=settings.gateway_per_minute,
            burst=settings.gateway_burst,
            body_timeout_s=settings.gateway_body_timeout_s,
            issuer=settings.gateway_issuer,
            audience=settings.gateway_audience,
            jwks_url=settings.gateway_jwks_url,
        )
    except ValidationError as error:
        reason = error.errors(include_url=False, include_input=False)[0]["msg"].lower()
        raise SettingsError(
            f"the gateway's settings make no sense: {reason}",
            fix="set BEFFROI_GATEWAY_ISSUER and BEFFROI_GATEWAY_JWKS_URL together, the latter with https",
        ) from None
