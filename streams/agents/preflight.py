"""What must be true of the cluster before a worker starts; each refusal says the command that mends it."""

from collections.abc import Mapping

from connectors.kafka import admin
from connectors.kafka.admin import Existing
from connectors.kafka.generations import in_force, usable
from schemas.codec import Codec
from schemas.errors import TopicPlanRefused
from schemas.topics import DERIVED, RELEASE, TRAINING_EVENTS, Topic, catalogue, of_generation
from streams.settings import StreamSettings


def check(found: Mapping[str, Existing], prefix: str, generation: int = 0) -> None:
    """Compare the cluster's topics with what the engine leans on; pure.

    Raises:
        TopicPlanRefused: A topic is missing, has another number of partitions than its like, or another cleanup policy.
    """
    for topic in catalogue(0, prefix, generation):
        _check_one(topic, found.get(topic.name))
    alike = [prefix + of_generation(name, generation) for name in DERIVED]
    counts = {name: found[name].partitions for name in (prefix + TRAINING_EVENTS, *alike)}
    if len(set(counts.values())) > 1:
        told = ", ".join(f"{name} has {count}" for name, count in counts.items())
        raise TopicPlanRefused(
            f"partition counts differ: {told}; a session's events and state would not meet",
            fix="if the events always had their number, make the others anew from them with it: "
            "`beffroi views rebuild exits --apply`",
        )


def _check_one(topic: Topic, found: Existing | None) -> None:
    name = topic.name
    if found is None:
        raise TopicPlanRefused(f"topic {name} does not exist", fix="create it with `beffroi topics apply`")
    if topic.partitions and found.partitions != topic.partitions:
        raise TopicPlanRefused(
            f"topic {name} has {found.partitions} partitions and must have {topic.partitions}",
            fix=f"delete {name} and create it with `beffroi topics apply`" if name.endswith(RELEASE)
            else "`beffroi topics plan` shows all that differs",
        )  # fmt: skip
    policy = found.config.get("cleanup.policy", "delete")
    if policy != topic.config["cleanup.policy"]:
        loss = "its records would be lost with time" if policy == "delete" else "its history would be thinned out"
        raise TopicPlanRefused(
            f"topic {name} has cleanup.policy={policy} and must have {topic.config['cleanup.policy']}: {loss}",
            fix="`beffroi topics apply` sets it",
        )


def inspect(settings: StreamSettings, codec: Codec) -> StreamSettings:
    """Look at the cluster and refuse to start on what would cost exactness.

    Returns:
        The settings with the generation of the state that is in force.

    Raises:
        TopicPlanRefused: As ``check`` says.
        FutureGeneration: A newer version of Beffroi made the state.
    """
    number = usable(in_force(settings.kafka, settings.prefix, codec))
    wanted = catalogue(0, settings.prefix, number)
    check(admin.existing(settings.kafka, [topic.name for topic in wanted]), settings.prefix, number)
    return settings.model_copy(update={"generation": number})
