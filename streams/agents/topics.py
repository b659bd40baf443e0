"""The topics of generations: the one in force, the next one beside it, and those that nobody reads any more."""

import re
from collections.abc import Iterator

from connectors.kafka import admin
from schemas.topics import DERIVED, catalogue, of_generation
from streams.settings import StreamSettings


def beside(settings: StreamSettings, generation: int) -> StreamSettings:
    """The settings of another generation."""
    return settings.model_copy(update={"generation": generation})


def prepare(held: StreamSettings, events: str, replication: int) -> StreamSettings:
    """Make the empty topics of the next generation; half-built ones of a rebuild that was killed are removed.

    Args:
        held: Settings of the generation in force.
        events: The source topic, whose number of partitions they get.
        replication: Copies of each partition.

    Returns:
        Settings of the next generation, whose number nothing ever had.
    """
    there = dict(_numbered(held))
    next_ = beside(held, max([held.generation, *there.values()]) + 1)
    admin.delete(held.kafka, [name for name, number in there.items() if number != held.generation])
    count = admin.partition_counts(held.kafka, [events])[events]
    wanted = {held.prefix + of_generation(name, next_.generation) for name in DERIVED}
    topics = [one for one in catalogue(count, held.prefix, next_.generation) if one.name in wanted]
    admin.apply(held.kafka, admin.plan({}, topics), replication)
    return next_


def retire(held: StreamSettings) -> None:
    """Remove every generation but the one in force."""
    admin.delete(held.kafka, [name for name, number in _numbered(held) if number != held.generation])


def _numbered(settings: StreamSettings) -> Iterator[tuple[str, int]]:
    """The derived topics on the cluster, with their generations."""
    for base in DERIVED:
        shape = re.compile(rf"{re.escape(settings.prefix + base)}(?:\.g(\d+))?")
        for name in sorted(admin.topics_held(settings.kafka)):
            found = shape.fullmatch(name)
            if found:
                yield name, int(found[1] or 0)
