"""One gateway for the tests that do not need their own."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from connectors.kafka import admin
from connectors.kafka.settings import KafkaSettings
from schemas.topics import catalogue
from tests.conftest import PARTITIONS
from tests.gateway.desk import Gateway


@dataclass(frozen=True)
class Site:
    """A gateway and its bus."""

    gateway: Gateway
    kafka: KafkaSettings
    prefix: str


@pytest.fixture(scope="module")
def site(kafka: KafkaSettings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A gateway process with topics of its own."""
    prefix = f"g{uuid.uuid4().hex[:10]}."
    admin.apply(kafka, admin.plan({}, catalogue(PARTITIONS, prefix)), 1)
    folder: Path = tmp_path_factory.mktemp("gateway")
    limits = {"gateway_max_bytes": str(8 << 20), "gateway_body_timeout_s": "1"}
    with Gateway(kafka.bootstrap, prefix, folder, **limits) as gateway:
        yield Site(gateway, kafka, prefix)


@pytest.fixture
def gateway(site: Site) -> Gateway:
    """The gateway alone."""
    return site.gateway
