"""What becomes of each event of a file, against what its source published before; pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from connectors.formats.base import Event
from connectors.ledger import Entry, Ledger, digest
from schemas.clock import to_millis
from schemas.codec import Codec
from schemas.contracts import TRAINING_ENROLMENT, TRAINING_SESSION
from schemas.errors import FileHeld

#: A snapshot that lost more than this share of the source's people waits for a human.
HELD_SHARE: Final = 0.2
_CONTRACTS: Final = {contract.rpartition(".")[2]: contract for contract in (TRAINING_SESSION, TRAINING_ENROLMENT)}
ENROLMENT: Final = "TrainingEnrolment"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One event to publish, with the ledger entry that goes with it.

    Attributes:
        contract: Full name.
        source_key: Of the thing.
        wire: The event.
        entry: What the ledger will say.
        root: Key of the event on the bus.
    """

    contract: str
    source_key: str
    wire: bytes
    entry: Entry
    root: str

    @property
    def kind(self) -> str:
        """Short name of the contract."""
        return self.contract.rpartition(".")[2]


@dataclass(slots=True)
class Verdicts:
    """What to publish, and how many person-level records got which verdict."""

    outgoing: list[Outgoing] = field(default_factory=list)
    accepted: int = 0
    duplicate: int = 0
    outdated: int = 0
    withdrawn: int = 0


class Judge:
    """Compares the events of a file with the ledger.

    Args:
        source: The feed.
        as_of: The file's instant.
        ledger: What the source published before.
        codec: One for all.
    """

    def __init__(self, source: str, as_of: datetime, ledger: Ledger, codec: Codec) -> None:
        self._ledger = ledger
        self._codec = codec
        self._version = to_millis(as_of)
        self._provenance = {"source": source, "version": self._version, "occurred_at": as_of}

    def judge(self, events: Sequence[Event]) -> Verdicts:
        """The verdict on each event; persons are counted, sessions follow their persons."""
        verdicts = Verdicts()
        present = frozenset((event.kind, str(event.record["source_key"])) for event in events)
        left: set[str] = set()
        for event in events:
            verdict = self._one(event, present, verdicts.outgoing, left)
            if event.kind == ENROLMENT:
                setattr(verdicts, verdict, getattr(verdicts, verdict) + 1)
        verdicts.outgoing.extend(self._close(left))
        return verdicts

    def _one(
        self, event: Event, present: AbstractSet[tuple[str, str]], outgoing: list[Outgoing], left: set[str]
    ) -> str:
        record = {**event.record, **self._provenance, "withdrawn": False}
        root, source_key = record["session_id"], record["source_key"]
        wire = self._codec.encode(event.contract, record)
        entry = Entry(root, event.thing, self._version, digest(wire), withdrawn=False, alias=event.alias)
        names = self._ledger.other_names(event.kind, source_key, event.alias)
        others = [name for name in names if (event.kind, name) not in present]
        verdict = self._verdict(event.kind, source_key, entry, others)
        if verdict == "accepted":
            if event.kind == ENROLMENT:
                outgoing.extend(self._rename(others, left))
            outgoing.append(Outgoing(event.contract, source_key, wire, entry, root))
        return verdict

    def _verdict(self, kind: str, source_key: str, entry: Entry, others: list[str]) -> str:
        known = self._ledger.entries.get((kind, source_key))
        newest = [self._ledger.entries[kind, other].version for other in others]
        if known is not None:
            if (known.version, known.digest) == (self._version, entry.digest):
                return "duplicate"
            newest.append(known.version)
        elif not others:
            newest.append(self._ledger.snapshot)
        return "outdated" if max(newest) > self._version else "accepted"

    def _rename(self, others: list[str], left: set[str]) -> Iterator[Outgoing]:
        """Withdraw a person's place from the names under which the source no longer speaks of it."""
        for other in others:
            known = self._ledger.entries[ENROLMENT, other]
            if not known.withdrawn:
                left.add(known.root)
                yield self._withdrawn(ENROLMENT, other, known)

    def _close(self, left: AbstractSet[str]) -> Iterator[Outgoing]:
        """Withdraw the sessions that everybody left for another name of theirs."""
        if not left:
            return
        entries = self._ledger.entries.items()
        lived_in = {entry.root for (kind, _), entry in entries if kind == ENROLMENT and not entry.withdrawn}
        for (kind, source_key), entry in list(entries):
            if kind != ENROLMENT and entry.root in left - lived_in and not entry.withdrawn:
                yield self._withdrawn(kind, source_key, entry)

    def _withdrawn(self, kind: str, source_key: str, known: Entry) -> Outgoing:
        self._ledger.entries[kind, source_key] = replace(known, withdrawn=True)
        return self._withdrawal(kind, source_key, known)

    def withdraw_vanished(self, events: Iterable[Event], verdicts: Verdicts, *, confirm: bool) -> None:
        """Add the withdrawals of what a snapshot no longer holds.

        Raises:
            FileHeld: It lost more than a fifth of the source's people, and nobody confirmed that.
        """
        present = ((event.kind, str(event.record["source_key"])) for event in events)
        gone = self._ledger.vanished(present, self._version)
        lost = sum(1 for (kind, _), _ in gone if kind == ENROLMENT)
        held = self._ledger.live(ENROLMENT)
        if lost > HELD_SHARE * held and not confirm:
            raise FileHeld(
                f"this snapshot lacks {lost} of the {held} people its source held before ({lost / held:.0%}); "
                f"nothing of it was taken",
                fix="if that is right, publish it again with --confirm; else ask the partner for the whole file",
            )
        verdicts.withdrawn = lost
        verdicts.outgoing.extend(self._withdrawal(kind, key, entry) for (kind, key), entry in gone)

    def _withdrawal(self, kind: str, source_key: str, known: Entry) -> Outgoing:
        """The retraction of a thing from the root it was published under."""
        contract = _CONTRACTS[kind]
        record: dict[str, Any] = {"session_id": known.root, "source_key": source_key, "withdrawn": True}
        if kind == ENROLMENT:
            record["person"] = known.thing
        wire = self._codec.encode(contract, {**record, **self._provenance})
        entry = replace(known, version=self._version, digest=digest(wire), withdrawn=True)
        return Outgoing(contract, source_key, wire, entry, known.root)


def headers(outgoing: Outgoing, provenance: Mapping[str, str], event_id: str) -> list[tuple[str, bytes]]:
    """CloudEvents 1.0 attributes in Kafka's binary mode."""
    attributes = {"ce_specversion": "1.0", "ce_type": outgoing.contract, "ce_id": event_id, **provenance}
    return [(name, value.encode()) for name, value in attributes.items()]
