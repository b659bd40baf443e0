"""A rebuild on Kafka: the next generation is built beside the one in force, compared, and put in its place."""

from collections.abc import Callable, Iterator, Mapping
from time import monotonic
from typing import Any, Final

import structlog
from confluent_kafka import Producer, TopicPartition

from connectors.kafka import admin, generations
from connectors.kafka.clients import ANSWER_PATIENCE_S, transactional_producer
from connectors.kafka.lock import GroupLock
from schemas.clock import Clock, paris_day
from schemas.codec import Codec
from schemas.contracts import SESSION_FACTS
from schemas.errors import BeffroiError, RebuildRefused
from schemas.topics import RELEASE, TRAINING_EVENTS
from streams.agents.boards import make_board, published
from streams.agents.events import events_again
from streams.agents.log import PartitionLog
from streams.agents.publisher import TOPICS
from streams.agents.restore import LogReader
from streams.agents.restored import Restored
from streams.agents.topics import beside, prepare, retire
from streams.rebuild import Replay, State, changed_winners
from streams.rebuild.replay import Event
from streams.rebuild.report import Comparison
from streams.rebuild.rows import RowChanges, row_changes
from streams.release.board import Board
from streams.settings import StreamSettings
from streams.training import training_domain

#: Between two looks whether readers were given the new generation.
LOOK_S: Final = 0.3

log = structlog.get_logger(__name__)
Pause = Callable[[float], object]


class Rebuild:
    """One rebuild of the training domain's state and views.

    Args:
        settings: As a worker has them; their generation is found on the cluster.
        codec: One for all.
        clock: For the day of windows and the instants of records.
        replication: Copies of each partition of the new topics.
    """

    def __init__(self, settings: StreamSettings, *, codec: Codec, clock: Clock, replication: int) -> None:
        self._settings = settings
        self._codec = codec
        self._clock = clock
        self._replication = replication
        self._domain = training_domain(settings, codec)
        self._events = settings.prefix + TRAINING_EVENTS

    def compare(self) -> Comparison:
        """Say what would change; nothing is written."""
        return self._compare(beside(self._settings, self._state()), None)

    def apply(self, tell: Callable[[Comparison], object], pause: Pause, patience_s: float) -> bool:
        """Build the next generation, put it in force, and wait until readers were given it.

        Args:
            tell: Told what changes, before anything does.
            pause: Waits some seconds.
            patience_s: Seconds to wait for a worker that takes it up.

        Returns:
            Whether readers have it; when not, they get it as soon as a worker runs.

        Raises:
            RebuildRefused: Another rebuild is under way, or the last one is not finished.
        """
        with GroupLock(self._settings.kafka, self._name, self._settings.prefix + RELEASE):
            old = beside(self._settings, self._ready())
            producer = transactional_producer(self._settings.kafka, self._name)
            producer.init_transactions(ANSWER_PATIENCE_S)  # a predecessor that wakes can announce nothing any more
            new = prepare(old, self._events, self._replication)
            tell(self._compare(old, new))
            self._announce(producer, new.generation)
            given = self._await_given(new.generation, pause, patience_s)
            if given:
                retire(new)
            return given

    @property
    def _name(self) -> str:
        return f"{self._settings.app_id}-{self._settings.prefix}rebuild"

    def _found(self) -> generations.Generations:
        return generations.in_force(self._settings.kafka, self._settings.prefix, self._codec)

    def _state(self) -> int:
        return generations.number(self._found(), generations.STATE)

    def _ready(self) -> int:
        """The generation in force, once readers were given it."""
        found = self._found()
        held, given = (generations.number(found, name) for name in (generations.STATE, generations.STATE_GIVEN))
        if given < held:
            raise RebuildRefused(
                f"generation {held} is in force but readers still have {given}",
                fix="start a worker (`beffroi worker`): it gives readers that one, then rebuild again",
            )
        return held

    def _announce(self, producer: Producer, number: int) -> None:
        producer.begin_transaction()
        generations.announce(
            producer, self._settings.prefix, self._codec, generations.STATE, number, self._clock()
        )  # fmt: skip
        producer.commit_transaction(ANSWER_PATIENCE_S)
        log.info("a new generation of the state is in force", generation=number)

    def _await_given(self, number: int, pause: Pause, patience_s: float) -> bool:
        deadline = monotonic() + patience_s
        while generations.number(self._found(), generations.STATE_GIVEN) < number:
            if monotonic() > deadline:
                return False
            pause(LOOK_S)
        return True

    def _compare(self, old: StreamSettings, new: StreamSettings | None) -> Comparison:
        """Replay each partition, compare it at the state's checkpoint, and write it when there is where."""
        found, board = Comparison(old.generation), make_board(self._settings, self._codec)
        readers = self._read_views(board)
        for number in range(admin.partition_counts(self._settings.kafka, [self._events])[self._events]):
            self._one(found, board, number, (old, new))
        found.rows = self._rows(board, readers)
        return found

    def _one(
        self, found: Comparison, board: Board, number: int, between: tuple[StreamSettings, StreamSettings | None]
    ) -> None:
        old, new = between
        restored = self._restored(old, number, found)
        before = State({**restored.entities, **restored.parked}, restored.cells)
        replay = Replay(self._domain, number)
        replay.take(self._replayed(number, 0, restored.next_offset or 0))
        after = replay.state()
        winners = changed_winners(self._domain, before, after)
        found.add(winners)
        found.cells.add(before.cells, after.cells, winners.cells, self._facts)
        self._show(board, number, after)
        known = len(replay.parked)
        if new is not None:
            replay.take(self._replayed(number, replay.next_offset, None))
            self._write(new, number, replay, known)
        found.events += replay.events
        found.waiting += replay.waiting()
        log.info("partition rebuilt", partition=number, events=replay.events, written=new is not None)

    def _restored(self, old: StreamSettings, number: int, found: Comparison) -> Restored:
        counts = [admin.existing(old.kafka, [topic]) for topic in (old.entities(self._domain.name), old.cells)]
        if not all(one and number < next(iter(one.values())).partitions for one in counts):
            return Restored()
        try:
            return LogReader(old, self._domain.name, number, self._codec).state()
        except BeffroiError:
            found.unreadable.append(number)
            return Restored()

    def _replayed(self, number: int, start: int, end: int | None) -> Iterator[Event]:
        return events_again(self._settings.kafka, TopicPartition(self._events, number, start), end)

    def _facts(self, row: bytes) -> Mapping[str, Any]:
        return self._codec.read(SESSION_FACTS, row)

    @staticmethod
    def _show(board: Board, number: int, state: State) -> None:
        for (view, cell), value in state.cells.items():
            board.take(number, {"view": view, "cell": cell, "n": value.n, "row": value.row})

    def _write(self, new: StreamSettings, number: int, replay: Replay[Any, Any], known: int) -> None:
        wire = PartitionLog(new, self._domain.name, number, codec=self._codec, clock=self._clock)
        wire.fence()
        for flush in replay.flushes(replay.parked[known:]):
            wire.write(flush)

    def _read_views(self, board: Board) -> dict[str, dict[str, Any]]:
        """What readers have now, by view and key; the board knows it too."""
        found: dict[str, dict[str, Any]] = {view: {} for view in TOPICS}
        for view, key, row in published(self._settings, self._codec):
            board.seen(view, key, row)
            if row is None:
                found[view].pop(key, None)
            else:
                found[view][key] = row
        return found

    def _rows(self, board: Board, readers: Mapping[str, Mapping[str, Any]]) -> Mapping[str, RowChanges]:
        changes: dict[str, list[tuple[str, Any]]] = {view: [] for view in readers}
        for view, key, row in board.first_changes(paris_day(self._clock())):
            changes[view].append((key, row))
        return {view: row_changes(readers[view], changes[view]) for view in changes}
