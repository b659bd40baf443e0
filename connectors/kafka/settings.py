"""How to reach a Kafka cluster."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient
from pydantic import BaseModel, ConfigDict, SecretStr

from connectors.kafka.telling import LIBRDKAFKA


class KafkaSettings(BaseModel):
    """Address and credentials of a cluster, and what makes its clients: a cluster in memory makes its own.

    Attributes:
        bootstrap: ``host:port``, several separated by commas.
        security_protocol: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL.
        sasl_mechanism: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.
        sasl_username: Of this process.
        sasl_password: Never shown.
        ssl_ca_location: PEM file of the authority that signed the brokers' certificates.
        registry: URL of the cluster's schema registry; ids come from the lock file when left out.
        registry_auth: ``user:password`` of the registry.
        registry_cache: Folder that keeps what was learnt from the registry.
    """

    model_config = ConfigDict(frozen=True)

    bootstrap: str
    security_protocol: str = "PLAINTEXT"
    sasl_mechanism: str | None = None
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    ssl_ca_location: Path | None = None
    registry: str | None = None
    registry_auth: SecretStr | None = None
    registry_cache: Path | None = None

    @property
    def registry_auth_text(self) -> str | None:
        """The registry's credentials in the clear, for its client alone."""
        return self.registry_auth.get_secret_value() if self.registry_auth else None

    def client_config(self) -> dict[str, str]:
        """The part of librdkafka's configuration that says where the cluster is and who we are."""
        password = self.sasl_password.get_secret_value() if self.sasl_password else None
        wanted = {
            "bootstrap.servers": self.bootstrap,
            "security.protocol": self.security_protocol,
            "sasl.mechanism": self.sasl_mechanism,
            "sasl.username": self.sasl_username,
            "sasl.password": password,
            "ssl.ca.location": str(self.ssl_ca_location) if self.ssl_ca_location else None,
        }
        return {name: value for name, value in wanted.items() if value is not None}

    def consumer(self, config: Mapping[str, Any]) -> Consumer:
        """A client that reads.

        Args:
            config: Of librdkafka.
        """
        return Consumer(dict(config), logger=LIBRDKAFKA)

    def producer(self, config: Mapping[str, Any]) -> Producer:
        """A client that writes.

        Args:
            config: Of librdkafka.
        """
        return Producer(dict(config), logger=LIBRDKAFKA)

    def admin(self, config: Mapping[str, Any]) -> AdminClient:
        """A client that asks for topics and changes them.

        Args:
            config: Of librdkafka.
        """
        return AdminClient(dict(config), logger=LIBRDKAFKA)
