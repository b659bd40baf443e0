"""Single records, each as a file of its own, read as one delivery."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from connectors.delivery import Replayed
from connectors.formats.base import Context, Format, Item, Problem, Refused
from connectors.inputs import Input
from schemas.errors import FileRefused


@dataclass(frozen=True, slots=True)
class Alone:
    """A record that had been set aside.

    Attributes:
        content: A file of its format that holds it alone.
        replayed: Which one it is.
    """

    content: bytes
    replayed: Replayed


def single(records: Iterable[Alone], form: Format, context: Context) -> Iterator[Item]:
    """One item for each record; its line is its number, from 1."""
    for number, one in enumerate(records, 1):
        yield _numbered(_only(one, form, context), number)


def _only(one: Alone, form: Format, context: Context) -> Item:
    try:
        items = list(islice(form.read(Input.of_bytes(one.content, "record"), context), 2))
    except FileRefused as error:
        return Refused((Problem(1, "", "file", error.message, error.fix),))
    if len(items) == 1:
        return items[0]
    return Refused((Problem(1, "", "file", "it does not hold one record", "write the one record, nothing else"),))


def _numbered(item: Item, number: int) -> Item:
    if isinstance(item, Refused):
        return replace(item, problems=tuple(replace(one, line=number) for one in item.problems))
    return item._replace(line=number, warnings=tuple(replace(one, line=number) for one in item.warnings))
