"""Which generation is in force: of the workers' state, and of each view that readers follow."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple

from confluent_kafka import Producer

from connectors.kafka import admin
from connectors.kafka.clients import reader
from connectors.kafka.reading import read_to_end
from connectors.kafka.settings import KafkaSettings
from schemas.codec import Codec
from schemas.contracts import GENERATION
from schemas.errors import FutureGeneration, GenerationMoved
from schemas.topics import GENERATIONS

#: Name under which the workers' state (entities and cells) has its generation.
STATE: Final = "state"
#: Name of the last generation of the state that readers were given, in whole.
STATE_GIVEN: Final = "given"
#: How this version lays entities, cells and checkpoints out; one more whenever an older one could not read them.
LAYOUT: Final = 1
#: Header of the rows with which a rebuilt view replaces the old one: number of the view's generation.
EPOCH_HEADER: Final = "beffroi_epoch"


class Generation(NamedTuple):
    """A generation: its number, and the layout of whoever made it."""

    number: int = 0
    layout: int = LAYOUT


Generations = Mapping[str, Generation]


def in_force(kafka: KafkaSettings, prefix: str, codec: Codec) -> Generations:
    """The generations by name; what was never rebuilt is left out.

    Raises:
        KafkaException: The cluster does not answer.
    """
    topic = prefix + GENERATIONS
    if topic not in admin.topics_held(kafka):
        return {}
    consumer = reader(kafka)
    try:
        found = [codec.read(GENERATION, one.value() or b"") for one in read_to_end(consumer, [(topic, 0)])]
    finally:
        consumer.close()
    return {one["name"]: Generation(one["number"], one["layout"]) for one in found}


def number(found: Generations, name: str) -> int:
    """Number of a generation; 0 for what was never rebuilt."""
    return found.get(name, Generation()).number


def usable(found: Generations) -> int:
    """The generation of the state, for a worker that starts.

    Raises:
        FutureGeneration: A newer version of Beffroi made it.
    """
    state = found.get(STATE, Generation())
    if state.layout > LAYOUT:
        raise FutureGeneration(
            f"generation {state.number} of the state has layout {state.layout}, this version knows {LAYOUT}",
            fix="install the version that made it on every worker, or build the state anew with this one: "
            "`beffroi views rebuild exits --apply`",
        )
    return state.number


def still(found: Generations, held: int) -> None:
    """Check that a generation is still the one in force.

    Raises:
        GenerationMoved: Another is.
    """
    now = number(found, STATE)
    if now != held:
        raise GenerationMoved(
            f"generation {now} of the state is in force, this process holds {held}",
            fix="nothing: it starts again with that one",
        )


def announce(producer: Producer, prefix: str, codec: Codec, name: str, to: int, made_at: datetime) -> None:
    """Put a generation in force, as part of the producer's transaction."""
    record = {"name": name, "number": to, "layout": LAYOUT, "made_at": made_at}
    producer.produce(prefix + GENERATIONS, key=name.encode(), value=codec.encode(GENERATION, record), partition=0)
