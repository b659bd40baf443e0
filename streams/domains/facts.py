"""What is read of the training domain's events: sessions, enrolments, headcounts."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from schemas.codec import Codec
from schemas.contracts import TRAINING_ENROLMENT, TRAINING_HEADCOUNT, TRAINING_SESSION
from schemas.glances import Glance, Glanced
from schemas.glancing import GlanceReader
from streams.domains.claims import Claim, key_in_log
from streams.domains.counted import GONE, Counted, place

SESSION = "TrainingSession"
ENROLMENT = "TrainingEnrolment"
HEADCOUNT = "TrainingHeadcount"
_KINDS = {
    TRAINING_SESSION: SESSION.encode(), TRAINING_ENROLMENT: ENROLMENT.encode(), TRAINING_HEADCOUNT: HEADCOUNT.encode(),
}  # fmt: skip
#: Where the headcounts of a session lie among its things; no pseudonym is a single character.
COUNTS = b"#"
#: The session itself among its things.
ITSELF = b""
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


def _glance(contract: str, thing: str | bytes, build: Callable[[tuple[Any, ...]], Counted]) -> Glance:
    """All contracts of this domain begin alike; what they say begins with whether it was withdrawn."""
    says = tuple(name for name in READS[contract] if name not in {*_CLAIM[:-1], thing})
    return Glance("session_id", thing, ("source", "source_key"), "version", ("occurred_at",), build, says)


def _counted(said: tuple[Any, ...]) -> Counted:
    return place(said[1:], withdrawn=said[0])


def _nobody(_said: tuple[Any, ...]) -> Counted:
    return GONE


class TrainingReader:
    """Reads events as claims.

    Args:
        codec: Knows the contracts.
    """

    def __init__(self, codec: Codec) -> None:
        self._fields = codec.reading(READS)
        self._glances = GlanceReader(
            codec,
            {
                TRAINING_ENROLMENT: _glance(TRAINING_ENROLMENT, "person", _counted),
                TRAINING_SESSION: _glance(TRAINING_SESSION, ITSELF, _nobody),
                TRAINING_HEADCOUNT: _glance(TRAINING_HEADCOUNT, COUNTS, _nobody),
            },
        )
        #: Which thing each event speaks of and where a person counts by it; None when that takes reading.
        self.look: Callable[[Sequence[bytes]], list[Glanced | None]] = self._glances.look
        #: Whether what names a slot that a look told is text.
        self.is_text: Callable[[bytes], bool] = self._glances.is_text

    def about(self, slot: bytes) -> tuple[bytes, bytes, bytes]:
        """The session and the thing in it that a slot that a look told belongs to, and its key in the log."""
        name, (root, thing, source, key) = self._glances.names(slot)
        return root, thing, key_in_log(root, _KINDS[name], source, key)

    def read(self, value: bytes) -> Claim | None:
        """The claim in an event; None for a contract that no view of this domain reads.

        Raises:
            ContractError: Not decodable.
        """
        name, found = self._fields.decode(value)
        if name == TRAINING_ENROLMENT:
            return claim_of(found, value, found[5].encode(), ENROLMENT, Enrolment._make(found[6:]))
        if name == TRAINING_SESSION:
            return claim_of(found, value, ITSELF, SESSION, _session(*found[5:]))
        if name == TRAINING_HEADCOUNT:
            return claim_of(found, value, COUNTS, HEADCOUNT, Headcount._make(found[5:]))
        return None


def claim_of(  # the parts of a claim that differ between contracts
    found: tuple[Any, ...], value: bytes, thing: bytes, kind: str, facts: tuple[object, ...]
) -> Claim:
    """A claim from the fields that every contract of this domain begins with."""
    root, source, source_key, version, withdrawn = found[:5]
    return Claim(root.encode(), thing, kind, source, source_key, version, value, withdrawn, facts)


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
