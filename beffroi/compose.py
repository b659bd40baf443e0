"""Composition: from settings to the parts that run. Only this room builds, only the commands start."""

from beffroi.embedded import EmbeddedKafka
from beffroi.settings import Settings
from connectors.intake import Intake
from connectors.kafka import admin
from connectors.kafka.settings import KafkaSettings
from connectors.privacy import Pseudonymiser, load_or_create_key
from portal.settings import PortalSettings
from schemas.clock import system_clock
from schemas.errors import KafkaUnavailable
from schemas.territory.areas import Territory
from schemas.topics import catalogue
from streams.settings import StreamSettings

#: A command that a person waits for says after this long that no broker answers.
BROKER_PATIENCE_S = 5.0


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
    wanted = catalogue(settings.partition_count, settings.topic_prefix)
    return admin.plan(admin.existing(cluster, [topic.name for topic in wanted]), wanted)


def apply_topics(settings: Settings, cluster: KafkaSettings) -> admin.Plan:
    """Bring the cluster to the catalogue and say what was done."""
    plan = plan_topics(settings, cluster)
    admin.apply(cluster, plan, settings.replication_factor)
    return plan


def territory(settings: Settings) -> Territory:
    """The areas of this deployment's region."""
    return Territory.load(settings.region, settings.area_tables)


def intake(settings: Settings, cluster: KafkaSettings) -> Intake:
    """The pipeline that every partner's file goes through."""
    return Intake(
        cluster,
        prefix=settings.topic_prefix,
        pseudonyms=Pseudonymiser(load_or_create_key(settings.key_file)),
        territory=territory(settings),
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
        archive_dir=settings.archive_folder,
    )
