"""Bodies as they come: into a spool, unpacked, within bounds of size and time, never held whole."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from hashlib import sha256
from typing import IO, Final

from fastapi import Request

from connectors.gateway.problems import Rejected

#: A body at least this fast is not slow: 16 kB/s is a bad telephone line.
_LEAST_RATE: Final = 16_384
#: A short body may take this long, however few bytes it has.
_GRACE_S: Final = 30.0
#: Text packs by 20 at most, columns of one value by 100; what unpacks to more is a bomb.
_MOST_RATIO: Final = 200
#: Below this size the ratio of a body says nothing.
_RATIO_FROM: Final = 1 << 20
_CHUNK: Final = 1 << 18
#: gzip, with its header (RFC 1952).
_GZIP_BITS: Final = 31
_ENCODINGS: Final = ("identity", "gzip")


async def receive(
    request: Request, spool: IO[bytes], most: int, silence_s: float, monotonic: Callable[[], float]
) -> str:  # fmt: skip
    """Write the body of a request into a spool; gives the SHA-256 of what it holds, hexadecimal.

    Args:
        request: Whose body was not touched yet.
        spool: Empty.
        most: Bytes that it may have, unpacked.
        silence_s: Longest wait for the next bytes.
        monotonic: Seconds that never go back.

    Raises:
        Rejected: It is too large, too slow, packed in another way or broken.
        ClientDisconnect: The connection was cut.
    """
    unpack = _unpacker(request, most)
    digest = sha256()
    size = 0
    async for chunk in _timely(request.stream(), silence_s, monotonic):
        for part in unpack(chunk):
            size += len(part)
            if size > most:
                raise _too_large(most)
            digest.update(part)
            spool.write(part)
    for part in unpack(b""):
        digest.update(part)
        spool.write(part)
    spool.seek(0)
    return digest.hexdigest()


def _too_large(most: int) -> Rejected:
    return Rejected("too-large", f"more than {most} bytes")


def _unpacker(request: Request, most: int) -> Callable[[bytes], Iterator[bytes]]:
    encoding = request.headers.get("content-encoding", "identity").strip().lower() or "identity"
    if encoding not in _ENCODINGS:
        raise Rejected("media-type", "this Content-Encoding is not known", known=list(_ENCODINGS))
    length = request.headers.get("content-length", "0")
    if length.isdigit() and int(length) > most:
        raise _too_large(most)
    return _Gzip().feed if encoding == "gzip" else _plain


def _plain(chunk: bytes) -> Iterator[bytes]:
    if chunk:
        yield chunk


async def _timely(
    chunks: AsyncIterator[bytes], silence_s: float, monotonic: Callable[[], float]
) -> AsyncIterator[bytes]:  # fmt: skip
    """The same chunks; raises Rejected when one is late, or all together are too slow."""
    began, size = monotonic(), 0
    while True:
        left = began + _GRACE_S + size / _LEAST_RATE - monotonic()
        try:
            if left <= 0:  # a timeout of nothing lets bytes pass that are there already
                raise TimeoutError  # noqa: TRY301  # both ways of being late get one answer
            async with asyncio.timeout(min(silence_s, left)):
                chunk = await anext(chunks, None)
        except TimeoutError:
            raise Rejected("slow", headers={"Connection": "close"}) from None
        if chunk is None:
            return
        size += len(chunk)
        yield chunk


class _Gzip:
    """Unpacks what comes, a little at a time; a bomb is stopped before it fills anything."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(_GZIP_BITS)
        self._read = self._written = 0

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """What a chunk holds; an empty chunk says that this was all."""
        if not chunk:
            if not self._inflate.eof:
                raise Rejected("malformed", "the gzip body is cut")
            return
        self._read += len(chunk)
        while chunk:
            if self._inflate.eof:
                self._inflate = zlib.decompressobj(_GZIP_BITS)
            part = self._inflated(chunk)
            self._written += len(part)
            if self._written > _RATIO_FROM and self._written > _MOST_RATIO * self._read:
                raise Rejected("too-large", f"it unpacks to more than {_MOST_RATIO} times its size")
            yield part
            chunk = self._inflate.unconsumed_tail or self._inflate.unused_data

    def _inflated(self, chunk: bytes) -> bytes:
        try:
            return self._inflate.decompress(chunk, _CHUNK)
        except zlib.error:
            raise Rejected("malformed", "the body is no gzip, though Content-Encoding says so") from None
