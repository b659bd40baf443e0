"""Fixtures for all: a real broker for the session, a prefix for each test."""

import os
import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser

from beffroi.embedded import EmbeddedKafka
from beffroi.settings import user_dir
from connectors.kafka import admin
from connectors.kafka.settings import KafkaSettings
from schemas.topics import catalogue
from tests.browser import chromium

# Speed is measured by bench/: a busy machine makes no test fail.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

#: Partitions of the tests' topics: more than one, few enough to be quick.
PARTITIONS = 4


def _docker_answers() -> bool:
    import docker

    try:
        return bool(docker.from_env(timeout=2).ping())
    except (docker.errors.DockerException, OSError):
        return False


def _start_kafka(stack: ExitStack, folder: Path) -> str:
    """Given broker, else testcontainers where a Docker engine answers, else the embedded one."""
    given = os.environ.get("BEFFROI_TEST_KAFKA")
    if given:
        return given
    if os.environ.get("BEFFROI_TEST_CONTAINERS") and _docker_answers():
        from testcontainers.kafka import KafkaContainer

        single = {"KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1", "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1"}
        container = stack.enter_context(KafkaContainer().with_kraft().with_envs(**single))
        return str(container.get_bootstrap_server())
    cache = user_dir("cache", os.environ, sys.platform, Path.home())
    return stack.enter_context(EmbeddedKafka(folder, cache)).bootstrap


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaSettings]:
    """A real broker for the session; without one the tests fail, they are never skipped."""
    with ExitStack() as stack:
        settings = KafkaSettings(bootstrap=_start_kafka(stack, tmp_path_factory.mktemp("kafka")))
        admin.await_broker(settings, 30)
        yield settings


@pytest.fixture
def prefix() -> str:
    """Put before topic names, so that tests share one broker without meeting."""
    return f"t{uuid.uuid4().hex[:10]}."


@pytest.fixture
def topics(kafka: KafkaSettings, prefix: str) -> str:
    """The whole catalogue under a prefix of this test's own; gives the prefix."""
    admin.apply(kafka, admin.plan({}, catalogue(PARTITIONS, prefix)), 1)
    return prefix


@pytest.fixture
def browser() -> Iterator[Browser]:
    """A real Chromium; without one the tests fail, they are never skipped."""
    with chromium() as running:
        yield running


def pytest_addoption(parser: pytest.Parser) -> None:
    """Goldens are rewritten by a flag, never by hand."""
    parser.addoption("--rewrite-goldens", action="store_true", help="write the goldens anew; read the diff")
