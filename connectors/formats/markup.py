"""XML elements one after the other in bounded memory: no entity, no DTD, no network, and nothing that grows."""

import re
from collections.abc import Iterator
from typing import IO, Any, Final, TypeAlias

from lxml import etree

from connectors.formats.base import Context
from connectors.inputs import Input
from schemas.errors import FileRefused

Element: TypeAlias = Any  # lxml comes without types

#: The largest element that any known feed holds, a training with all its sessions, has 300 kB.
_ELEMENT_BYTES: Final = 16 << 20
_CHUNK: Final = 1 << 16
_DOCTYPE: Final = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)


def elements(data: Input, context: Context, name: str) -> Iterator[Element]:
    """Every element of a local name, whatever its namespace; it is emptied when the next one is asked for.

    Raises:
        FileRefused: It is no XML, is cut, or declares a DTD or an entity.
    """
    for _, element in events(data, ("end",), f"{{*}}{name}"):
        context.notes.encoding = (element.getroottree().docinfo.encoding or "utf-8").lower()
        yield element
        _forget(element)


def events(data: Input, kinds: tuple[str, ...], tag: str | None = None) -> Iterator[tuple[str, Element]]:
    """What the parser meets from the start on, as ``iterparse`` tells it; raises as ``elements`` does."""
    data.file.seek(0)
    meter = _Meter(data.file, data.name)
    # huge_tree stays off: libxml2 then limits depth to 256, a text to 10 MB, and the growth by entities.
    parsed = etree.iterparse(
        meter, events=kinds, tag=tag, resolve_entities=False, load_dtd=False, no_network=True, remove_comments=True,
        remove_pis=True,
    )  # fmt: skip
    try:
        for kind, element in parsed:
            if kind == "end":
                meter.since = 0
            yield kind, element
    except etree.XMLSyntaxError as error:
        line = error.position[0] or 1
        raise FileRefused(
            f"it is no whole XML: it cannot be read from line {line} on",
            fix="its transfer may have been interrupted: send it again; nothing of it was taken",
        ) from None


def _forget(element: Element) -> None:
    element.clear()
    parent = element.getparent()
    while parent is not None and (before := element.getprevious()) is not None:
        parent.remove(before)


class _Meter:
    """Reads on, and gives up on a DTD and on an element that does not end."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._file = file
        self._name = name
        self._tail = b""
        self.since = 0

    def read(self, size: int = -1) -> bytes:
        found = self._file.read(min(size, _CHUNK) if size > 0 else _CHUNK)
        self.since += len(found)
        if _DOCTYPE.search((self._tail + found).replace(b"\0", b"")):
            raise FileRefused(f"{self._name} declares a DTD or an entity", fix="send plain XML without DOCTYPE")
        self._tail = found[-16:]
        if self.since > _ELEMENT_BYTES:
            raise FileRefused("an element of more than 16 MB", fix="split it: one element for each training")
        return found


def text(element: Element, path: str) -> str | None:
    """The text of the first element at a path of local names, such as ``periode/debut``."""
    found = next(each(element, path), None)
    return None if found is None else found.text


def each(element: Element, path: str) -> Iterator[Element]:
    """Every element at a path of local names."""
    first, _, rest = path.partition("/")
    for child in element.iterchildren(f"{{*}}{first}"):
        if rest:
            yield from each(child, rest)
        else:
            yield child


def texts(element: Element, path: str) -> list[str]:
    """The texts of every element at a path."""
    return [one.text for one in each(element, path) if one.text]
