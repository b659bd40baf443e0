"""Records that nobody sees, because a transaction that began before them does not end."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

import structlog
from confluent_kafka import KafkaException

from connectors.kafka import admin
from connectors.kafka.settings import KafkaSettings
from connectors.kafka.stuck import Progress, Where
from schemas.errors import KafkaUnavailable
from schemas.topics import CATALOGUE

#: Kafka itself ends a transaction after its timeout: 15 s of ours, a minute of most clients. Then it is forgotten.
FORGOTTEN_S: Final = 90.0

log = structlog.get_logger(__name__)


class HiddenWatch:
    """Looks for such records in the topics of a deployment.

    Args:
        kafka: The cluster.
        prefix: Of its topics.
        now: Seconds that never go back.
    """

    def __init__(self, kafka: KafkaSettings, prefix: str, now: Callable[[], float]) -> None:
        self._kafka = kafka
        self._prefix = prefix
        self._now = now
        self._progress: Progress[Where] = Progress(FORGOTTEN_S)
        self._told: set[Where] = set()

    def look(self) -> dict[str, float] | None:
        """Seconds by topic of the catalogue, 0 where all is seen; None while the cluster does not answer."""
        try:
            held = admin.topics_held(self._kafka)
            ours = {name: known for name in held if (known := self._known(name))}
            counts = {name: held[name] for name in ours}
            stable = admin.latest(self._kafka, counts, committed=True)
            ends = admin.latest(self._kafka, counts, committed=False)
        except (KafkaException, KafkaUnavailable):
            return None  # the watch itself tells that it cannot read
        found = self._progress.waiting(self._now(), stable, ends)
        self._tell({where: round(age) for where, age in found.items() if age > FORGOTTEN_S}, stable)
        return _by_topic((ours[name], found.get((name, number), 0.0)) for name, number in stable)

    def _known(self, name: str) -> str | None:
        """The topic's name in the catalogue, whatever its generation; None for one of somebody else's."""
        if not name.startswith(self._prefix):
            return None
        bare = name.removeprefix(self._prefix)
        return next((one.name for one in CATALOGUE if bare == one.name or bare.startswith(f"{one.name}.g")), None)

    def _tell(self, forgotten: Mapping[Where, int], stable: Mapping[Where, int]) -> None:
        for where, age in forgotten.items():
            if where not in self._told:
                topic, partition = where
                log.error(
                    "records are hidden by a transaction that nobody ends",
                    topic=topic, partition=partition, offset=stable[where], seconds=age,
                )  # fmt: skip
        self._told = set(forgotten)


def _by_topic(ages: Iterable[tuple[str, float]]) -> dict[str, float]:
    worst: dict[str, float] = {}
    for topic, age in ages:
        worst[topic] = max(age, worst.get(topic, 0.0))
    return worst
