"""A claim: what one source says of one thing, and which of two claims holds."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from streams.engine.words import SEPARATOR, outranks


class Claim(NamedTuple):
    """One event, read as far as merging needs.

    Attributes:
        root: Key of the root in UTF-8, which is also the event's key on the bus.
        thing: What the claim is about inside the root: empty for the root itself, else its own key.
        kind: Short name of the contract.
        source: Who says it.
        source_key: The source's own key of the thing.
        version: The source's revision; the highest holds.
        value: The event's wire bytes; decide between equal versions, so that any order gives the same winner.
        withdrawn: The source no longer holds the thing.
        facts: The fields that merging and counting need, in the order of the kind.
    """

    root: bytes
    thing: bytes
    kind: str
    source: str
    source_key: str
    version: int
    value: bytes
    withdrawn: bool
    facts: tuple[object, ...]

    @property
    def slot(self) -> tuple[str, str, str]:
        """Which earlier claim this one may replace."""
        return (self.kind, self.source, self.source_key)

    @property
    def key(self) -> bytes:
        """The slot's key in the compacted topic of entities."""
        return key_in_log(self.root, self.kind.encode(), self.source.encode(), self.source_key.encode())


def key_in_log(root: bytes, kind: bytes, source: bytes, source_key: bytes) -> bytes:
    """The key of a slot in the compacted topic of entities."""
    return SEPARATOR.join((root, kind, source, source_key))


def replaced(held: tuple[Claim, ...], claim: Claim) -> tuple[Claim, ...] | None:
    """The claims of a thing, one for each slot, once another was heard; None when that changes nothing."""
    for at, other in enumerate(held):
        if other.source_key == claim.source_key and other.slot == claim.slot:
            newer = outranks(claim.version, claim.value, other.version, other.value)
            return (*held[:at], claim, *held[at + 1 :]) if newer else None
    return (*held, claim)


#: Orders the sources, the one to believe first at the lowest rank.
Precedence = Callable[[str], tuple[int, str]]


def precedence(sources: Sequence[str]) -> Precedence:
    """Declared sources in their order, all others after them by name."""
    ranks = {source: rank for rank, source in enumerate(sources)}
    return lambda source: (ranks.get(source, len(ranks)), source)


def live(claims: Iterable[Claim], order: Precedence) -> list[Claim]:
    """The claims that were not withdrawn, the one to believe first at the front."""
    held = [claim for claim in claims if not claim.withdrawn]
    held.sort(key=lambda claim: (order(claim.source), -claim.version, claim.value))
    return held


def merged(claims: Sequence[Claim]) -> tuple[object, ...] | None:
    """Each fact from the first claim that knows it; None when no claim is held."""
    if not claims:
        return None
    if len(claims) == 1:
        return claims[0].facts
    columns = zip(*(claim.facts for claim in claims), strict=True)
    return tuple(next((fact for fact in column if fact is not None), None) for column in columns)
