"""A worker refuses to start on topics that would cost it its exactness."""

from pathlib import Path

import pytest

from connectors.kafka import admin
from connectors.kafka.admin import Existing
from connectors.kafka.clients import producer
from connectors.kafka.generations import LAYOUT, STATE, STATE_GIVEN, Generation, in_force, number, usable
from connectors.kafka.settings import KafkaSettings
from schemas.clock import system_clock
from schemas.codec import Codec
from schemas.contracts import CHECKPOINT
from schemas.errors import FutureGeneration, TopicPlanRefused
from schemas.topics import CELLS, HEARTBEATS, RELEASE, TRAINING_ENTITIES, TRAINING_EVENTS, catalogue
from streams.agents.preflight import check
from streams.agents.rebuild import Rebuild
from streams.engine import CHECKPOINT_KEY
from streams.settings import StreamSettings
from tests.waiting import until
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
        ({"cells_v1": Existing(6, COMPACT)}, "has 6", "beffroi views rebuild exits --apply"),
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


def test_a_state_of_a_newer_version_is_refused_with_both_ways_out() -> None:
    assert usable({}) == 0
    assert usable({STATE: Generation(4, LAYOUT)}) == 4
    with pytest.raises(FutureGeneration) as refused:
        usable({STATE: Generation(4, LAYOUT + 1)})
    assert refused.value.exit_code == 78
    assert "install the version that made it" in refused.value.fix
    assert "beffroi views rebuild exits --apply" in refused.value.fix


@pytest.mark.kafka
def test_a_worker_refuses_a_state_that_is_ahead_of_its_events(
    kafka: KafkaSettings, topics: str, tmp_path: Path
) -> None:
    checkpoint = Codec().encode(CHECKPOINT, {"next_offset": 1_000_000})
    other = producer(kafka)
    other.produce(topics + TRAINING_ENTITIES, key=CHECKPOINT_KEY, value=checkpoint, partition=2)
    assert other.flush(10) == 0
    with Worker(kafka, topics, tmp_path) as worker:
        assert worker.process.wait(40) == 78
    assert "that topic was made anew" in worker.text()
    assert "beffroi views rebuild exits --apply" in worker.text()
    settings = StreamSettings(kafka=kafka, prefix=topics, data_dir=tmp_path)
    mend = Rebuild(settings, codec=Codec(), clock=system_clock, replication=1)
    assert not mend.apply(lambda _: None, lambda _: None, 0)  # no worker runs yet
    with worker:
        worker.ready()
        until(lambda: number(in_force(kafka, topics, Codec()), STATE_GIVEN) == 1, 30, "readers were passed over")


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
