"""Lines of a text file in bounded memory, and what the file is when it is no such text."""

import codecs
from collections.abc import Iterator
from typing import Final, NamedTuple

from connectors.inputs import Input
from schemas.errors import FileRefused

#: A row of the widest known format has 800 bytes; a longer line is no row.
MAX_LINE_BYTES: Final = 65_536
_CHUNK: Final = 1 << 20
_BOM: Final = codecs.BOM_UTF8
#: First bytes of what people send by mistake.
_NOT_TEXT: Final = {
    b"PK\x03\x04": ("a zip archive or an Excel workbook", "export it as a text file, or unpack it first"),
    b"\xd0\xcf\x11\xe0": ("an old Excel workbook", "export it as a text file"),
    b"\x1f\x8b": ("compressed with gzip", "unpack it with gunzip first"),
    b"%PDF": ("a PDF", "ask for the data file it was made from"),
    codecs.BOM_UTF16_LE: ("text in UTF-16", "save it as UTF-8"),
    codecs.BOM_UTF16_BE: ("text in UTF-16", "save it as UTF-8"),
}


class Line(NamedTuple):
    """One line.

    Attributes:
        number: From 1.
        content: Without its end; None when it is too long to be kept.
        ended: Whether a newline ended it.
    """

    number: int
    content: bytes | None
    ended: bool


def check_text(data: Input) -> None:
    """Refuse what is no text; raises FileRefused with what it is instead."""
    data.file.seek(0)
    head = data.file.read(8)
    if not head:
        raise FileRefused(f"{data.name} is empty", fix="send the file again: its transfer may have failed")
    for magic, (what, fix) in _NOT_TEXT.items():
        if head.startswith(magic):
            raise FileRefused(f"{data.name} is {what}", fix=fix)


def encoding_of(data: Input) -> str:
    """``utf-8``, ``utf-8-sig`` (with a byte order mark) or, when it is neither, ``cp1252``."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    data.file.seek(0)
    first = data.file.read(_CHUNK)
    name = "utf-8-sig" if first.startswith(_BOM) else "utf-8"
    try:
        decoder.decode(first)
        while chunk := data.file.read(_CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    return name


def cut_in(line: int, columns: int, width: int) -> FileRefused:
    """A last line without end: nobody knows whether its last value is whole."""
    return FileRefused(
        f"the file is cut in line {line}: {columns} columns of {width}, and no end of line",
        fix="its transfer was interrupted: send it again, the last line ended by a newline; nothing of it was taken",
    )


def lines(data: Input) -> Iterator[Line]:
    """The lines of a file; a line over 64 kB is passed over without being kept.

    Raises:
        FileRefused: They end as on an old Mac, so that there is but one.
    """
    file = data.file
    file.seek(0)
    number = 0
    while content := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        ended = content.endswith(b"\n")
        if number == 1:
            content = _first(content, ended=ended)
        if len(content) > MAX_LINE_BYTES and not ended:
            while (rest := file.readline(_CHUNK)) and not rest.endswith(b"\n"):
                pass
            yield Line(number, None, ended=True)
        else:
            yield Line(number, content.rstrip(b"\r\n"), ended)


def _first(content: bytes, *, ended: bool) -> bytes:
    """The first line without a byte order mark; raises FileRefused when it is the only one for want of a newline."""
    if not ended and b"\r" in content.rstrip(b"\r"):
        raise FileRefused(
            "its lines end in a carriage return alone, as on an old Mac",
            fix="save it with line ends of Windows or Unix (CRLF or LF)",
        )
    return content.removeprefix(_BOM)
