"""The training domain: a session is the root, its enrolments are its children."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

from streams.domains import held as packed
from streams.domains.claims import Claim, Precedence, live, merged, replaced
from streams.domains.facts import COUNTS, ITSELF, Headcount, Session, TrainingReader
from streams.domains.held import GONE, NO_DAY, WIRE_AT, Counted, hold, where
from streams.engine import Glance

#: Things of a session that are no person.
_NOBODY = frozenset({ITSELF, COUNTS})


@dataclass(slots=True)
class TrainingRoot:
    """A session and its enrolments.

    Attributes:
        things: The winning claims of each thing as ``streams.domains.held`` packs them, one for each slot; alone when
            there is only one, as nearly always.
        days: Persons expected to finish by day, ``SOME_DAY`` among the days: always the sum over ``things``.
        known: Persons whom some source holds.
        about: What a view derived from the session, for as long as nothing new is said of the session itself.
    """

    things: dict[bytes, bytes | tuple[bytes, ...]] = field(default_factory=dict)
    days: dict[Counted, int] = field(default_factory=dict)
    known: int = 0
    about: Any = None

    def still(self) -> "TrainingRoot | None":
        """As it counts now: without the claims, for what they say is in the other attributes."""
        return None if self.about is None else TrainingRoot({}, self.days.copy(), self.known, self.about)

    def move(self, was: Counted, now: Counted) -> None:
        """Count a person where they are now, no longer where they were."""
        if was == now:
            return
        days = self.days
        if was == GONE:
            self.known += 1
        elif was != NO_DAY:
            left = days[was] - 1
            if left:
                days[was] = left
            else:
                del days[was]
        if now == GONE:
            self.known -= 1
        elif now != NO_DAY:
            days[now] = days.get(now, 0) + 1


class TrainingMerge:
    """Merges what sources say of a session; commutative, associative, idempotent.

    Args:
        reader: Reads events.
        order: Which source to believe.
    """

    def __init__(self, reader: TrainingReader, order: Precedence) -> None:
        self._reader = reader
        self._order = order

    def absorb(self, root: TrainingRoot, claim: Claim) -> bool:
        """Take a claim in; False when it changes nothing."""
        held = root.things.get(claim.thing)
        if held is not None:
            return self._absorb_among(root, claim, held)
        counted = GONE
        if claim.thing in _NOBODY:
            root.about = None
        else:
            counted = packed.place(claim.facts, withdrawn=claim.withdrawn)
            root.move(GONE, counted)
        root.things[claim.thing] = hold(claim.version, claim.value, counted)
        return True

    @staticmethod
    def take(root: TrainingRoot, thing: bytes, seen: Glance, value: bytes) -> bool | None:
        """Take an event in at a glance, if its source alone speaks of the thing; None when it must be read for that."""
        slot, version, counted = seen
        held = root.things.get(thing)
        if held is None:
            was = GONE
        elif held.__class__ is bytes and held.startswith(slot, WIRE_AT):
            was = packed.counted(held)
        else:
            return None
        nobody = thing in _NOBODY
        new = hold(version, value, GONE if nobody else counted)
        if held is not None and not packed.outranks(new, held):
            return False
        root.things[thing] = new
        if nobody:
            root.about = None
        else:
            root.move(was, counted)
        return True

    def _absorb_among(self, root: TrainingRoot, claim: Claim, held: bytes | tuple[bytes, ...]) -> bool:
        """Take in what one source says of a thing that several slots speak of: rare, so it reads them all again."""
        old = self._claims(held)
        new = replaced(old, claim)
        if new is None:
            return False
        nobody = claim.thing in _NOBODY
        if nobody:
            root.about = None
        else:
            root.move(self._person(old), self._person(new))
        kept = tuple(hold(one.version, one.value, GONE if nobody else self._person([one])) for one in new)
        root.things[claim.thing] = kept[0] if len(kept) == 1 else kept
        return True

    def _claims(self, held: bytes | tuple[bytes, ...] | None) -> tuple[Claim, ...]:
        many = () if held is None else (held,) if isinstance(held, bytes) else held
        return tuple(claim for one in many if (claim := self._reader.read(packed.wire(one))))

    def _person(self, claims: Sequence[Claim]) -> Counted:
        """Where somebody counts of whom these claims speak."""
        facts = merged(live(claims, self._order))
        return GONE if facts is None else where(facts)

    def session(self, root: TrainingRoot) -> "Described":
        """The session, merged over its sources."""
        claims = self._claims(root.things.get(ITSELF))
        facts = merged(live(claims, self._order))
        return Described(
            Session._make(cast("tuple[Any, ...]", facts)) if facts else None,
            claims[0].root.decode() if claims else None,
            tuple(sorted({claim.source for claim in claims if not claim.withdrawn})),
            bool(claims) and facts is None,
        )

    def headcount(self, root: TrainingRoot) -> Headcount | None:
        """The count to believe first, whole: figures of two sources are never mixed. None when there is none."""
        counts = live(self._claims(root.things.get(COUNTS)), self._order)
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
