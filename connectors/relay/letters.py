"""A record that a partner wrote to its topic: what its headers say, and where it goes; pure."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, cast

from confluent_kafka import Message

from connectors.formats import formats
from connectors.formats.base import Format
from connectors.formats.values import Fault, to_instant
from connectors.gateway.contracts import contract_formats
from connectors.gateway.problems import Rejected
from connectors.gateway.rights import Registered, named, source_for
from connectors.inputs import Input
from connectors.intake import Handed, Terms
from schemas.clock import EPOCH
from schemas.registers import Partner

#: Headers that begin so are for us; all others are the partner's own business.
OURS: Final = "beffroi-"
_KNOWN: Final = frozenset({"format", "contract", "source", "as-of", "snapshot", "confirm"})
_YES: Final = {"true": True, "false": False}
_FIX: Final = "send beffroi-format or beffroi-contract, and if needed beffroi-source, -as-of, -snapshot and -confirm"
#: Bytes of records that go into one transaction: they are held encoded until its end.
_RUN_BYTES: Final = 8 << 20


@dataclass(frozen=True, slots=True)
class Letter:
    """One record.

    Attributes:
        partner: Who wrote it.
        topic: Where it lies, with ``partition`` and ``offset``.
        partition: See ``topic``.
        offset: See ``topic``.
        key: The partner's own.
        size: Bytes of its content.
        form: Name of its format or contract; empty when that is not known.
        source: What it is published for; None when it cannot be published.
        handed: For the pipeline.
        refusal: Why it cannot be published.
    """

    partner: str
    topic: str
    partition: int
    offset: int
    key: bytes | None
    size: int
    form: str = ""
    source: str | None = None
    handed: Handed | None = None
    refusal: Rejected | None = None

    @property
    def run(self) -> tuple[str, str | None]:
        """Letters with the same may go into one transaction."""
        return (self.partner, None) if self.source is None else ("", self.source)


def read(message: Message, partner: Partner, registered: Registered) -> Letter:
    """A record of a partner's topic.

    Args:
        message: Without error.
        partner: Whose topic it is.
        registered: What sources are known to write.
    """
    value, topic = message.value() or b"", message.topic() or ""
    at = (partner.name, topic, message.partition() or 0, message.offset() or 0, message.key(), len(value))
    try:
        told = _told(message)
        form = _form(told)
        source = source_for(frozenset(partner.sources), form, told.get("source"), registered)
        terms = _terms(told, EPOCH + timedelta(milliseconds=max(0, message.timestamp()[1])))
    except Rejected as error:
        return Letter(*at, refusal=error)
    return Letter(*at, form.name, source, Handed(Input.of_bytes(value, f"{form.name} over Kafka"), form, terms))


def _told(message: Message) -> Mapping[str, str]:
    """Our headers, by name without their beginning."""
    told: dict[str, str] = {}
    for name, value in cast("list[tuple[str, bytes | None]]", message.headers() or []):
        if not name.startswith(OURS):
            continue
        short = name.removeprefix(OURS)
        if short not in _KNOWN or short in told:
            raise Rejected("query", "a header beffroi-… that is not known, or comes twice", fix=_FIX)
        told[short] = _text(value)
    return told


def _text(value: bytes | None) -> str:
    try:
        return (value or b"").decode()
    except UnicodeDecodeError:
        raise Rejected("query", "a header beffroi-… is not UTF-8", fix=_FIX) from None


def _form(told: Mapping[str, str]) -> Format:
    if ("format" in told) == ("contract" in told):
        raise Rejected("query", "neither or both of beffroi-format and beffroi-contract", fix=_FIX)
    if "format" in told:
        return named(told["format"], formats())
    return named(told["contract"], contract_formats())


def _terms(told: Mapping[str, str], written: datetime) -> Terms:
    """As over HTTP; the instant of the data is that of the record unless something else says it."""
    return {
        "as_of": _instant(told["as-of"]) if "as-of" in told else written.astimezone(UTC),
        "snapshot": _flag(told.get("snapshot", "false")),
        "confirm": _flag(told.get("confirm", "false")),
        "refuse_conflicts": True,
    }


def _instant(text: str) -> datetime:
    found = to_instant(text)
    if isinstance(found, Fault):
        raise Rejected("query", "beffroi-as-of is no instant", fix="write ISO 8601, as 2026-11-20T08:30")
    return found


def _flag(text: str) -> bool:
    if text not in _YES:
        raise Rejected("query", "a flag that is neither true nor false", fix="write true or false")
    return _YES[text]


def runs(letters: Sequence[Letter]) -> Iterator[list[Letter]]:
    """Letters that go into one transaction each: of one source, the order inside each partition kept.

    Each run holds the next letters of some partitions, so that the offsets after it say exactly what is dealt with.
    """
    queues: dict[tuple[str, int], deque[Letter]] = {}
    for letter in letters:
        queues.setdefault((letter.topic, letter.partition), deque()).append(letter)
    while waiting := [queue for queue in queues.values() if queue]:
        wanted, run, size = waiting[0][0].run, list[Letter](), 0
        for queue in waiting:
            while queue and queue[0].run == wanted and (not run or size + queue[0].size <= _RUN_BYTES):
                size += queue[0].size
                run.append(queue.popleft())
        yield run


def ends(run: Sequence[Letter]) -> Mapping[tuple[str, int], int]:
    """By topic and partition, the offset after the last letter of a run."""
    return {(letter.topic, letter.partition): letter.offset + 1 for letter in run}
