"""The training domain: a session is the root, its enrolments are its children."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeAlias, cast

from streams.domains.claims import Claim, Precedence, live, merged, replaced
from streams.domains.counted import GONE, SOME_DAY, Counted, place, where
from streams.domains.facts import COUNTS, ITSELF, Headcount, Session, TrainingReader
from streams.engine import Shift, Weighed, thing_key

#: Things of a session that are no person.
NOBODY: Final = frozenset({ITSELF, COUNTS})
#: The winning events of a thing as wire bytes, one for each slot; alone when there is one, as nearly always.
Claims: TypeAlias = bytes | tuple[bytes, ...]


@dataclass(slots=True)
class TrainingRoot:
    """A session, and how many people its enrolments speak of.

    What an event of a person needs comes first, ``members`` behind it: with those the engine has all of it in the cache
    (``Things.find``).

    Attributes:
        known: Persons whom some source holds.
        coming: Of them, those expected to finish.
        about: What a view derived from the session, for as long as nothing new is said of the session itself.
        told: The same as of when the root was last counted; None when it never was.
        members: Its things, for the engine.
        itself: What is held of the session itself; None for nothing.
        counts: What is held of its headcounts; None for nothing.
    """

    known: int = 0
    coming: int = 0
    about: Any = None
    told: Any = None
    members: "array[int]" = field(default_factory=lambda: array("q"))
    itself: Claims | None = None
    counts: Claims | None = None

    def move(self, shift: Shift) -> None:
        """What a shift of one of its things means: of a person, or of what is said of the session or its headcounts."""
        first, second = shift
        if isinstance(first, int):
            self.known += (second != GONE) - (first != GONE)
            self.coming += (second >= SOME_DAY) - (first >= SOME_DAY)
        elif first == ITSELF:
            self.itself, self.about = second, None
        else:
            self.counts, self.about = second, None

    def still(self, shifts: Sequence[Shift]) -> "TrainingRoot | None":
        """As it counted before these shifts: without the claims, which ``about`` tells of. None when it never did."""
        if self.told is None:
            return None
        before = TrainingRoot(self.known, self.coming, self.told, self.told)
        for was, now in shifts:
            if isinstance(was, int):
                before.move((now, was))
        return before


class TrainingMerge:
    """Merges what sources say of a session; commutative, associative, idempotent.

    Args:
        reader: Reads events.
        order: Which source to believe.
    """

    def __init__(self, reader: TrainingReader, order: Precedence) -> None:
        self._reader = reader
        self._order = order

    def absorb(self, held: Claims | None, claim: Claim) -> Weighed | None:
        """Merge a claim into what is held of its thing; None when it changes nothing."""
        if held is None:
            return claim.value, claim.version, self._said((claim,))
        new = replaced(self._claims(held), claim)
        if new is None:
            return None
        if len(new) == 1:
            return new[0].value, new[0].version, self._said(new)
        return tuple(one.value for one in new), 0, self._said(new)

    def key_of(self, held: Claims) -> bytes:
        """The key of the thing that something is held of."""
        first = self._claims(held)[0]
        return thing_key(first.root, first.thing)

    def _claims(self, held: Claims | None) -> tuple[Claim, ...]:
        many = () if held is None else (held,) if isinstance(held, bytes) else held
        return tuple(claim for one in many if (claim := self._reader.read(one)))

    def _said(self, claims: tuple[Claim, ...]) -> Counted:
        """Where somebody counts of whom these claims speak; nowhere, if they speak of nobody."""
        first, *others = claims
        if first.thing in NOBODY:
            return GONE
        if not others:
            return place(first.facts, withdrawn=first.withdrawn)
        facts = merged(live(claims, self._order))
        return GONE if facts is None else where(facts)

    def session(self, root: TrainingRoot) -> "Described":
        """The session, merged over its sources."""
        claims = self._claims(root.itself)
        facts = merged(live(claims, self._order))
        return Described(
            Session._make(cast("tuple[Any, ...]", facts)) if facts else None,
            claims[0].root.decode() if claims else None,
            tuple(sorted({claim.source for claim in claims if not claim.withdrawn})),
            bool(claims) and facts is None,
        )

    def headcount(self, root: TrainingRoot) -> Headcount | None:
        """The count to believe first, whole: figures of two sources are never mixed. None when there is none."""
        counts = live(self._claims(root.counts), self._order)
        return Headcount._make(counts[0].facts) if counts else None


class Described(NamedTuple):
    """What the sources say of a session itself.

    Attributes:
        session: None when no source holds it.
        session_id: None when no source ever spoke of it.
        sources: The sources that hold it, by name.
        withdrawn: Every source that knew it took it back.
    """

    session: Session | None
    session_id: str | None
    sources: tuple[str, ...]
    withdrawn: bool
