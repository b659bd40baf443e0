"""The world of one simulation: the cluster, the workers, the sources, and the hand that does the steps."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, Final, NoReturn
from zlib import crc32

import structlog

import streams.agents.shell
import streams.app
from connectors.kafka.settings import KafkaSettings
from schemas.contracts import CHECKPOINT
from schemas.territory.areas import Territory
from schemas.topics import CATALOGUE, HEARTBEATS, RELEASE, TRAINING_ENTITIES, TRAINING_EVENTS
from streams.engine import CHECKPOINT_KEY
from streams.settings import StreamSettings
from streams.training import TrainingDomain, training_domain
from tests.oracle import Sent
from tests.simulation.broker import Broker
from tests.simulation.group import Group
from tests.simulation.process import Process
from tests.simulation.replacing import replaced
from tests.simulation.schedule import POINTS, Step
from tests.simulation.sources import Sources, codecs, heartbeat
from tests.simulation.worker import SOURCES, Worker

PARTITIONS: Final = 3
WORKERS: Final = 3
#: Turns of every thread after which a healed world must be at rest.
PATIENCE: Final = 600
#: Every timer of a worker passes within so many turns.
QUIET_TURNS: Final = 8
MORNING: Final = datetime(2026, 11, 23, 8, tzinfo=UTC)


class Broken(AssertionError):
    """Something is not as it must be."""


#: The areas of France, shared by all workers.
territory: Final = cache(Territory.load)


@cache
def domains() -> tuple[TrainingDomain, TrainingDomain]:
    """The pure functions of this release and of the next."""
    settings = StreamSettings(kafka=KafkaSettings(bootstrap="simulated:9092"), sources=SOURCES, data_dir=Path("unused"))
    old, new = codecs()
    return training_domain(settings, old), training_domain(settings, new)


def checkpoint_in(value: bytes | None) -> int:
    """The offset in a record of a checkpoint."""
    return int(codecs()[0].read(CHECKPOINT, value or b"")["next_offset"])


class World:
    """Everything that one schedule happens to.

    Args:
        coverage: Counts what was met, over all schedules.
    """

    def __init__(self, coverage: Counter[str]) -> None:
        self.coverage = coverage
        self.random = Random(0)  # noqa: S311  # set anew by each step
        self.now = MORNING
        self.workers: list[Worker] = []
        self.journal: list[tuple[int, int, Sent]] = []  # partition, offset, event: what sources committed
        self.heard: dict[str, dict[str, Any]] = {}
        self.upgraded = False
        self._healing = False
        self.deaths: list[tuple[str, BaseException]] = []
        self.current: Process | None = None
        self._digest = hashlib.sha256()
        self.lines: list[str] | None = None
        self._armed: list[tuple[str, str]] = []
        self._lose_answer = False
        self._births = 0
        self._sources = Sources()
        self._undecided: list[tuple[int, int, Sent]] = []
        topics = {topic.name: topic.partitions or PARTITIONS for topic in CATALOGUE}
        self.broker = Broker(topics, self.note)
        events = [(TRAINING_EVENTS, number) for number in range(PARTITIONS)]
        self.group = Group([*events, (RELEASE, 0)], self.pick)
        self._source_epoch = self.broker.init("sources")

    @property
    def healing(self) -> bool:
        """Whether faults are over."""
        return self._healing

    def pick(self, count: int) -> int:
        """A number below a count, decided by the step under way."""
        return self.random.randrange(count)

    def note(self, *words: object) -> None:
        """Write the trace: two runs of one schedule must write the same."""
        line = " ".join(map(str, words))
        self._digest.update(line.encode())
        if self.lines is not None:
            self.lines.append(line)

    @property
    def digest(self) -> str:
        """Of the trace so far."""
        return self._digest.hexdigest()

    # what a process asks of its world

    def reached(self, process: Process, point: str) -> None:
        """Kill or pause a process at a named point, if that is due."""
        self.note(process.name, point)
        self.coverage[f"reached {point}"] += 1
        for armed in self._armed:
            if armed[1] == point:
                self._armed.remove(armed)
                self.coverage[f"{armed[0]} {point}"] += 1
                if armed[0] == "kill at":
                    process.alive = False
                else:
                    process.paused = True
                return

    def met(self, what: str) -> None:
        """Count something that happened."""
        self.coverage[what] += 1

    def answer_lost(self) -> bool:
        """Whether the answer to the next commit gets lost, although it was committed."""
        lost, self._lose_answer = self._lose_answer, False
        self.coverage["lost answer of a commit"] += lost
        return lost

    def die(self, reason: str, error: BaseException) -> NoReturn:
        """What the product calls where it would end its process."""
        assert self.current is not None
        self.current.die(reason, error)
        raise error

    def end(self) -> None:
        """Unwind what still runs, and hold nothing: the transport knows each app for as long as it is reachable."""
        for worker in self.workers:
            worker.process.bury()
        self.workers.clear()
        self.broker.owners.clear()
        self.deaths.clear()

    # steps

    def take(self, step: Step) -> None:
        """Do one step."""
        self.random = Random(step.pick)  # noqa: S311  # decided by the schedule's seed
        self.note("step", *step)
        _ACTIONS[step.action](self)

    def run(self) -> None:
        """Let one worker's threads go on for some turns."""
        able = [worker for worker in self.workers if worker.process.alive and not worker.process.paused]
        if able:
            process = able[self.pick(len(able))].process
            for _ in range(1 + self.pick(12)):
                threads = process.runnable() if process.alive and not process.paused else []
                if not threads:
                    break
                self.resume(process, threads[self.pick(len(threads))])
        self.reap()

    def resume(self, process: Process, thread: Any) -> None:
        """Let one thread go on to its next point."""
        self.current = process
        process.resume(thread)
        self.current = None

    def reap(self) -> None:
        """Take away what is dead."""
        for worker in [one for one in self.workers if not one.process.alive]:
            self.workers.remove(worker)
            worker.process.bury()
            if worker.process.death:
                self.deaths.append(worker.process.death)
                self.coverage[f"died: {type(worker.process.death[1]).__name__}"] += 1
                worker.process.death = None

    def start(self) -> None:
        """A worker joins, or a dead one is started again."""
        if len(self.workers) >= WORKERS:
            return
        self._births += 1
        process = Process(self, f"w{self._births}", self.note)
        self.workers.append(
            Worker(
                process, self.broker, self.group, domain=domains()[self.upgraded],
                codec=codecs()[self.upgraded], clock=lambda: self.now,
            )
        )  # fmt: skip

    def _any(self, *, paused: bool = False) -> Worker | None:
        found = [one for one in self.workers if one.process.paused == paused]
        return found[self.pick(len(found))] if found else None

    def leave(self) -> None:
        """A worker is asked to stop."""
        if worker := self._any():
            worker.app.consumer.leaving = True

    def kill(self) -> None:
        """kill -9, wherever it is."""
        if worker := self._any():
            worker.process.alive = False
            self.reap()

    def arm(self, fault: str) -> None:
        """Kill or pause whoever comes first to a named point."""
        self._armed.append((fault, POINTS[self.pick(len(POINTS))]))

    def wake(self) -> None:
        """A paused worker goes on, as if nothing had been."""
        if worker := self._any(paused=True):
            self.coverage["woke"] += 1
            worker.process.paused = False

    def silence(self) -> None:
        """The coordinator evicts whoever does not answer: dead, paused, or merely slow."""
        alive = {worker.app.consumer.member for worker in self.workers if not worker.process.paused}
        silent = [member for member in self.group.members if member not in alive]
        if not silent and not self.healing and self.pick(8) == 0:
            silent = self.group.members[:]
        for member in silent:
            self.group.evict(member)

    def lose_answer(self) -> None:
        """The answer to the next commit gets lost."""
        self._lose_answer = True

    def expire(self) -> None:
        """A transaction takes too long, as that of a dead worker does."""
        names = [name for name in self.broker.open_ids() if name != "sources"]
        if names:
            self.coverage["expired transaction"] += 1
            self.broker.expire(names[self.pick(len(names))])

    def mark(self) -> None:
        """A marker that is due is written."""
        if self.broker.late:
            self.broker.mark(self.pick(len(self.broker.late)))

    def compact(self) -> None:
        """The cleaner comes to one of the compacted partitions."""
        topics = [topic for topic in CATALOGUE if topic.config["cleanup.policy"] == "compact"]
        tps = [(topic.name, number) for topic in topics for number in range(topic.partitions or PARTITIONS)]
        self.broker.compact(tps[self.pick(len(tps))])

    def tick(self) -> None:
        """Some seconds pass."""
        self.now += timedelta(seconds=1 + self.pick(100))

    def midnight(self) -> None:
        """A new day begins, or a new month."""
        self.coverage["midnight"] += 1
        self.now += timedelta(days=(1, 8)[self.pick(2)])

    def upgrade(self) -> None:
        """Workers started from now on are of the next release, which knows one schema more."""
        self.upgraded = True

    # sources

    def publish(self) -> None:
        """A source publishes some events in one transaction, which may stay undecided for a while."""
        self.decide_source()
        for sent in self._sources.events(self.random, 1 + self.pick(7)):
            number = crc32(sent.root.encode()) % PARTITIONS
            tp = (TRAINING_EVENTS, number)
            self.broker.append("sources", self._source_epoch, None, tp, (sent.root.encode(), sent.wire))
            self._undecided.append((number, self.broker.logs[tp].end - 1, sent))
        if self.pick(4):
            self.decide_source()

    def decide_source(self) -> None:
        """A source's transaction is committed, or given up."""
        committed = self.healing or self.pick(8) > 0
        self.broker.end("sources", self._source_epoch, committed=committed, late=self.pick(3) == 0)
        if committed:
            self.journal += self._undecided
        self._undecided = []

    def beat(self) -> None:
        """A source is heard."""
        source, shown, wire = heartbeat(self.random, self.now)
        self.decide_source()
        self.broker.append("sources", self._source_epoch, None, (HEARTBEATS, 0), (source.encode(), wire))
        self.broker.end("sources", self._source_epoch, committed=True)
        self.heard[source] = shown

    # the end

    def heal(self) -> None:
        """No more faults; the next release everywhere; then every thread in turn until nothing moves any more."""
        self.random = Random(self.digest)  # noqa: S311  # decided by all that was
        self._healing = True
        self._armed.clear()
        self._lose_answer = False
        self.decide_source()
        for worker in self.workers:
            worker.process.paused = False
            worker.app.consumer.leaving |= worker.codec is codecs()[0]
        self.upgraded = True
        self._settle(self._at_rest)
        if self.pick(3) == 0:
            self.midnight()
            self._settle(self._at_rest)

    def _settle(self, done: Callable[[], bool]) -> None:
        """Let all go on until something is so, and nothing was written for a while."""
        quiet, written = 0, self._written()
        for _ in range(PATIENCE):
            self.start()
            self.silence()
            self.broker.expire_left([worker.process for worker in self.workers])
            self.broker.settle()
            for worker in self.workers:
                for thread in worker.process.runnable():
                    if worker.process.alive:
                        self.resume(worker.process, thread)
            self.reap()
            now = self._written()
            quiet = quiet + 1 if now == written and done() else 0
            written = now
            if quiet > QUIET_TURNS:
                return
        raise Broken(f"not at rest after {PATIENCE} turns: {self.deaths[-3:]}")

    def _written(self) -> int:
        return sum(log.end for log in self.broker.logs.values())

    def _at_rest(self) -> bool:
        """Whether all workers are of the next release, one publishes, and checkpoints stand behind what was sent."""
        if any(worker.app.consumer.leaving for worker in self.workers):
            return False
        if not any(worker.publishes for worker in self.workers):
            return False
        return all(self.checkpoint(number) >= last for number, last in self._last_offsets().items())

    def _last_offsets(self) -> dict[int, int]:
        return {number: offset + 1 for number, offset, _ in self.journal}

    def checkpoint(self, number: int) -> int:
        """The checkpoint of a partition as its log holds it."""
        found = [one for one in self.broker.read((TRAINING_ENTITIES, number)) if one.key == CHECKPOINT_KEY]
        return checkpoint_in(found[-1].value) if found else 0


_ACTIONS: Final[dict[str, Callable[[World], None]]] = {
    "run": World.run, "publish": World.publish, "start": World.start, "wake": World.wake, "silence": World.silence,
    "kill at": lambda world: world.arm("kill at"), "pause at": lambda world: world.arm("pause at"),
    "leave": World.leave, "kill": World.kill, "expire": World.expire, "lose answer": World.lose_answer,
    "mark": World.mark, "compact": World.compact, "tick": World.tick, "midnight": World.midnight, "beat": World.beat,
    "decide source": World.decide_source, "upgrade": World.upgrade,
}  # fmt: skip


@contextmanager
def world(coverage: Counter[str], prepare: Callable[[World], None] = lambda _: None) -> Iterator[World]:
    """A new world, in which the product is told to end simulated processes instead of real ones."""
    made = World(coverage)
    logged = structlog.get_config()

    def trace(_logger: object, _method: str, event: Any) -> NoReturn:
        made.note("log", event["event"])
        raise structlog.DropEvent

    with ExitStack() as stack:
        stack.callback(lambda: structlog.configure(**logged))
        structlog.configure(processors=[trace], cache_logger_on_first_use=False)
        stack.enter_context(replaced(streams.app, die=made.die))
        stack.enter_context(replaced(Territory, load=staticmethod(territory)))  # facts, looked up once for all worlds
        stack.enter_context(replaced(streams.agents.shell, let_go=lambda: None))  # memory is no part of the truth
        stack.callback(made.end)
        prepare(made)
        yield made


def play(made: World, steps: Sequence[Step]) -> None:
    """All steps, then the end."""
    for step in steps:
        made.take(step)
    made.heal()
