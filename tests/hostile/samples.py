"""What fuzzing changes: each format's own sample, whole or with one of its records, and records of a contract."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from random import Random
from typing import Any, Final

from fastavro import writer

from connectors.formats import formats, sample
from connectors.formats.base import Format
from connectors.gateway.contracts import contract_formats
from schemas.codec import Codec
from schemas.contracts import JOB_OFFER, lock_file, sources
from schemas.examples import examples
from schemas.validation import take

#: Of the tries: most change a single record, which is quicker.
_WHOLE: Final = 0.05


@dataclass(frozen=True)
class Sample:
    """A format, a file of it, and the same with one record each."""

    form: Format
    whole: bytes
    pieces: tuple[bytes, ...]

    def some(self, random: Random) -> bytes:
        """The whole, or a piece."""
        return self.whole if not self.pieces or random.random() < _WHOLE else random.choice(self.pieces)


def samples() -> Mapping[str, Sample]:
    """By name: every format, and one contract in each of the ways in which it may be posted."""
    found = {name: Sample(form, sample(form), tuple(_pieces(sample(form)))) for name, form in formats().items()}
    form = contract_formats()[JOB_OFFER]
    ways = {"lines": _lines, "array": _array, "container": _container, "wire": _wire}
    offers = [{**one, "source": "offres"} for one in examples(JOB_OFFER).valid[:2]]
    return found | {f"JobOffer {way}": Sample(form, make(offers), (make(offers[:1]),)) for way, make in ways.items()}


def _pieces(content: bytes) -> Iterator[bytes]:
    if content.startswith(b"<"):
        yield from _sessions(content)
        return
    if content.lstrip()[:1] not in {b"{", b"["}:
        header, *rows = content.splitlines(keepends=True)
        yield from (header + row for row in rows)
        return
    held = json.loads(content)
    name = next((name for name, one in held.items() if isinstance(one, list)), None) if isinstance(held, dict) else None
    for one in held if name is None else held[name]:
        yield json.dumps([one] if name is None else {**held, name: [one]}, ensure_ascii=False).encode()


def _sessions(content: bytes) -> Iterator[bytes]:
    """The feed with one training each, and of that one session."""
    trainings = re.findall(rb"<formation\b.*?</formation>", content, re.DOTALL)
    first, last = content.index(trainings[0]), content.index(trainings[-1]) + len(trainings[-1])
    for training in trainings:
        begun = re.split(rb"(?<=</session>)", training, maxsplit=1)
        alone = re.sub(rb"<session\b.*?</session>", b"", begun[-1], flags=re.DOTALL)
        yield content[:first] + b"".join([*begun[:-1], alone]) + content[last:]


def _lines(records: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(one).encode() + b"\n" for one in records)


def _array(records: list[dict[str, Any]]) -> bytes:
    return json.dumps(records).encode()


def _taken(records: list[dict[str, Any]]) -> list[Any]:
    return [take(sources()[JOB_OFFER], one).record for one in records]


def _container(records: list[dict[str, Any]]) -> bytes:
    out = BytesIO()
    writer(out, lock_file().by_name(JOB_OFFER).schema, _taken(records), codec="null", sync_marker=bytes(16))
    return out.getvalue()


def _wire(records: list[dict[str, Any]]) -> bytes:
    return b"".join(Codec().encode(JOB_OFFER, one) for one in _taken(records))
