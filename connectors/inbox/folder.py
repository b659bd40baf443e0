"""The layout of an inbox: a folder for each source, and in it, hidden, what became of its files.

What became of a file lies in the source's own folder, so that moving it there is one rename on one file system, also
where each partner's folder is a mount of its own.
"""

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BufferedReader, FileIO
from itertools import count
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

from connectors.files import replacing
from connectors.privacy import has_nir

DONE: Final = ".done"
HELD: Final = ".held"
REFUSED: Final = ".refused"
FAILED: Final = ".failed"
ASIDE: Final = (DONE, HELD, REFUSED, FAILED)

#: Names under which programs write what is not whole yet: rsync, WinSCP, browsers, everybody's own.
UNFINISHED: Final = (".part", ".partial", ".filepart", ".tmp")
_RECEIPT: Final = ".receipt.json"
#: And how one is called before it is whole.
RECEIPTS: Final = (_RECEIPT, ".receipt.new")
#: File systems take 255 bytes; the receipt's ending and a number against a name that is taken come on top.
_LONGEST_NAME: Final = 200


class Stamp(NamedTuple):
    """By what a file is recognised as unchanged: inode, bytes, nanoseconds of its last modification."""

    inode: int
    size: int
    modified: int

    @classmethod
    def of(cls, found: os.stat_result) -> "Stamp":
        """The stamp of what the system says."""
        return cls(found.st_ino, found.st_size, found.st_mtime_ns)


@dataclass(frozen=True, slots=True)
class Found:
    """Something that lies in a source's folder.

    Attributes:
        source: Whose folder.
        path: Where.
        stamp: As it was looked at.
        mode: As ``lstat`` says it: what it is.
    """

    source: str
    path: Path
    stamp: Stamp
    mode: int


def look(source: str, path: Path) -> Found:
    """One thing, a link itself and not what it leads to; raises OSError."""
    found = path.lstat()
    return Found(source, path, Stamp.of(found), found.st_mode)


def arrivals(folder: Path, source: str) -> Iterator[Found]:
    """What lies in a folder and is not hidden, not unfinished and no folder; raises OSError."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name.lower().endswith(UNFINISHED):
            continue
        try:
            found = look(source, path)
        except FileNotFoundError:
            continue  # it went meanwhile
        if not stat.S_ISDIR(found.mode):
            yield found


def held(root: Path) -> list[Path]:
    """Files of all sources that wait for a human."""
    return [path for path in sorted(root.glob(f"*/{HELD}/*")) if not path.name.endswith(RECEIPTS)]


def objection(found: Found) -> tuple[str, str] | None:
    """Why something must not even be opened, and the fix."""
    if not stat.S_ISREG(found.mode):
        return "it is a link or a device, not a file", "put the file itself here"
    return name_objection(found.path.name)


def name_objection(name: str) -> tuple[str, str] | None:
    """Why a name must not be written anywhere, and the fix."""
    raw = os.fsencode(name)
    if has_nir(raw):
        reason = "the name of the file holds what looks like a national identification number (NIR)"
        return reason, "rename it: that number must never be sent"
    if len(raw) > _LONGEST_NAME:
        return "the name of the file is too long", f"give it at most {_LONGEST_NAME} bytes"
    if name.endswith(RECEIPTS):
        return "the file is named as a receipt is", "give it another ending"
    if not name.isprintable() or "\\" in name:
        return "the name of the file holds a backslash or what cannot be printed", "use letters, digits, - and _"
    return None


def open_file(path: Path) -> BufferedReader:
    """Open a file and never what a link leads to, nor wait for a pipe; raises OSError."""
    return BufferedReader(FileIO(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)), 1 << 20)


def receipt_of(path: Path) -> Path:
    """Where the receipt of a file lies."""
    return path.with_name(path.name + _RECEIPT)


def place(folder: Path, name: str, digest: str | None) -> Path:
    """A free place in a folder; one where a receipt of this very content lies alone is free: its move was cut off."""
    if name_objection(name):
        name = f"file-{(digest or 'link')[:12]}"
    stem, dot, ending = name.partition(".")
    for number in count(1):
        path = folder / (name if number == 1 else f"{stem}~{number}{dot}{ending}")
        if not os.path.lexists(path) and digest_in(receipt_of(path)) in {None, digest}:
            return path
    raise AssertionError  # unreachable: counting does not end


def digest_in(receipt: Path) -> str | None:
    """The SHA-256 that a receipt names; None where there is none, an empty text for one that cannot be read."""
    try:
        return str(orjson.loads(receipt.read_bytes())["sha256"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def set_aside(found: Found, folder: str, receipt: Mapping[str, Any]) -> Path | None:
    """Write the receipt, then move the file beside it, each in one step; None when the file is another one by now.

    Raises:
        OSError: The disk is full, or a right is missing; the file lies where it was.
    """
    root = found.path.parent.parent if found.path.parent.name in ASIDE else found.path.parent
    aside = root / folder
    aside.mkdir(mode=0o700, exist_ok=True)
    digest = receipt["sha256"]
    target = place(aside, found.path.name, str(digest) if digest else None)
    if digest_in(receipt_of(target)) is not None:  # of this content: we were stopped between receipt and move
        receipt = {**receipt, "before": orjson.loads(receipt_of(target).read_bytes())}
    with replacing(receipt_of(target)) as file:
        file.write(orjson.dumps(receipt, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    if Stamp.of(found.path.lstat()) != found.stamp:
        receipt_of(target).unlink()
        return None
    found.path.rename(target)
    return target
