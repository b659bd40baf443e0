"""What a poller must know of one API: which questions cover it, how an answer reads, what is never kept. Pure."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Final
from urllib.parse import urlencode

from schemas.errors import SourceChanged

OK: Final = 200


@dataclass(frozen=True, slots=True)
class Ask:
    """One question.

    Attributes:
        path: Below the API's address, query included.
        body: JSON to post; the question is a GET without.
        start: Index of the first record it asks for, from 0.
    """

    path: str
    body: Mapping[str, Any] | None = None
    start: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What an API answered, once it is neither an error nor a reason to wait.

    Attributes:
        status: HTTP status.
        headers: By name in lower case.
        content: The JSON; None without a body.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    content: Any = None


@dataclass(frozen=True, slots=True)
class Page:
    """The records of an answer.

    Attributes:
        items: Key and record, in the API's order.
        total: How many records the question has in all, as the API says.
    """

    items: tuple[tuple[str, Any], ...]
    total: int


@dataclass(frozen=True, slots=True)
class Part:
    """A finished part of a sweep: its name, and each of its records once, by key."""

    name: str
    items: Mapping[str, Any]


#: Gives the records of a finished part, as often as it is asked.
Kept = Callable[[str], Iterable[tuple[str, Any]]]


class Feed(ABC):
    """One API. A sweep asks for each of its parts, page by page.

    Attributes:
        source: The feed's name in the register of sources.
        format: In which the intake takes its records, as one array.
        page: Records of a page.
        ceiling: Records that one question can reach at most; None without such a limit.
        overlap: Records that a page shares with the one before, so that a shift between the two shows.
        rate: Requests a second, below what the API allows.
        never_kept: Fields that are dropped before anything is written anywhere.
    """

    source: ClassVar[str]
    format: ClassVar[str]
    page: int
    ceiling: int | None = None
    overlap: ClassVar[int] = 0
    rate: float
    never_kept: ClassVar[frozenset[str]] = frozenset()

    @abstractmethod
    def parts(self, began: datetime) -> tuple[str, ...]:
        """The parts that cover everything, for a sweep that begins at an aware instant."""

    @abstractmethod
    def question(self, part: str, start: int) -> Ask:
        """The question for the page of a part that begins at an index."""

    @abstractmethod
    def read(self, ask: Ask, answer: Answer) -> Page:
        """The records of an answer.

        Raises:
            SourceChanged: It is not what the documentation says.
        """

    def split(self, part: str) -> tuple[str, ...]:
        """Smaller parts that cover one together; none when it cannot be cut."""
        del part
        return ()

    def chosen(self, parts: Iterable[str], kept: Kept) -> Iterator[tuple[str, Any]]:
        """What is delivered of the finished parts: each key once, as it was read last."""
        seen: set[str] = set()
        for part in reversed(tuple(parts)):
            for key, item in kept(part):
                if key not in seen:
                    seen.add(key)
                    yield key, item

    def cleaned(self, items: Iterable[Any], start: int) -> tuple[tuple[str, Any], ...]:
        """Each record under its key, without what is never kept.

        One without an id goes on under its place: the intake will say what is wrong with it.
        """
        return tuple((self._key(item, start + n), self._clean(item)) for n, item in enumerate(items))

    def _key(self, item: Any, place: int) -> str:  # noqa: ANN401  # whatever JSON holds
        name = item.get("id") if isinstance(item, dict) else None
        return str(name) if isinstance(name, str | int) and name != "" else f"?{place}"

    def _clean(self, item: Any) -> Any:  # noqa: ANN401  # the same
        if not isinstance(item, dict):
            return item
        return {name: value for name, value in item.items() if name not in self.never_kept}


def query(path: str, **parameters: str | int) -> str:
    """A path with its query; colons stay as they are: France Travail was seen to refuse coded ones in dates."""
    return f"{path}?{urlencode(parameters, safe=':,')}"


def records_in(answer: Answer, name: str, total: str, where: str) -> tuple[list[Any], int]:
    """The list and the total of an answer ``{"<name>": [...], "<total>": n}``.

    Raises:
        SourceChanged: There is no such list or number.
    """
    content = answer.content
    found = content.get(name) if isinstance(content, dict) else None
    count = content.get(total) if isinstance(content, dict) else None
    if answer.status != OK or not isinstance(found, list) or not isinstance(count, int) or count < 0:
        raise changed(where, f"a list {name} and a number {total}", answer)
    return found, count


def changed(where: str, expected: str, answer: Answer) -> SourceChanged:
    """The error for an answer that is not what the documentation says; tells its shape, never its values."""
    content = answer.content
    shape = (
        f"fields {', '.join(sorted(map(str, content))[:10])}" if isinstance(content, dict) else type(content).__name__
    )
    return SourceChanged(
        f"{where} answered {answer.status} with {shape} where {expected} was expected",
        fix="compare with the API's documentation; a newer Beffroi may know its new form. Nothing was withdrawn",
    )
