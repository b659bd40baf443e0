"""Topics of the catalogue against those of the cluster, and whether a broker answers."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Event
from time import monotonic
from typing import Any, Final

from confluent_kafka import IsolationLevel, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # its stubs forget to re-export these names
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    OffsetSpec,
    ResourceType,
)

from connectors.kafka.settings import KafkaSettings
from schemas.errors import KafkaUnavailable, TopicPlanRefused
from schemas.topics import Topic

#: An answer of the controller takes milliseconds; a request that waits longer waits for a broker that is away.
REQUEST_TIMEOUT_S: Final = 15.0
#: The client itself says first that a request got no answer; it is asked for longer only in case it does not.
_GRACE_S: Final = 5.0
#: What is asked again and again may be answered the next time.
_GLANCE_S: Final = 5.0
#: Between two looks whether a broker has heard of something.
_LOOK_S: Final = 0.05
_LATEST: Final = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # its stubs forget the type


@dataclass(frozen=True, slots=True)
class Existing:
    """A topic as the cluster holds it: partitions, and settings that were set on it."""

    partitions: int
    config: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do so that the cluster holds the catalogue."""

    create: tuple[Topic, ...]
    change: tuple[tuple[Topic, Mapping[str, str]], ...]
    refuse: tuple[tuple[Topic, int], ...]
    keep: tuple[Topic, ...]

    def lines(self) -> list[str]:
        """One line a topic: ``+`` create, ``~`` change settings, ``!`` refused, ``=`` as it should be."""
        made = [f"+ {topic.name}: create, {topic.partitions} partitions" for topic in self.create]
        made += [f"~ {topic.name}: set {_settings(config)}" for topic, config in self.change]
        made += [f"! {topic.name}: has {have} partitions, wants {topic.partitions}" for topic, have in self.refuse]
        return made + [f"= {topic.name}" for topic in self.keep]


def _settings(config: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(config.items()))


def plan(existing: Mapping[str, Existing], wanted: Iterable[Topic]) -> Plan:
    """Compare; pure."""
    create, change, refuse, keep = [], [], [], []
    for topic in wanted:
        found = existing.get(topic.name)
        if found is None:
            create.append(topic)
        elif found.partitions != topic.partitions:
            refuse.append((topic, found.partitions))
        elif differing := {k: v for k, v in topic.config.items() if found.config.get(k) != v}:
            change.append((topic, differing))
        else:
            keep.append(topic)
    return Plan(tuple(create), tuple(change), tuple(refuse), tuple(keep))


def apply(settings: KafkaSettings, todo: Plan, replication: int) -> None:
    """Carry a plan out; all of it or, when a partition count differs, nothing.

    Raises:
        TopicPlanRefused: A partition count differs, or the cluster refuses a topic.
        KafkaUnavailable: The broker that answers us does not hear of a new topic in time.
    """
    for topic, have in todo.refuse:
        raise TopicPlanRefused(
            f"topic {topic.name} has {have} partitions and the catalogue wants {topic.partitions}: "
            "keys would move to other partitions and their state be split",
            fix=f"set BEFFROI_PARTITIONS={have}, or make a new version of the topic and replay into it",
        )
    client = _client(settings)
    fresh = [
        NewTopic(t.name, num_partitions=t.partitions, replication_factor=replication, config=dict(t.config))
        for t in todo.create
    ]
    if fresh:
        _settle(client.create_topics(fresh, operation_timeout=REQUEST_TIMEOUT_S))
        _await_known(client, {topic.name for topic in todo.create})
    changed = [_alteration(topic, config) for topic, config in todo.change]
    if changed:
        _settle(client.incremental_alter_configs(changed))


def _alteration(topic: Topic, config: Mapping[str, str]) -> ConfigResource:
    entries = [ConfigEntry(k, v, incremental_operation=AlterConfigOpType.SET) for k, v in config.items()]
    return ConfigResource(ResourceType.TOPIC, topic.name, incremental_configs=entries)


def _answer(future: Any) -> Any:  # noqa: ANN401  # confluent_kafka's futures tell no type
    """What the cluster answers.

    Raises:
        KafkaException: It refuses, or the client gave up.
        KafkaUnavailable: Not even the client says anything.
    """
    try:
        return future.result(REQUEST_TIMEOUT_S + _GRACE_S)
    except TimeoutError as error:
        raise KafkaUnavailable("Kafka does not answer", fix="look at the brokers' health, then try again") from error


def _settle(futures: Mapping[Any, Any]) -> None:
    for subject, future in futures.items():
        try:
            _answer(future)
        except KafkaException as error:
            name = getattr(subject, "name", subject)
            raise TopicPlanRefused(
                f"the cluster refuses topic {name}: {error.args[0].str()}",
                fix="set BEFFROI_REPLICATION to at most the number of brokers, or ask who runs the cluster",
            ) from error


def existing(settings: KafkaSettings, names: Sequence[str]) -> dict[str, Existing]:
    """Those of the named topics that the cluster holds."""
    client = _client(settings)
    found = client.list_topics(timeout=REQUEST_TIMEOUT_S).topics
    present = [name for name in names if name in found]
    if not present:
        return {}
    configs = client.describe_configs([ConfigResource(ResourceType.TOPIC, name) for name in present])
    return {
        resource.name: Existing(
            len(found[resource.name].partitions),
            {entry.name: entry.value for entry in _answer(future).values()},
        )
        for resource, future in configs.items()
    }


def topics_held(settings: KafkaSettings) -> Mapping[str, int]:
    """Every topic of the cluster, with its number of partitions."""
    topics = _client(settings).list_topics(timeout=REQUEST_TIMEOUT_S).topics
    return {name: len(topic.partitions) for name, topic in topics.items()}


def delete(settings: KafkaSettings, topics: Sequence[str]) -> None:
    """Remove topics, with what they hold.

    Raises:
        TopicPlanRefused: The cluster refuses.
    """
    if topics:
        client = _client(settings)  # held until the answers are in: its end would cancel them
        _settle(client.delete_topics(list(topics), operation_timeout=REQUEST_TIMEOUT_S))


def partition_counts(settings: KafkaSettings, names: Sequence[str]) -> dict[str, int]:
    """Partitions of the named topics; raises TopicPlanRefused when one is missing."""
    found = topics_held(settings)
    for name in names:
        if name not in found:
            raise TopicPlanRefused(f"topic {name} does not exist", fix="create it with `beffroi topics apply`")
    return {name: found[name] for name in names}


def latest(settings: KafkaSettings, counts: Mapping[str, int], *, committed: bool) -> dict[tuple[str, int], int]:
    """The offset behind the last record of each partition, by topic and partition; of those that can be told now.

    Args:
        settings: The cluster.
        counts: Partitions of the topics.
        committed: The last record that a reader of committed ones sees; else the last there is.

    Raises:
        KafkaUnavailable: Not even the client says anything.
    """
    client = _client(settings)  # held until the answers are in: its end would cancel them
    asked = {TopicPartition(name, number): _LATEST for name, count in counts.items() for number in range(count)}
    level = IsolationLevel.READ_COMMITTED if committed else IsolationLevel.READ_UNCOMMITTED
    found: dict[tuple[str, int], int] = {}
    for where, future in client.list_offsets(asked, isolation_level=level, request_timeout=_GLANCE_S).items():
        with suppress(KafkaException):
            found[where.topic, where.partition] = _answer(future).offset
    return found


def topic_ids(settings: KafkaSettings, names: Sequence[str]) -> dict[str, str]:
    """Kafka's own id of each named topic: a topic made anew under the same name has another.

    Raises:
        KafkaUnavailable: The cluster does not answer, or a topic is missing.
    """
    client = _client(settings)  # held until the answers are in: its end would cancel them
    futures = client.describe_topics(TopicCollection(list(names)), request_timeout=REQUEST_TIMEOUT_S)
    try:
        return {name: _hex(_answer(future).topic_id) for name, future in futures.items()}
    except KafkaException as error:
        raise KafkaUnavailable(
            f"topics cannot be described: {error.args[0].str()}", fix="create them with `beffroi topics apply`"
        ) from error


def _hex(topic_id: Any) -> str:  # noqa: ANN401  # confluent_kafka.Uuid has no type of its own in the stubs
    most, least = topic_id.get_most_significant_bits(), topic_id.get_least_significant_bits()
    return f"{most & (2**64 - 1):016x}{least & (2**64 - 1):016x}"


def _await_known(client: AdminClient, names: set[str]) -> None:
    """The controller makes topics, brokers hear of them a moment later: whoever comes next must find them."""
    deadline, pause = monotonic() + REQUEST_TIMEOUT_S, Event()
    while missing := names - client.list_topics(timeout=REQUEST_TIMEOUT_S).topics.keys():
        if monotonic() > deadline:
            raise KafkaUnavailable(
                f"the broker does not know {len(missing)} topics that its controller made: {min(missing)}",
                fix="look at the brokers' health, then `beffroi topics apply` again",
            )
        pause.wait(_LOOK_S)


def await_broker(settings: KafkaSettings, timeout_s: float) -> None:
    """Wait until a broker answers a metadata request.

    Raises:
        KafkaUnavailable: None did in time; says how to start one.
    """
    client = _client(settings)
    deadline = monotonic() + timeout_s
    while (left := deadline - monotonic()) > 0:
        try:
            client.list_topics(timeout=min(left, 2.0))
        except KafkaException:
            continue
        return
    raise KafkaUnavailable(
        f"no Kafka answers at {settings.bootstrap}",
        fix="start one with `beffroi up` (or `make demo`), or correct BEFFROI_KAFKA",
    )


def _client(settings: KafkaSettings) -> AdminClient:
    config: dict[str, str | int | float | bool] = {
        **settings.client_config(),
        "log_level": 0,
        "reconnect.backoff.max.ms": 500,
    }
    return settings.admin(config)
