"""The ledger: what each source last published, so that duplicates, outdated and vanished things are known.

The digest of an entry is that of the record's wire bytes before version and instant are put in: a thing that a newer
file states unchanged is known by it.

It lies in a compacted topic, in the partition that the source's name decides, and is written in the transaction of
the publication itself: it never says more or less than what was published.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from operator import attrgetter
from sys import intern
from typing import Final, NamedTuple

from connectors.kafka.clients import reader
from connectors.kafka.partitioning import partition_for
from connectors.kafka.reading import read_to_end
from connectors.kafka.settings import KafkaSettings
from schemas.codec import Codec
from schemas.contracts import LEDGER_ENTRY

#: Kind of the entry that keeps the instant of the last snapshot.
SNAPSHOT: Final = "snapshot"
#: Digest of a thing that we withdrew because it vanished: no record's.
VANISHED: Final = b""
#: Kind of the entry that keeps when a publication last brought something new.
NEWS: Final = "news"
_DIGEST_BYTES: Final = 16
#: librdkafka reads up to 100,000 records ahead, which would be most of a ledger in memory twice.
_LITTLE_AHEAD: Final = {"queued.min.messages": 5_000, "queued.max.messages.kbytes": 2_048}


def digest(wire: bytes) -> bytes:
    """What tells two records apart."""
    return sha256(wire).digest()[:_DIGEST_BYTES]


class Entry(NamedTuple):
    """The last publication of one thing.

    Attributes:
        root: Root key it was published under.
        thing: Key inside the root.
        version: Milliseconds.
        digest: Of the content; ``VANISHED`` when the source did not say that it withdrew the thing.
        withdrawn: Published as a retraction.
        alias: Another source key that may stand for the same thing.
    """

    root: str
    thing: str
    version: int
    digest: bytes
    withdrawn: bool
    alias: str = ""


@dataclass
class Ledger:
    """All entries of one source, by kind and source key.

    Attributes:
        entries: Of its things.
        snapshot: Version of its last snapshot; 0 without.
        news: When a publication last brought something new, in milliseconds; 0 when none did.
    """

    entries: dict[tuple[str, str], Entry] = field(default_factory=dict)
    snapshot: int = 0
    news: int = 0

    def learn(self, entries: Mapping[tuple[str, str], Entry], snapshot: int = 0) -> None:
        """Take in what was published now."""
        for key, entry in entries.items():
            self.put(key, entry)
        self.snapshot = max(self.snapshot, snapshot)

    def put(self, key: tuple[str, str], entry: Entry) -> None:
        """Replace what is known of one thing."""
        if "_by_alias" in self.__dict__ and entry.alias:
            self._note_alias(self._by_alias, key, entry.alias)
        self.entries[key] = entry

    @staticmethod
    def _note_alias(found: dict[tuple[str, str], list[str]], key: tuple[str, str], alias: str) -> None:
        names = found.setdefault((key[0], alias), [])
        if key[1] not in names:
            names.append(key[1])

    def live(self, kind: str) -> int:
        """Things of a kind that the source holds."""
        return sum(1 for (found, _), entry in self.entries.items() if found == kind and not entry.withdrawn)

    @cached_property
    def _by_alias(self) -> dict[tuple[str, str], list[str]]:
        found: dict[tuple[str, str], list[str]] = {}
        for key, entry in self.entries.items():
            if entry.alias:
                self._note_alias(found, key, entry.alias)
        return found

    def other_names(self, kind: str, source_key: str, alias: str) -> list[str]:
        """The other source keys under which the same thing was published.

        A thing named without its number is the same as any named with one; two with numbers are two things.
        """
        names = self._by_alias.get((kind, alias))
        if not names:
            return []
        known = [key for key in names if key != source_key and self.entries[kind, key].alias == alias]
        return known if source_key == alias else [key for key in known if key == alias]

    def vanished(self, present: Iterable[tuple[str, str]], version: int) -> list[tuple[tuple[str, str], Entry]]:
        """What an older publication held and a snapshot of this version does not."""
        kept = frozenset(present)
        return [
            (key, entry)
            for key, entry in self.entries.items()
            if key not in kept and not entry.withdrawn and entry.version < version
        ]


class LedgerTopic:
    """The ledger of one source on Kafka.

    Args:
        kafka: The cluster.
        topic: Its full name.
        partitions: Of the topic.
        source: The feed.
        codec: One for all.
    """

    def __init__(self, kafka: KafkaSettings, topic: str, partitions: int, source: str, codec: Codec) -> None:
        self.topic = topic
        self.partition = partition_for(source.encode(), partitions)
        self._kafka = kafka
        self._source = source
        self._codec = codec
        self._encode = codec.flat(LEDGER_ENTRY)
        self._version = 0
        self._values = attrgetter(*codec.writing(LEDGER_ENTRY).names)

    def key(self, kind: str, source_key: str) -> bytes:
        """Key of an entry."""
        return f"{self._source}\x1f{kind}\x1f{source_key}".encode()

    def value(self, entry: Entry) -> bytes:
        """Wire bytes of an entry."""
        return self._encode(*self._values(entry))

    def mark(self, kind: str, instant: int) -> tuple[bytes, bytes]:
        """Key and value that keep an instant: of a snapshot, or of what was new."""
        return self.key(kind, ""), self.value(Entry("", "", instant, b"", withdrawn=False))

    def read(self) -> Ledger:
        """Everything this source published, as of now; raises KafkaException."""
        ledger = Ledger()
        consumer = reader(self._kafka, **_LITTLE_AHEAD)
        try:
            for message in read_to_end(consumer, [(self.topic, self.partition)]):
                self._note(ledger, message.key() or b"", message.value() or b"")
        finally:
            consumer.close()
        return ledger

    def _note(self, ledger: Ledger, key: bytes, value: bytes) -> None:
        source, kind, source_key = key.decode().split("\x1f", 2)
        if source != self._source:
            return
        record = self._codec.read(LEDGER_ENTRY, value)
        if kind == SNAPSHOT:
            ledger.snapshot = record["version"]
        elif kind == NEWS:
            ledger.news = record["version"]
        else:
            # One text for all, and one number for what one file said, not one for each entry.
            if record["version"] == self._version:
                record["version"] = self._version
            self._version = record["version"]
            ledger.put((intern(kind), source_key), Entry(**record))
