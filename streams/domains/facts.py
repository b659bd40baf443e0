"""What is read of the training domain's events: sessions, enrolments, headcounts."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, NamedTuple, cast

from schemas.codec import Codec
from schemas.compiled import Split
from schemas.contracts import TRAINING_ENROLMENT, TRAINING_HEADCOUNT, TRAINING_SESSION
from streams.domains.claims import Claim

SESSION = "TrainingSession"
ENROLMENT = "TrainingEnrolment"
HEADCOUNT = "TrainingHeadcount"
#: Where the headcounts of a session lie among its things; no pseudonym is a single character.
COUNTS = "#"
_CLAIM = ("session_id", "source", "source_key", "version", "withdrawn")
#: The fields this domain reads of each contract, in the order in which ``TrainingReader`` takes them apart.
READS: Mapping[str, tuple[str, ...]] = {
    TRAINING_ENROLMENT: (*_CLAIM, "person", "status", "planned_end_on", "actual_end_on"),
    TRAINING_SESSION: (
        *_CLAIM, "title", "provider", "place", "rome_codes", "formacodes", "starts_on", "ends_on", "recruitment",
        "seats", "public_contact",
    ),
    TRAINING_HEADCOUNT: (*_CLAIM, "admitted", "entered", "ends_on"),
}  # fmt: skip


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


class Headcount(NamedTuple):
    """How many people of a session are expected to finish, from a source that may not share persons."""

    admitted: int | None
    entered: int | None
    ends_on: date | None

    @property
    def coming(self) -> int:
        """Those that would count as a coming exit were they known one by one."""
        return (self.admitted or 0) + (self.entered or 0)


class TrainingReader:
    """Reads events as claims.

    Args:
        codec: Knows the contracts.
    """

    def __init__(self, codec: Codec) -> None:
        own, slot = len(_CLAIM), "source_key"
        splits = {
            TRAINING_ENROLMENT: Split(own + 1, slot, Enrolment._make),
            TRAINING_SESSION: Split(own, slot, lambda found: _session(*found)),
            TRAINING_HEADCOUNT: Split(own, slot, Headcount._make),
        }
        self._fields = codec.reading(READS, splits)

    def read(self, value: bytes) -> Claim | None:
        """The claim in an event; None for a contract that no view of this domain reads.

        Raises:
            ContractError: Not decodable.
        """
        name, found = self._fields.decode(value)
        if name == TRAINING_ENROLMENT:
            root, source, key, version, withdrawn, person, end, facts = found
            return _new(Claim, (root, person, ENROLMENT, source, key, version, value, withdrawn, facts, end))
        if name == TRAINING_SESSION:
            return claim_of(found, value, "", SESSION, found[6], found[5])
        if name == TRAINING_HEADCOUNT:
            return claim_of(found, value, COUNTS, HEADCOUNT, found[6], found[5])
        return None


#: A named tuple from a plain one, without the call of its constructor: this is done for every event.
_new = cast("Callable[[type[Claim], tuple[object, ...]], Claim]", tuple.__new__)


def claim_of(  # the parts of a claim that differ between contracts
    found: tuple[Any, ...], value: bytes, thing: str, kind: str, facts: tuple[object, ...], slot_end: int = 0
) -> Claim:
    """A claim from the fields that every contract of this domain begins with."""
    root, source, source_key, version, withdrawn = found[:5]
    return Claim(root, thing, kind, source, source_key, version, value, withdrawn, facts, slot_end)


def _session(  # noqa: PLR0913, PLR0917  # the fields of the contract, in their order
    title: str | None, provider: dict[str, Any] | None, place: dict[str, Any] | None, rome_codes: list[str] | None,
    formacodes: list[str] | None, starts_on: date | None, ends_on: date | None, recruitment: dict[str, Any] | None,
    seats: dict[str, Any] | None, public_contact: dict[str, Any] | None,
) -> Session:  # fmt: skip
    place = place or {}
    return Session(
        title=title,
        provider=(provider or {}).get("name"),
        commune=(place.get("commune") or {}).get("code"),
        postcode=place.get("postcode"),
        place=place.get("label"),
        rome_codes=_some(rome_codes),
        formacodes=_some(formacodes),
        starts_on=starts_on,
        ends_on=ends_on,
        recruitment=(recruitment or {}).get("state"),
        seats=(seats["count"], seats["basis"]) if seats else None,
        url=(public_contact or {}).get("url"),
    )


def _some(codes: list[str] | None) -> tuple[str, ...] | None:
    return None if codes is None else tuple(codes)
