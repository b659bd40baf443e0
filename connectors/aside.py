"""What a publication tells of the records that it set aside, and of those that had been set aside before."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from connectors.delivery import KEPT_FOR_CORRECTION, Delivery, Replayed
from connectors.formats.base import Refused
from connectors.sealing import Keyring
from connectors.verdicts import Settled, Verdicts
from schemas.clock import from_millis
from schemas.codec import Codec
from schemas.contracts import QUARANTINE_OUTCOME, QUARANTINED

#: Records that are refused only because another one of their request is: their sender sends them again.
_IN_ORDER: Final = "atomic"


class AsideWriter:
    """Writes what lies in quarantine.

    Args:
        source: The feed.
        codec: One for all.
        keys: Seal the records; without them their content is not kept.
    """

    def __init__(self, source: str, codec: Codec, keys: Keyring | None) -> None:
        self._source = source
        self._codec = codec
        self._keys = keys

    def told(self, delivery: Delivery, verdicts: Verdicts, now: datetime) -> Iterator[bytes]:
        """The records for the quarantine's topic."""
        if delivery.replayed:
            for line, settled in sorted(verdicts.settled.items()):
                yield self.outcome(delivery.replayed[line - 1], settled, now)
            return
        for item in delivery.refused[:KEPT_FOR_CORRECTION]:
            if item.problems[0].code != _IN_ORDER:
                yield self._quarantined(delivery, item, now)

    def outcome(self, which: Replayed, settled: Settled, now: datetime) -> bytes:
        """A record is dealt with."""
        return self._codec.encode(QUARANTINE_OUTCOME, {
            "source": self._source,
            "record_id": which.record_id,
            "outcome": settled.outcome,
            "corrected": list(which.corrected),
            "event_id": settled.event_id,
            "closed_at": now,
        })  # fmt: skip

    def _quarantined(self, delivery: Delivery, item: Refused, now: datetime) -> bytes:
        problem = item.problems[0]
        name = self._name(delivery, item)
        sealed = self._keys.seal(item.original, name) if self._keys and item.original else None
        return self._codec.encode(QUARANTINED, {
            "source": self._source,
            "format": delivery.format,
            "file": delivery.name,
            "line": problem.line,
            "pointer": problem.pointer,
            "code": problem.code,
            "shape": problem.shape,
            "message": problem.message,
            "fix": problem.fix,
            "received_at": now,
            "content": json.dumps(item.content) if item.content else None,
            "record_id": name,
            "data_as_of": from_millis(delivery.instant),
            "problems": len(item.problems),
            "sealed": sealed and sealed.content,
            "key_id": sealed and sealed.key_id,
        })  # fmt: skip

    def _name(self, delivery: Delivery, item: Refused) -> str:
        """The same for the same record of a source, whenever it comes; by its place when its content is not kept."""
        if self._keys is None:
            return ""
        place = f"{delivery.name}\x1f{delivery.instant}\x1f{item.line}\x1f{item.problems[0].code}"
        return self._keys.name(self._source.encode(), delivery.format.encode(), item.original or place.encode())
