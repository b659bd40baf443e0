"""What becomes of each thing that was handed over, against what its source published before; pure."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from connectors.delivery import Delivery, Key, Thing
from connectors.envelope import Shape, event_id, retracted, shape
from connectors.ledger import VANISHED, Entry, Ledger
from schemas.codec import Codec
from schemas.errors import FileHeld

#: A snapshot that lost more than this share of what its source holds waits for a human.
HELD_SHARE: Final = 0.2

ACCEPTED: Final = "accepted"
DUPLICATE: Final = "duplicate"
OUTDATED: Final = "outdated"
CONFLICT: Final = "conflict"


class Outgoing(NamedTuple):
    """One event to publish.

    Attributes:
        form: The shape of its contract.
        source_key: Of the thing.
        content: Wire bytes with version and instant 0: put in when it goes out, for a file has many.
        entry: What the ledger will say.
        instant: When the source knew this, when it says so; milliseconds.
    """

    form: Shape
    source_key: str
    content: bytes
    entry: Entry
    instant: int | None = None


class Settled(NamedTuple):
    """What became of a record that had been set aside.

    Attributes:
        outcome: In the words of the contract QuarantineOutcome.
        event_id: Of its event on the bus, when it has one.
    """

    outcome: str
    event_id: str | None = None


#: What the verdict on a record means for its place in quarantine; a conflict leaves it there.
_SETTLES: Final = {ACCEPTED: "REPLAYED", DUPLICATE: "KNOWN", OUTDATED: "OVERTAKEN"}


@dataclass(slots=True)
class Verdicts:
    """What to publish, and what became of each thing.

    Attributes:
        outgoing: Events, in the order in which they go out.
        entries: What the ledger will say once they are out; also of things that are the same in a newer file.
        found: Verdict and version of each thing.
        withdrawn: Things that a snapshot no longer holds.
        settled: What became of records that had been set aside, by line; those that stay so are left out.
    """

    outgoing: list[Outgoing] = field(default_factory=list)
    entries: dict[Key, Entry] = field(default_factory=dict)
    found: dict[Key, tuple[str, int]] = field(default_factory=dict)
    withdrawn: int = 0
    settled: dict[int, Settled] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rules:
    """How strictly to judge.

    Attributes:
        snapshot: What is not there is gone.
        confirm: Even when that is much.
        refuse_conflicts: Another content under a version that was published is refused; else it is a correction.
    """

    snapshot: bool = False
    confirm: bool = False
    refuse_conflicts: bool = False


class Judge:
    """Compares a delivery with the ledger.

    Args:
        delivery: What was handed over.
        ledger: What the source published before; not changed.
        codec: One for all.
    """

    def __init__(self, delivery: Delivery, ledger: Ledger, codec: Codec) -> None:
        self._delivery = delivery
        self._ledger = ledger
        self._codec = codec
        self._now = delivery.instant
        self._verdicts = Verdicts()

    def judge(self, rules: Rules) -> Verdicts:
        """The verdict on each thing.

        Raises:
            FileHeld: A snapshot lost more than a fifth of what its source holds, and nobody confirmed that.
        """
        left: set[str] = set()
        for key, thing in self._delivery.things.items():
            if not (self._delivery.replayed and self._stands(key, thing)):
                self._one(key, thing, rules, left)
        self._close(left)
        if rules.snapshot:
            self._withdraw_vanished(confirm=rules.confirm)
        if self._delivery.replayed:
            self._verdicts.settled = dict(self._settled())
        return self._verdicts

    def _settled(self) -> Iterator[tuple[int, Settled]]:
        for line, key in self._delivery.records():
            settled = Settled(_SETTLES[DUPLICATE]) if key is None else self._settles(line, key)
            if settled is not None:
                yield line, settled
        for item in self._delivery.refused:
            if any(self._overtaken(key) for key in item.about):
                yield item.line, Settled(_SETTLES[OUTDATED])

    def _settles(self, line: int, key: Key) -> Settled | None:
        verdict, version = self._verdicts.found[key]
        outcome = _SETTLES.get(verdict if self._delivery.things[key].line == line else DUPLICATE)
        return None if outcome is None else Settled(outcome, event_id(self._delivery.source, *key, version))

    def _overtaken(self, key: Key) -> bool:
        """Whether the source published the thing itself with newer data, or beside it in the same."""
        known = self._ledger.entries.get(key)
        return key[0] in self._delivery.counted and known is not None and known.version >= self._now

    def _known(self, key: Key) -> Entry | None:
        return self._verdicts.entries.get(key) or self._ledger.entries.get(key)

    def _one(self, key: Key, thing: Thing, rules: Rules, left: set[str]) -> None:
        kind, source_key = key
        known = self._ledger.entries.get(key)
        others = self._others(kind, source_key, thing.alias)
        version = self._version(thing)
        if known is None and not others and self._is_new(version):
            self._accept(key, thing, version)  # nearly all of a first file
            return
        if known is not None and known.digest == thing.digest and not others:
            self._verdicts.found[key] = DUPLICATE, known.version
            if version > known.version:
                self._verdicts.entries[key] = known._replace(version=version)
            return
        verdict, version = self._against(key, others, version, rules)
        self._verdicts.found[key] = verdict, version
        if verdict == ACCEPTED:
            if kind in self._delivery.counted:
                self._rename(kind, others, left)
            self._accept(key, thing, version)

    def _version(self, thing: Thing) -> int:
        return self._now if thing.version is None else thing.version

    def _is_new(self, version: int) -> bool:
        """Whether what nobody knows may be new: it is not when a newer snapshot did not hold it."""
        return version >= 0 and self._now >= self._ledger.snapshot

    def _accept(self, key: Key, thing: Thing, version: int) -> None:
        self._verdicts.found[key] = ACCEPTED, version
        entry = Entry(thing.root, thing.inside, version, thing.digest, thing.withdrawn, thing.alias)
        self._verdicts.entries[key] = entry
        self._verdicts.outgoing.append(Outgoing(thing.form, key[1], thing.content, entry, thing.instant))

    def _stands(self, key: Key, thing: Thing) -> bool:
        """Leave a thing as it is known that was made of many records, when only a single one of them is replayed."""
        known = self._ledger.entries.get(key)
        if key[0] in self._delivery.counted or known is None or known.version < (thing.version or self._now):
            return False
        self._verdicts.found[key] = DUPLICATE, known.version
        return True

    def _others(self, kind: str, source_key: str, alias: str) -> list[str]:
        if not alias or not self._ledger.entries:
            return []
        names = self._ledger.other_names(kind, source_key, alias)
        return [name for name in names if (kind, name) not in self._delivery.things]

    def _against(self, key: Key, others: list[str], version: int, rules: Rules) -> tuple[str, int]:
        """The verdict on what is not simply the same, and the version under which it is published."""
        kind, known = key[0], self._ledger.entries.get(key)
        newest = self._newest(kind, others)
        if known is None:
            gone = not others and self._now < self._ledger.snapshot
            return (OUTDATED, version) if gone or newest > version else (ACCEPTED, version)
        if version <= known.version and self._is_back(known):
            version = max(self._now, known.version + 1)  # though its own revision did not change
        newest = max(known.version, newest)
        return (OUTDATED, newest) if newest > version else self._at(version, known, rules)

    def _is_back(self, known: Entry) -> bool:
        """Whether this delivery knows more of a thing than the snapshot that lacked it, or corrects that one.

        What the source itself said to be withdrawn is undone by a newer revision alone.
        """
        return known.digest == VANISHED and self._now >= known.version

    def _newest(self, kind: str, names: list[str]) -> int:
        return max((self._ledger.entries[kind, name].version for name in names), default=0)

    @staticmethod
    def _at(version: int, known: Entry, rules: Rules) -> tuple[str, int]:
        """The verdict on another content: at the same instant a correction, which must outrank what was said before."""
        if known.version < version:
            return ACCEPTED, version
        return (CONFLICT, version) if rules.refuse_conflicts else (ACCEPTED, version + 1)

    def _rename(self, kind: str, others: list[str], left: set[str]) -> None:
        """Withdraw a record from the names under which the source no longer speaks of it."""
        for other in others:
            known = self._known((kind, other))
            if known and not known.withdrawn:
                left.add(known.root)
                self._withdraw((kind, other), known)

    def _close(self, left: AbstractSet[str]) -> None:
        """Withdraw the carried things whose records all left for another name of theirs."""
        if not left:
            return
        counted = self._delivery.counted
        entries = {**self._ledger.entries, **self._verdicts.entries}.items()
        lived_in = {entry.root for (kind, _), entry in entries if kind in counted and not entry.withdrawn}
        for key, entry in list(entries):
            if key[0] not in counted and entry.root in left - lived_in and not entry.withdrawn:
                self._withdraw(key, entry)

    def _withdraw_vanished(self, *, confirm: bool) -> None:
        present = self._delivery.things.keys() | self._delivery.broken
        gone = [
            (key, entry)
            for key, entry in self._ledger.vanished(present, self._now)
            if key[0] in self._delivery.spoken_of and key not in self._verdicts.entries
        ]
        counted = self._delivery.counted
        lost = sum(1 for (kind, _), _ in gone if kind in counted)
        held = sum(self._ledger.live(kind) for kind in self._delivery.spoken_of & counted)
        if lost > HELD_SHARE * held and not confirm:
            raise FileHeld(
                f"this snapshot lacks {lost} of the {held} {self._delivery.noun} its source held before "
                f"({lost / held:.0%}); nothing of it was taken",
                fix="if that is right, publish it again with --confirm; else ask the partner for the whole file",
            )
        self._verdicts.withdrawn = lost
        for key, entry in gone:
            self._withdraw(key, entry)

    def _withdraw(self, key: Key, known: Entry) -> None:
        """Take a thing back from the root it was published under."""
        kind, source_key = key
        form = shape(self._delivery.contracts[kind])
        content = retracted(self._codec, form, known.root, known.thing, source_key, self._delivery.source)
        version = max(self._now, known.version + 1)
        self._send(form, source_key, content, known._replace(version=version, digest=VANISHED, withdrawn=True))

    def _send(self, form: Shape, source_key: str, content: bytes, entry: Entry) -> None:
        self._verdicts.outgoing.append(Outgoing(form, source_key, content, entry))
        self._verdicts.entries[form.kind, source_key] = entry


def headers(outgoing: Outgoing, identity: str, common: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """CloudEvents 1.0 attributes in Kafka's binary mode."""
    return [*common, outgoing.form.mark, ("ce_id", identity.encode())]
