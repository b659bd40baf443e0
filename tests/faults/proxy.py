"""A TCP proxy before a broker that cuts, delays and resets; in a thread of its own."""

import asyncio
import socket
import struct
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

#: SO_LINGER with 0 s: closing sends RST (socket(7)).
_RESET = struct.pack("ii", 1, 0)
_CHUNK = 64 * 1024


class Proxy:
    """Passes bytes on, and does harm when told to.

    Args:
        target: Port of the broker.
        port: Where it listens.
    """

    def __init__(self, target: int, port: int) -> None:
        self.port = port
        self.delay_s = 0.0
        self.resets = 0
        self.held_bytes = 0
        self.delayed_bytes = 0
        self._target = target
        self._open = asyncio.Event()
        self._live: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"proxy-{port}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def cut(self) -> None:
        """The cable is out: nothing passes, nobody is told."""
        self._loop.call_soon_threadsafe(self._open.clear)

    def heal(self) -> None:
        """The cable is in again: what was on its way arrives."""
        self._loop.call_soon_threadsafe(self._open.set)

    def reset(self) -> None:
        """Every connection ends with RST."""
        self._loop.call_soon_threadsafe(self._reset)

    def _reset(self) -> None:
        for writer in list(self._live):
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            writer.transport.abort()
            self.resets += 1

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._open.set()
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", self.port))
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for writer in list(self._live):
            writer.transport.abort()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._live.add(writer)
        try:
            await self._open.wait()
            with suppress(OSError):
                there, back = await asyncio.open_connection("127.0.0.1", self._target)
                try:
                    passing = [asyncio.create_task(self._pass(reader, back)),
                               asyncio.create_task(self._pass(there, writer))]  # fmt: skip
                    await asyncio.wait(passing, return_when=asyncio.FIRST_COMPLETED)
                    for task in passing:
                        task.cancel()
                    await asyncio.gather(*passing, return_exceptions=True)
                finally:
                    back.transport.abort()
        finally:
            self._live.discard(writer)
            writer.transport.abort()

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await source.read(_CHUNK):
                if not self._open.is_set():
                    self.held_bytes += len(chunk)
                    await self._open.wait()
                if self.delay_s:
                    self.delayed_bytes += len(chunk)
                    late = asyncio.Event()
                    asyncio.get_running_loop().call_later(self.delay_s, late.set)
                    await late.wait()
                sink.write(chunk)
                await sink.drain()
