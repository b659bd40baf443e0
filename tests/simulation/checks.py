"""What must hold: at each commit while the faults go on, and for everything once the world is healed."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from schemas.clock import paris_day
from schemas.codec import Codec
from schemas.contracts import CELL, EXITS_ROW, FRESHNESS_ROW, QUARANTINED, SESSION_FACTS, SESSIONS_ROW
from schemas.errors import FencedError
from schemas.topics import (
    CELLS,
    QUARANTINE,
    TRAINING_ENTITIES,
    TRAINING_EVENTS,
    VIEW_EXITS,
    VIEW_FRESHNESS,
    VIEW_SESSIONS,
)
from streams.engine import CHECKPOINT_KEY, PARKED_KEY
from tests import oracle
from tests.oracle import Counted, Sent
from tests.simulation.broker import TP, Transaction
from tests.simulation.sources import codecs
from tests.simulation.worker import SOURCES
from tests.simulation.world import PARTITIONS, Broken, World, checkpoint_in

#: Topics that only the owner of a partition, or the holder of the release, may write.
_LOGS, _VIEWS = {TRAINING_ENTITIES, CELLS}, {VIEW_EXITS, VIEW_SESSIONS, VIEW_FRESHNESS}
#: Deaths that faults explain: a process was fenced, or the answer to its commit got lost.
_EXPLAINED = ("FencedError", "KafkaException", "UnknownSchema")
CellKey = tuple[str, str]


def must(holds: bool, what: str) -> None:  # noqa: FBT001  # reads as a sentence
    """Raise Broken unless something holds."""
    if not holds:
        raise Broken(what)


class Invariants:
    """Looks at each transaction in the moment it is decided.

    Args:
        world: Whose broker is watched.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._checkpoints: dict[int, int] = {}
        self._cells: dict[int, dict[CellKey, Counted]] = {}
        self.broken: list[str] = []
        world.broker.watchers.append(self._committed)

    def _committed(self, transaction: Transaction) -> None:
        try:
            for tp, records in transaction.records.items():
                self._owner(tp, transaction)
                if tp[0] == TRAINING_ENTITIES:
                    self._checkpoint(tp[1], [one.value for one in records if one.key == CHECKPOINT_KEY])
                elif tp[0] == CELLS:
                    self._counted(tp[1], [one.value for one in records])
            self._log_is_naive_count(transaction)
            self._group()
        except Broken as broken:  # raised inside the product's own call: kept for the scheduler
            self.broken.append(str(broken))

    def _owner(self, tp: TP, transaction: Transaction) -> None:
        """Nothing is committed by a fenced owner."""
        what = "release" if tp[0] in _VIEWS else str(tp[1]) if tp[0] in _LOGS else ""
        owner = self._world.broker.owners.get(what)
        must(owner in {None, transaction.writer}, f"a fenced owner committed to {tp[0]}/{tp[1]}")

    def _checkpoint(self, number: int, values: list[bytes | None]) -> None:
        """A checkpoint never goes back."""
        for value in values:
            now = checkpoint_in(value)
            must(now >= self._checkpoints.get(number, 0), f"the checkpoint of partition {number} went back")
            self._checkpoints[number] = now

    def _counted(self, number: int, values: Iterable[bytes | None]) -> None:
        held = self._cells.setdefault(number, {})
        for value in values:
            record = codecs()[0].read(CELL, value or b"")
            held[record["view"], record["cell"]] = counted(record)

    def _log_is_naive_count(self, transaction: Transaction) -> None:
        """The cells of a partition are the naive count of what lies before its checkpoint."""
        for number in {number for topic, number in transaction.records if topic == TRAINING_ENTITIES}:
            seen = [
                sent for at, offset, sent in self._world.journal
                if at == number and offset < self._checkpoints.get(number, 0)
            ]  # fmt: skip
            if any("note" in sent.record for sent in seen):
                continue  # counted late: by the next release
            compare(f"cells of partition {number} at its checkpoint", self._cells.get(number, {}), naive(seen))

    def _group(self) -> None:
        """The group's offset only mirrors the checkpoint: it is never ahead of it."""
        for (topic, number), offset in self._world.group.committed.items():
            if topic == TRAINING_EVENTS:
                ahead = offset > self._checkpoints.get(number, 0)
                must(not ahead, f"partition {number} was acknowledged before its transaction was committed")

    def check(self) -> None:
        """After each step: nothing was broken, nothing differed, nobody died without a reason."""
        must(not self.broken, "; ".join(self.broken))
        for worker in self._world.workers:
            must(worker.audit_differences == 0, "an owner found its log other than its state")
        for reason, error in self._world.deaths:
            explained = isinstance(error, FencedError) or type(error).__name__ in _EXPLAINED
            must(explained, f"a worker died: {reason}: {error!r}")


def naive(sent: Iterable[Sent]) -> dict[CellKey, Counted]:
    """What the oracle counts."""
    return oracle.expected_cells(sent, list(SOURCES))


def counted(record: Mapping[str, Any]) -> Counted:
    """A cell as the oracle gives it."""
    row = codecs()[0].read(SESSION_FACTS, record["row"]) if record["row"] else None
    return record["n"], {name: row[name] for name in _FACTS} if row else None


_FACTS = ("session_id", "title", "commune", "trades", "starts_on", "ends_on", "sources")


def compare(what: str, found: Mapping[Any, Any], wanted: Mapping[Any, Any]) -> None:
    """Raise Broken with the first difference; cells of nobody count as none."""
    for key in sorted({*found, *wanted}, key=repr):
        one, other = found.get(key), wanted.get(key)
        must(one == other or {one, other} <= _NOBODY if _plain(one, other) else one == other,
             f"{what}: {key} is {one!r}, by recount {other!r}")  # fmt: skip


_NOBODY = {None, (0, None)}


def _plain(*values: Any) -> bool:
    return all(value is None or (isinstance(value, tuple) and value[1] is None) for value in values)


def healed(world: World) -> None:
    """Compare everything with the oracle, before and after full compaction."""
    journal = [sent for _, _, sent in world.journal]
    views(world, journal)
    for topic in (TRAINING_ENTITIES, CELLS):
        for number in range(PARTITIONS):
            world.broker.compact((topic, number), wholly=True)
    for number in range(PARTITIONS):
        own = [sent for at, _, sent in world.journal if at == number]
        log(world, number, own)
    quarantine(world)


def log(world: World, number: int, own: list[Sent]) -> None:
    """Entities and cells of one partition."""
    entities = world.broker.table(TRAINING_ENTITIES, number)
    entities.pop(CHECKPOINT_KEY, None)
    must(not any(key.startswith(PARKED_KEY) for key in entities), "an event of a known schema still waits")
    compare(f"entities of partition {number}", entities, oracle.expected_entities(own))
    records = [codecs()[0].read(CELL, value) for value in world.broker.table(CELLS, number).values()]
    found = {(record["view"], record["cell"]): counted(record) for record in records}
    compare(f"cells of partition {number}", found, naive(own))


def views(world: World, journal: list[Sent]) -> None:
    """What readers see."""
    today, cells = paris_day(world.now), naive(journal).items()
    compare("view exits", _rows(world, VIEW_EXITS, EXITS_ROW, lambda row: told(row["count"])),
            oracle.exits_of(cells, today))  # fmt: skip
    compare("view sessions", _rows(world, VIEW_SESSIONS, SESSIONS_ROW, _session), {
        key: {name: row[name] for name in _SHOWN} for key, row in oracle.sessions_of(cells, today).items()
    })  # fmt: skip
    compare("view freshness", _rows(world, VIEW_FRESHNESS, FRESHNESS_ROW, dict), world.heard)


_SHOWN = ("session_id", "title", "commune", "starts_on", "ends_on", "sources", "leavers")


def _session(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**{name: row[name] for name in _SHOWN}, "leavers": told(row["leavers"])}


def told(count: Mapping[str, Any]) -> str:
    """A disclosed count as the oracle says it."""
    return f"< {count['below']}" if count["value"] is None else str(count["value"])


def _rows(world: World, topic: str, contract: str, shown: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    codec: Codec = codecs()[0]
    return {key.decode(): shown(codec.read(contract, value)) for key, value in world.broker.table(topic).items()}


def quarantine(world: World) -> None:
    """What could not be read lies there, once."""
    found = Counter[tuple[int, int]]()
    for record in world.broker.read((QUARANTINE, 0)):
        row = codecs()[0].read(QUARANTINED, record.value or b"")
        found[int(row["file"].rpartition("/")[2]), int(row["pointer"].removeprefix("offset "))] += 1
    unreadable = {(at, offset) for at, offset, sent in world.journal if not sent.kind and len(sent.wire) < 5}
    late = {(at, offset) for at, offset, sent in world.journal if "note" in sent.record}
    must(unreadable <= set(found), "an unreadable record was not set aside")
    must(set(found) <= unreadable | late, "a good record was set aside")
    must(all(n == 1 for n in found.values()), "a record was set aside twice")
