"""A real SFTP server of a partner on this machine, and the harm that it does when told to."""

import asyncio
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Self

import asyncssh

from tests.kairos import row, write
from tests.ports import free_port


class Harm:
    """What goes wrong.

    Attributes:
        cut_after: The connection is cut when so many bytes of a file were read.
        stall_after: No answer comes any more when so many bytes of a file were read.
        denied: Nobody may do these.
        grows: A file that grows by a byte when it was read.
    """

    def __init__(self) -> None:
        self.cut_after: int | None = None
        self.stall_after: int | None = None
        self.denied: set[str] = set()
        self.grows: Path | None = None
        self.cuts = 0
        self.stalled = threading.Event()
        self.released = asyncio.Event()

    async def read(self, channel: asyncssh.SSHServerChannel[Any], offset: int) -> None:
        """Do what is to be done before a part of a file is read."""
        if self.cut_after is not None and offset >= self.cut_after:
            self.cuts += 1
            channel.get_connection().abort()
        if self.stall_after is not None and offset >= self.stall_after:
            self.stalled.set()
            await self.released.wait()

    def check(self, what: str) -> None:
        """Refuse what nobody may do."""
        if what in self.denied:
            raise asyncssh.SFTPPermissionDenied("permission denied")

    def grow(self) -> None:
        """Let a file grow, once."""
        if self.grows is not None:
            with self.grows.open("ab") as file:
                file.write(b"x")
            self.grows = None


class Files(asyncssh.SFTPServer):
    """The partner's files."""

    def __init__(self, channel: asyncssh.SSHServerChannel[Any], root: bytes, harm: Harm) -> None:
        super().__init__(channel, chroot=root)
        self._harm = harm

    def open(self, path: bytes, pflags: int, attrs: Any) -> Any:
        self._harm.check("open")
        return super().open(path, pflags, attrs)

    def rename(self, oldpath: bytes, newpath: bytes) -> Any:
        self._harm.check("rename")
        return super().rename(oldpath, newpath)

    async def read(self, file_obj: Any, offset: int, size: int) -> bytes:
        await self._harm.read(self.channel, offset)
        found: Any = super().read(file_obj, offset, size)
        self._harm.grow()
        return bytes(found)


class Partner:
    """The server, in a thread of its own; its files lie below ``root``.

    Args:
        folder: Of the test.
    """

    def __init__(self, folder: Path) -> None:
        self.root = folder / "partner"
        self.source = self.root / "kairos"
        self.source.mkdir(parents=True)
        self.port = free_port()
        self.harm = Harm()
        self.known_hosts = folder / "known_hosts"
        self.key = folder / "our.key"
        self._host_key = asyncssh.generate_private_key("ssh-ed25519")
        ours = asyncssh.generate_private_key("ssh-ed25519")
        ours.write_private_key(self.key)
        ours.write_public_key(folder / "our.pub")
        self._authorized = str(folder / "our.pub")
        self.trust(self._host_key)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sftp", daemon=True)

    @property
    def url(self) -> str:
        return f"sftp://beffroi@127.0.0.1:{self.port}/"

    def trust(self, key: asyncssh.SSHKey) -> None:
        """Write the one key that the server must have."""
        public = key.export_public_key().decode().strip()
        self.known_hosts.write_text(f"[127.0.0.1]:{self.port} {public}\n")

    def drop(self, name: str, people: int) -> Path:
        """A file of so many trainees."""
        rows = [row(number, dn_individu_national=f"{number:010d}") for number in range(people)]
        return write(self.source / name, rows)

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = self._done(self._listen())
        return self

    def __exit__(self, *_: object) -> None:
        self._done(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def release(self) -> None:
        """What was stalled goes on."""
        self.harm.stall_after = None
        self._loop.call_soon_threadsafe(self.harm.released.set)

    async def _listen(self) -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            "127.0.0.1", self.port, server_host_keys=[self._host_key], authorized_client_keys=self._authorized,
            sftp_factory=lambda channel: Files(channel, str(self.root).encode(), self.harm),
        )  # fmt: skip

    async def _close(self) -> None:
        self._server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await self._server.wait_closed()

    def _done(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)
