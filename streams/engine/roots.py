"""The roots of one source partition: what was said of them, and what they contribute otherwise than before."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Generic

from schemas.errors import CannotApply
from streams.engine.dormant import Dormant
from streams.engine.things import Thing, Things
from streams.engine.words import (
    NOTHING,
    SEPARATOR,
    CellKey,
    ClaimT,
    Contributed,
    Domain,
    Held,
    Move,
    Root,
    Shift,
    thing_key,
)


class Roots(Generic[Root, ClaimT]):
    """Roots by key, and their things.

    Args:
        domain: The pure functions.
        winners: Winning claims as a predecessor left them, by key in the log.
        uncounted: Told of a root that cannot be counted.
    """

    def __init__(
        self, domain: Domain[Root, ClaimT], winners: Mapping[bytes, bytes], uncounted: Callable[[CannotApply], None]
    ) -> None:
        self.things = Things(domain.key_of)
        self._domain = domain
        self._kept = domain.kept
        self._roots: dict[bytes, Root] = {}
        self._dormant = Dormant(winners)
        self._new = set[bytes]()  # roots that nobody spoke of before the last time
        self._moved: list[Move] = []  # since the last time
        self._touched: dict[bytes, tuple[Root, list[Shift]]] = {}  # that must be counted for that, and what shifted
        self._uncounted = uncounted

    def __len__(self) -> int:
        return len(self._roots) + len(self._dormant)

    def absorb(self, claim: ClaimT) -> bool:
        """Take a claim in; False when it changes nothing."""
        root = self.awake(claim.root)
        if root is None:
            root = self._wake(claim.root)
        key = thing_key(claim.root, claim.thing)
        was = self.things.get(key)
        now = self._merged(was, claim, root)
        if now is None:
            return False
        self.shift(claim.root, root, claim.thing, (was.said if was else NOTHING, now.said), now.held)
        self.things.set(key, now)
        return True

    def _merged(self, was: Thing | None, claim: ClaimT, root: Root) -> Thing | None:
        """What is to be held of a thing once a claim was heard; None when that stays."""
        weighed = self._domain.absorb(was.held if was else None, claim)
        return None if weighed is None else Thing(*weighed, root)

    def awake(self, name: bytes) -> Root | None:
        """A root that somebody spoke of here, or a new one; None for one that lies as a predecessor left it."""
        root = self._roots.get(name)
        if root is None and not self._dormant.of(name):
            if SEPARATOR in name:
                raise CannotApply("the key of a root holds a separator")
            root = self._roots[name] = self._domain.new_root()
            self._new.add(name)
        return root

    def _wake(self, name: bytes) -> Root:
        """A root as a predecessor left it, spoken of for the first time here; an exception leaves it dormant."""
        root = self._domain.new_root()
        things = self._left(name, root)
        for thing, one in things.items():
            self._domain.move(root, (thing, one.held) if thing in self._kept else (NOTHING, one.said))
        self._cells(root, Counter(one.said for one in things.values()))  # it counts, as it did for the predecessor
        self._roots[name] = root
        self.things.add([thing_key(name, thing) for thing in things], list(things.values()))
        self._dormant.forget(name)
        return root

    def _left(self, name: bytes, root: Root) -> dict[bytes, Thing]:
        """What a predecessor held of a root's things."""
        things = dict[bytes, Thing]()
        for claim in map(self._domain.read, self._dormant.of(name)):
            if claim is None:
                continue
            now = self._merged(things.get(claim.thing), claim, root)
            if now is not None:
                things[claim.thing] = now
        return things

    def shift(self, name: bytes, root: Root, thing: bytes, said: Shift, held: Held) -> None:
        """Something else is held of a root's thing: what that said, what it says."""
        if thing in self._kept:
            said = thing, held
        elif said[0] == said[1]:
            return
        moved, touched = self._domain.move(root, said), self._touched.get(name)
        if touched is not None:
            touched[1].append(said)
        elif moved is None:
            self._touched[name] = root, [said]
        else:
            self._moved += moved

    def moves(self) -> Iterator[Move]:
        """What roots contribute otherwise than the last time."""
        moved, self._moved = self._moved, []
        touched, self._touched = self._touched, {}
        new, self._new = self._new, set()
        yield from moved
        for name, (root, shifts) in touched.items():
            said = shifted({}, shifts) if name in new else self.things.say(root)
            yield from self._counted(root, shifts, said)

    def _counted(self, root: Root, shifts: Sequence[Shift], said: dict[int, int]) -> Iterator[Move]:
        """What a root contributes otherwise, from a count of all it contributed and all it does."""
        before = self._domain.still(root, shifts)
        old = {} if before is None else self._cells(before, shifted(said.copy(), shifts, -1))
        new = self._cells(root, said)
        for key, contribution in new.items():
            if old.get(key) != contribution:
                yield key, old.get(key), contribution
        for key, contribution in old.items():
            if key not in new:
                yield key, contribution, None

    def _cells(self, root: Root, said: Mapping[int, int]) -> Mapping[CellKey, Contributed]:
        """What a root contributes: nothing when it cannot be counted, today as after any restart."""
        try:
            return self._domain.cells(root, said)
        except Exception as error:  # noqa: BLE001  # one root's bug must not stop the others
            self._uncounted(CannotApply(f"a root cannot be counted: {type(error).__name__}"))
            return {}


def shifted(said: dict[int, int], shifts: Iterable[Shift], by: int = 1) -> dict[int, int]:
    """How many things say this and that after some shifts; before them, by -1."""
    for was, now in shifts:
        if isinstance(was, int):
            said[was] = said.get(was, 0) - by
            said[now] = said.get(now, 0) + by
    return said
