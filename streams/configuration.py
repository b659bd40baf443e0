"""How Faust is set: its own defaults lose, double or hang."""

import ssl
from pathlib import Path
from typing import Any, Final

import faust

from connectors.kafka.settings import KafkaSettings
from streams.settings import StreamSettings

#: Records of one fetch: about 40 ms of work between two turns of the event loop.
BATCH_RECORDS: Final = 4_000
FETCH_BYTES: Final = 4 * 1024 * 1024


def credentials(kafka: KafkaSettings) -> faust.SASLCredentials | faust.SSLCredentials | None:
    """The cluster's credentials as Faust's consumer wants them; None for a cluster without."""
    authority = str(kafka.ssl_ca_location) if kafka.ssl_ca_location else None
    context = ssl.create_default_context(cafile=authority) if kafka.security_protocol.endswith("SSL") else None
    if kafka.security_protocol.startswith("SASL"):
        password = kafka.sasl_password.get_secret_value() if kafka.sasl_password else None
        return faust.SASLCredentials(
            username=kafka.sasl_username,
            password=password,
            ssl_context=context,
            mechanism=kafka.sasl_mechanism or "PLAIN",
        )
    return faust.SSLCredentials(context=context) if context else None


def faust_settings(settings: StreamSettings, folder: Path) -> dict[str, Any]:
    """Faust's settings; those that differ from its defaults were each measured to lose, double or hang otherwise."""
    session = settings.session_timeout_s
    return {
        "broker": [f"kafka-batch://{address}" for address in settings.kafka.bootstrap.split(",")],
        "broker_credentials": credentials(settings.kafka),
        "datadir": str(folder),
        "web_enabled": False,  # it would show state to anyone who asks
        "stream_wait_empty": False,
        "stream_recovery_delay": 0,
        "table_standby_replicas": 0,
        "topic_disable_leader": True,
        "topic_allow_declare": False,
        "broker_session_timeout": session,
        "broker_heartbeat_interval": session / 3,
        "broker_rebalance_timeout": max(30.0, session),
        "broker_request_timeout": max(30.0, session),
        "broker_max_poll_records": BATCH_RECORDS,
        "consumer_max_fetch_size": FETCH_BYTES,
        "broker_commit_interval": 1.0,
        "consumer_auto_offset_reset": "earliest",
        "consumer_group_instance_id": settings.instance_id,
        "worker_redirect_stdouts": False,
    }
