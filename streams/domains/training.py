"""The training domain: a session is the root, its enrolments are its children."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple, cast

from schemas.codec import Codec
from schemas.contracts import TRAINING_ENROLMENT, TRAINING_HEADCOUNT, TRAINING_SESSION
from streams.domains.claims import Claim, Precedence, live, merged, outranks

SESSION = "TrainingSession"
ENROLMENT = "TrainingEnrolment"
HEADCOUNT = "TrainingHeadcount"
#: In these states a person is expected to finish.
COMING = frozenset({"ADMITTED", "ENTERED"})

_CLAIM = ("session_id", "source", "source_key", "version", "withdrawn")
#: The fields this domain reads of each contract; the codec passes over the others.
READS: Mapping[str, frozenset[str]] = {
    TRAINING_SESSION: frozenset({
        *_CLAIM, "title", "provider", "place", "rome_codes", "formacodes", "starts_on", "ends_on", "recruitment",
        "seats", "public_contact",
    }),
    TRAINING_ENROLMENT: frozenset({*_CLAIM, "person", "status", "planned_end_on", "actual_end_on"}),
    TRAINING_HEADCOUNT: frozenset({*_CLAIM, "admitted", "entered", "ends_on"}),
}  # fmt: skip
#: Where the headcounts of a session lie among its things; no pseudonym is a single character.
_COUNTS = "#"
#: Things of a session that are no person.
_NOBODY = frozenset({"", _COUNTS})


class Session(NamedTuple):
    """What is known of a session, merged over its sources; None is what no source knows."""

    title: str | None
    provider: str | None
    commune: str | None
    postcode: str | None
    place: str | None
    rome_codes: tuple[str, ...] | None
    formacodes: tuple[str, ...] | None
    starts_on: date | None
    ends_on: date | None
    recruitment: str | None
    seats: tuple[int, str] | None
    url: str | None


class Enrolment(NamedTuple):
    """What is known of one person in a session, merged over its sources."""

    status: str | None
    planned_end_on: date | None
    actual_end_on: date | None

    @property
    def coming(self) -> bool:
        """Whether the person is expected to finish."""
        return self.status in COMING


class Headcount(NamedTuple):
    """How many people of a session are expected to finish, from a source that may not share persons."""

    admitted: int | None
    entered: int | None
    ends_on: date | None

    @property
    def coming(self) -> int:
        """Those that would count as a coming exit were they known one by one."""
        return (self.admitted or 0) + (self.entered or 0)


@dataclass(slots=True)
class TrainingRoot:
    """A session and its enrolments.

    Attributes:
        things: The winning claims of each thing, one for each slot; a tuple, for nearly always there is one.
    """

    things: dict[str, tuple[Claim, ...]] = field(default_factory=dict)

    def absorb(self, claim: Claim) -> bool:
        """Take a claim in; False when it changes nothing. Commutative, associative, idempotent."""
        held = self.things.get(claim.thing, ())
        for at, other in enumerate(held):
            if other.source_key == claim.source_key and other.slot == claim.slot:
                if not outranks(claim, other):
                    return False
                self.things[claim.thing] = (*held[:at], claim, *held[at + 1 :])
                return True
        self.things[claim.thing] = (*held, claim)
        return True

    def session(self, order: Precedence) -> Session | None:
        """The merged session; None when no source holds it."""
        facts = merged(live(self.things.get("", ()), order))
        return Session(*cast("tuple[Any, ...]", facts)) if facts else None

    def enrolments(self, order: Precedence) -> Iterator[Enrolment]:
        """The merged enrolments that some source holds."""
        for thing, claims in self.things.items():
            if thing in _NOBODY:
                continue
            if len(claims) == 1:
                if not claims[0].withdrawn:
                    yield cast("Enrolment", claims[0].facts)
            elif facts := merged(live(claims, order)):
                yield Enrolment(*cast("tuple[Any, ...]", facts))

    def headcount(self, order: Precedence) -> Headcount | None:
        """The count to believe first, whole: figures of two sources are never mixed. None when there is none."""
        counts = live(self.things.get(_COUNTS, ()), order)
        return Headcount(*cast("tuple[Any, ...]", counts[0].facts)) if counts else None

    def withdrawn(self) -> bool:
        """Whether every source that knew the session took it back."""
        claims = self.things.get("", ())
        return bool(claims) and all(claim.withdrawn for claim in claims)

    def sources(self) -> tuple[str, ...]:
        """The sources that hold the session, by name."""
        return tuple(sorted({claim.source for claim in self.things.get("", ()) if not claim.withdrawn}))

    def claims(self) -> Iterable[Claim]:
        """Every winner."""
        return (claim for claims in self.things.values() for claim in claims)


def read(codec: Codec, value: bytes) -> Claim | None:
    """The claim in an event; None for a contract that no view of this domain reads.

    Raises:
        ContractError: Not decodable.
    """
    name, record = codec.decode(value)
    if name == TRAINING_ENROLMENT:
        facts = Enrolment(record["status"], record["planned_end_on"], record["actual_end_on"])
        return _claim(record, value, record["person"], ENROLMENT, facts)
    if name == TRAINING_SESSION:
        return _claim(record, value, "", SESSION, _session(record))
    if name == TRAINING_HEADCOUNT:
        facts_of_many = Headcount(record["admitted"], record["entered"], record["ends_on"])
        return _claim(record, value, _COUNTS, HEADCOUNT, facts_of_many)
    return None


def _claim(record: dict[str, Any], value: bytes, thing: str, kind: str, facts: tuple[object, ...]) -> Claim:
    source, key = record["source"], record["source_key"]
    return Claim(record["session_id"], thing, kind, source, key, record["version"], value, record["withdrawn"], facts)


def _session(record: dict[str, Any]) -> Session:
    place: dict[str, Any] = record["place"] or {}
    seats = record["seats"]
    return Session(
        title=record["title"],
        provider=(record["provider"] or {}).get("name"),
        commune=(place.get("commune") or {}).get("code"),
        postcode=place.get("postcode"),
        place=place.get("label"),
        rome_codes=_some(record["rome_codes"]),
        formacodes=_some(record["formacodes"]),
        starts_on=record["starts_on"],
        ends_on=record["ends_on"],
        recruitment=(record["recruitment"] or {}).get("state"),
        seats=(seats["count"], seats["basis"]) if seats else None,
        url=(record["public_contact"] or {}).get("url"),
    )


def _some(codes: list[str] | None) -> tuple[str, ...] | None:
    return None if codes is None else tuple(codes)
