"""The training domain: a session is the root, its enrolments are its children."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from sys import intern
from typing import Any, NamedTuple, cast

from streams.domains.claims import Claim, Precedence, live, merged, outranks, replaced
from streams.domains.facts import COUNTS, Headcount, Session, TrainingReader

#: In these states a person is expected to finish.
COMING = frozenset({"ADMITTED", "ENTERED"})

#: Versions are file instants, shared by all rows of a file; this many of the last ones are kept once for all.
_VERSIONS_KEPT = 4_096
#: Things of a session that are no person.
_NOBODY = frozenset({"", COUNTS})


class Held(NamedTuple):
    """A winning claim as a root keeps it: as little as the next one needs.

    Attributes:
        value: The event's wire bytes.
        version: The source's revision.
        source: Who says it.
        source_key: The source's own key.
        counted: Where the person counts if nobody else knows them: a day, ``SOME_DAY``, ``NO_DAY`` or ``GONE``.
    """

    value: bytes
    version: int
    source: str
    source_key: str
    counted: "Counted"


class Nowhere(Enum):
    """Persons who count on no day."""

    GONE = "no source holds them"
    NO_DAY = "they are not expected to finish"
    SOME_DAY = "they finish on the session's own last day, if somebody knows it"


#: Where a person counts.
Counted = date | Nowhere
GONE, NO_DAY, SOME_DAY = Nowhere.GONE, Nowhere.NO_DAY, Nowhere.SOME_DAY


@dataclass(slots=True)
class TrainingRoot:
    """A session and its enrolments.

    Attributes:
        things: The winning claims of each thing, one for each slot; alone when there is only one, as nearly always.
        days: Persons expected to finish by day, ``SOME_DAY`` among the days: always the sum over ``things``.
        known: Persons whom some source holds.
        about: What a view derived from the session, for as long as nothing new is said of the session itself.
    """

    things: dict[str, Held | tuple[Held, ...]] = field(default_factory=dict)
    days: dict[Counted, int] = field(default_factory=dict)
    known: int = 0
    about: Any = None

    def move(self, was: Counted, now: Counted) -> None:
        """Count a person where they are now, no longer where they were."""
        if was is now or was == now:
            return
        days = self.days
        if was is GONE:
            self.known += 1
        elif was is not NO_DAY:
            left = days[was] - 1
            if left:
                days[was] = left
            else:
                del days[was]
        if now is GONE:
            self.known -= 1
        elif now is not NO_DAY:
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
        self._versions: dict[int, int] = {}

    def absorb(self, root: TrainingRoot, claim: Claim) -> bool:
        """Take a claim in; False when it changes nothing."""
        held = root.things.get(claim.thing)
        if held is None:
            self._put(root, claim, GONE)
        elif isinstance(held, Held) and held.source_key == claim.source_key and held.source == claim.source:
            if not outranks(claim, held):
                return False
            self._put(root, claim, held.counted)
        else:
            return self._absorb_among(root, claim, held)
        return True

    def _put(self, root: TrainingRoot, claim: Claim, was: Counted) -> None:
        """Hold the only claim of a thing; a person counted somewhere before."""
        thing = claim.thing
        counted: Counted = GONE
        if thing in _NOBODY:
            root.about = None
        else:
            if not claim.withdrawn:
                counted = where(claim.facts)
            root.move(was, counted)
        root.things[thing] = self._hold(claim, counted)

    def _absorb_among(self, root: TrainingRoot, claim: Claim, held: Held | tuple[Held, ...]) -> bool:
        """Take in what one source says of a thing that several slots speak of: rare, so it reads them all again."""
        old = self._claims(held)
        new = replaced(old, claim)
        if new is None:
            return False
        if claim.thing in _NOBODY:
            root.about = None
            root.things[claim.thing] = tuple(self._hold(one, GONE) for one in new)
        else:
            root.move(self._person(old), self._person(new))
            root.things[claim.thing] = tuple(self._hold(one, self._person([one])) for one in new)
        return True

    def _hold(self, claim: Claim, counted: Counted) -> Held:
        """What is kept of a claim; versions and sources, which many share, are kept once."""
        if len(self._versions) > _VERSIONS_KEPT:
            self._versions.clear()
        version = self._versions.setdefault(claim.version, claim.version)
        return _hold(Held, (claim.value, version, intern(claim.source), claim.source_key, counted))

    def _claims(self, held: Held | tuple[Held, ...] | None) -> tuple[Claim, ...]:
        many = () if held is None else (held,) if isinstance(held, Held) else held
        return tuple(claim for one in many if (claim := self._reader.read(one.value)))

    def _person(self, claims: Sequence[Claim]) -> Counted:
        """Where somebody counts of whom these claims speak."""
        facts = merged(live(claims, self._order))
        return GONE if facts is None else where(facts)

    def session(self, root: TrainingRoot) -> "Described":
        """The session, merged over its sources."""
        claims = self._claims(root.things.get(""))
        facts = merged(live(claims, self._order))
        return Described(
            Session._make(cast("tuple[Any, ...]", facts)) if facts else None,
            claims[0].root if claims else None,
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


_hold = cast("Callable[[type[Held], tuple[object, ...]], Held]", tuple.__new__)


def where(facts: tuple[Any, ...]) -> Counted:
    """Where a person counts, from the facts of an ``Enrolment``: on the actual day, else the planned one."""
    status, planned_end_on, actual_end_on = facts
    return (actual_end_on or planned_end_on or SOME_DAY) if status in COMING else NO_DAY
