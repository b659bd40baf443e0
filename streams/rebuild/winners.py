"""Where the winners of the state are not those of the events, and which cells that moves."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from schemas.errors import BeffroiError
from streams.engine import PARKED_KEY, CellKey, Domain
from streams.engine.roots import Roots
from streams.engine.words import ClaimT, Root
from streams.rebuild.replay import State


@dataclass(slots=True)
class WinnerChanges:
    """Winners that differ.

    Attributes:
        only_before: No event supports them.
        only_after: The state lacks them.
        other: The events say otherwise of the same thing.
        roots: Keys of the roots they belong to.
        cells: What these roots contribute to, before or after.
    """

    only_before: int = 0
    only_after: int = 0
    other: int = 0
    roots: set[bytes] = field(default_factory=set)
    cells: set[CellKey] = field(default_factory=set)


def changed_winners(domain: Domain[Root, ClaimT], before: State, after: State) -> WinnerChanges:
    """Compare the winners of one partition."""
    found = WinnerChanges()
    for key in before.winners.keys() | after.winners.keys():
        old, new = before.winners.get(key), after.winners.get(key)
        if old == new or key.startswith(PARKED_KEY):
            continue
        found.only_before += new is None
        found.only_after += old is None
        found.other += old is not None and new is not None
        found.roots.add(_root(key))
    for state in (before, after):
        found.cells |= _cells(domain, _of_roots(state.winners, found.roots))
    return found


def _root(key: bytes) -> bytes:
    return key.partition(b"\x1f")[0]


def _of_roots(winners: Mapping[bytes, bytes], roots: set[bytes]) -> Iterable[bytes]:
    return [value for key, value in winners.items() if _root(key) in roots] if roots else []


def _cells(domain: Domain[Root, ClaimT], values: Iterable[bytes]) -> set[CellKey]:
    """What the roots of some winners contribute to; a damaged winner contributes nothing."""
    roots = Roots(domain, {}, _passed_over)
    for value in values:
        try:
            claim = domain.read(value)
            if claim is not None:
                roots.absorb(claim)
        except BeffroiError:
            continue
    return {cell for cell, _, _ in roots.moves()}


def _passed_over(_error: BeffroiError) -> None:
    """A root that cannot be counted contributes nothing."""
