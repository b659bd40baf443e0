"""What a partner hands over: a file, bytes or a stream; read from its start as often as needed, never held whole."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Final

from connectors.privacy import has_nir
from schemas.errors import FileRefused

#: A stream up to this size stays in memory; a longer one waits in a file without a name, which no one else can open.
_SPOOL_BYTES: Final = 4 << 20
_CHUNK: Final = 1 << 20
#: The largest feed that is known, a national LHEO file, has 2 GB; more is a mistake or an attack on the disk.
MOST_BYTES: Final = 4 << 30


@dataclass(frozen=True, slots=True)
class Input:
    """Something handed over.

    Attributes:
        name: Of the file, without its folder; tells the instant of its data when it holds one.
        file: Seekable; formats begin at its start.
        modified: When the file was last written, aware; None for what is no file.
    """

    name: str
    file: IO[bytes]
    modified: datetime | None = None

    @classmethod
    def of_bytes(cls, content: bytes, name: str = "content") -> "Input":
        """Bytes that are in memory already."""
        return cls(_checked(name), BytesIO(content))

    @classmethod
    @contextmanager
    def of_path(cls, path: Path) -> Iterator["Input"]:
        """A file; raises FileRefused when it is a folder or cannot be read."""
        _checked(path.name)
        if path.is_dir():
            raise FileRefused(f"{path} is a folder", fix="give one of the files in it")
        try:
            file = path.open("rb", buffering=_CHUNK)
        except OSError as error:
            raise _unreadable(path, error) from None
        with file:
            yield cls.of_file(file, path.name)

    @classmethod
    def of_file(cls, file: IO[bytes], name: str) -> "Input":
        """A file that is open already, at any place."""
        return cls(_checked(name), file, datetime.fromtimestamp(int(os.fstat(file.fileno()).st_mtime), UTC))

    @classmethod
    @contextmanager
    def of_stream(cls, stream: IO[bytes], name: str = "content", most: int = MOST_BYTES) -> Iterator["Input"]:
        """A stream that can be read once; raises FileRefused when it has more than ``most`` bytes."""
        with SpooledTemporaryFile(_SPOOL_BYTES) as spool:
            size = 0
            while chunk := stream.read(_CHUNK):
                size += len(chunk)
                if size > most:
                    raise FileRefused(f"more than {most} bytes", fix="send it in several parts")
                spool.write(chunk)
            yield cls(_checked(name), spool)


def _checked(name: str) -> str:
    """The name itself; raises FileRefused when it holds a national identification number, which it does not repeat."""
    if has_nir(name.encode("utf-8", "replace")):
        raise FileRefused(
            "the name of the file holds what looks like a national identification number (NIR)",
            fix="rename it: that number must never be sent",
        )
    return name


def _unreadable(path: Path, error: OSError) -> FileRefused:
    reason = (error.strerror or "unknown error").lower()
    return FileRefused(f"{path} cannot be read: {reason}", fix="check the path and its permissions")
