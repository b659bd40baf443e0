"""The roots of one source partition: what was said of them, and what they contribute otherwise than before."""

from collections.abc import Callable, Iterator, Mapping
from typing import Generic

from schemas.errors import CannotApply
from streams.engine.dormant import Dormant
from streams.engine.words import SEPARATOR, CellKey, ClaimT, Contributed, Domain, Glance, Move, Root


class Roots(Generic[Root, ClaimT]):
    """Roots by key.

    Args:
        domain: The pure functions.
        winners: Winning claims as a predecessor left them, by key in the log.
        uncounted: Told of a root that cannot be counted.
    """

    def __init__(
        self, domain: Domain[Root, ClaimT], winners: Mapping[bytes, bytes], uncounted: Callable[[CannotApply], None]
    ) -> None:
        self._domain = domain
        self._roots: dict[bytes, Root] = {}
        self._dormant = Dormant(winners)
        self._touched: dict[bytes, Root | None] = {}  # roots that changed, as the cells hold them
        self._uncounted = uncounted

    def __len__(self) -> int:
        return len(self._roots) + len(self._dormant)

    def absorb(self, claim: ClaimT) -> bool:
        """Take a claim in; False when it changes nothing."""
        return self._domain.absorb(self._touch(claim.root), claim)

    def take(self, name: bytes, thing: bytes, seen: Glance, value: bytes) -> bool | None:
        """Take an event in at a glance; False when it changes nothing, None when it must be read for that."""
        return self._domain.take(self._touch(name), thing, seen, value)

    def _touch(self, name: bytes) -> Root:
        """A root that may change now."""
        root = self._roots.get(name)
        if root is None:
            return self._meet(name)
        if name not in self._touched:
            self._touched[name] = self._domain.still(root)
        return root

    def _meet(self, name: bytes) -> Root:
        """A root that is spoken of for the first time here: new, or as a predecessor left it."""
        if SEPARATOR in name:
            raise CannotApply("the key of a root holds a separator")
        root, before, claims = self._domain.new_root(), None, self._dormant.of(name)
        if claims:
            for claim in map(self._domain.read, claims):
                if claim is not None:
                    self._domain.absorb(root, claim)
            self._cells(root)  # from now on it counts, as it did for the predecessor
            before = self._domain.still(root)
            self._dormant.forget(name)
        self._roots[name], self._touched[name] = root, before
        return root

    def moves(self) -> Iterator[Move]:
        """What each root that changed contributes otherwise than the last time."""
        touched, self._touched = self._touched, {}
        for name, before in touched.items():
            root = self._roots[name]
            moves = None if before is None else self._domain.moves(before, root)
            yield from self._counted(before, root) if moves is None else moves

    def _counted(self, before: Root | None, root: Root) -> Iterator[Move]:
        """What a root contributes otherwise, from a count of all it contributed and all it does."""
        old = {} if before is None else self._cells(before)
        new = self._cells(root)
        for key, contribution in new.items():
            if old.get(key) != contribution:
                yield key, old.get(key), contribution
        for key, contribution in old.items():
            if key not in new:
                yield key, contribution, None

    def _cells(self, root: Root) -> Mapping[CellKey, Contributed]:
        """What a root contributes: nothing when it cannot be counted, today as after any restart."""
        try:
            return self._domain.cells(root)
        except Exception as error:  # noqa: BLE001  # one root's bug must not stop the others
            self._uncounted(CannotApply(f"a root cannot be counted: {type(error).__name__}"))
            return {}
