"""What must be true of the cluster before a worker starts; each refusal says the command that mends it."""

from collections.abc import Iterable, Mapping
from typing import Final

from connectors.kafka import admin
from connectors.kafka.admin import Existing
from connectors.kafka.settings import KafkaSettings
from schemas.errors import TopicPlanRefused
from schemas.topics import CATALOGUE, CELLS, RELEASE, TRAINING_ENTITIES, TRAINING_EVENTS, Topic

#: Partition n of one is partition n of the others.
_ALIKE: Final = (TRAINING_EVENTS, TRAINING_ENTITIES, CELLS)


def check(found: Mapping[str, Existing], prefix: str, topics: Iterable[Topic] = CATALOGUE) -> None:
    """Compare the cluster's topics with what the engine leans on; pure.

    Raises:
        TopicPlanRefused: A topic is missing, has another number of partitions than its like, or another cleanup policy.
    """
    wanted = {prefix + topic.name: topic for topic in topics}
    for name, topic in wanted.items():
        _check_one(name, topic, found.get(name))
    counts = {prefix + name: found[prefix + name].partitions for name in _ALIKE}
    if len(set(counts.values())) > 1:
        told = ", ".join(f"{name} has {count}" for name, count in counts.items())
        raise TopicPlanRefused(
            f"partition counts differ: {told}; a session's events and state would not meet",
            fix="delete the topics that Beffroi derives (entities, cells), then `beffroi topics apply`: "
            "they are rebuilt from the events",
        )


def _check_one(name: str, topic: Topic, found: Existing | None) -> None:
    if found is None:
        raise TopicPlanRefused(f"topic {name} does not exist", fix="create it with `beffroi topics apply`")
    if topic.partitions and found.partitions != topic.partitions:
        raise TopicPlanRefused(
            f"topic {name} has {found.partitions} partitions and must have {topic.partitions}",
            fix=f"delete {name} and create it with `beffroi topics apply`" if topic.name == RELEASE
            else "`beffroi topics plan` shows all that differs",
        )  # fmt: skip
    policy = found.config.get("cleanup.policy", "delete")
    if policy != topic.config["cleanup.policy"]:
        loss = "its records would be lost with time" if policy == "delete" else "its history would be thinned out"
        raise TopicPlanRefused(
            f"topic {name} has cleanup.policy={policy} and must have {topic.config['cleanup.policy']}: {loss}",
            fix="`beffroi topics apply` sets it",
        )


def inspect(kafka: KafkaSettings, prefix: str) -> None:
    """Look at the cluster's topics and refuse to start on wrong ones.

    Raises:
        TopicPlanRefused: As ``check`` says.
    """
    check(admin.existing(kafka, [prefix + topic.name for topic in CATALOGUE]), prefix)
