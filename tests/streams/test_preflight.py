"""A worker refuses to start on topics that would cost it its exactness."""

from pathlib import Path

import pytest

from connectors.kafka import admin
from connectors.kafka.admin import Existing
from connectors.kafka.settings import KafkaSettings
from schemas.errors import TopicPlanRefused
from schemas.topics import CELLS, HEARTBEATS, RELEASE, TRAINING_ENTITIES, TRAINING_EVENTS, catalogue
from streams.agents.preflight import check
from tests.workers import Worker


def found(**changed: Existing | None) -> dict[str, Existing]:
    """A sound cluster with some topics otherwise."""
    topics = {topic.name: Existing(topic.partitions, topic.config) for topic in catalogue(4)}
    names = {name.replace(".", "_"): name for name in topics}
    for name, one in changed.items():
        if one is None:
            del topics[names[name]]
        else:
            topics[names[name]] = one
    return topics


COMPACT, DELETE = {"cleanup.policy": "compact"}, {"cleanup.policy": "delete"}


def test_a_sound_cluster_is_accepted() -> None:
    check(found(), "")


@pytest.mark.parametrize(
    ("changed", "said", "fix"),
    [
        ({"cells_v1": None}, CELLS, "beffroi topics apply"),
        ({"cells_v1": Existing(6, COMPACT)}, "has 6", "derives"),
        ({"training_entities_v1": Existing(4, DELETE)}, "would be lost", "beffroi topics apply"),
        ({"training_entities_v1": Existing(4, {})}, TRAINING_ENTITIES, "beffroi topics apply"),
        ({"training_events_v1": Existing(4, COMPACT)}, "thinned out", "beffroi topics apply"),
        ({"release_v1": Existing(2, DELETE)}, RELEASE, "delete release.v1"),
        ({"heartbeat_v1": Existing(3, COMPACT)}, HEARTBEATS, "beffroi topics plan"),
    ],
)
def test_what_differs_is_named_with_the_command_that_mends_it(
    changed: dict[str, Existing | None], said: str, fix: str
) -> None:
    with pytest.raises(TopicPlanRefused) as refused:
        check(found(**changed), "")
    assert said in refused.value.message
    assert fix in (refused.value.fix or "")


@pytest.fixture
def uneven(kafka: KafkaSettings, prefix: str) -> str:
    """A deployment whose events were made with other partitions than its cells."""
    events = [topic for topic in catalogue(2, prefix) if topic.name.endswith(TRAINING_EVENTS)]
    admin.apply(kafka, admin.plan({}, events), 1)
    rest = [topic for topic in catalogue(4, prefix) if not topic.name.endswith(TRAINING_EVENTS)]
    admin.apply(kafka, admin.plan({}, rest), 1)
    return prefix


@pytest.mark.kafka
def test_a_worker_ends_at_once_with_a_sentence_and_a_fix(kafka: KafkaSettings, uneven: str, tmp_path: Path) -> None:
    with Worker(kafka, uneven, tmp_path) as worker:
        assert worker.process.wait(30) == 78
    assert f"partition counts differ: {uneven}training.events.v1 has 2" in worker.text()
    assert "fix:" in worker.text()
    assert "Traceback" not in worker.text()
