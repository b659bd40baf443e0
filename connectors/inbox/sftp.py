"""The edge to an SFTP server: who it must prove to be, who we are, and in our words what went wrong."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import SecretStr

from schemas.errors import BeffroiError, SettingsError, SourceRefused, SourceUnavailable

if TYPE_CHECKING:
    from asyncssh import SFTPClient

#: A server of the same country answers within a second; a firewall that drops packets never does.
_CONNECT_S: Final = 20.0
#: A connection that died without a word is noticed after three of these.
_ALIVE_S: Final = 10.0
_PORT: Final = 22


@dataclass(frozen=True, slots=True)
class Server:
    """An SFTP server, and how it lets us in.

    Attributes:
        host: Its name.
        port: The same.
        user: As whom we come.
        folder: In it a folder for each source.
        known_hosts: File of the keys by which servers prove who they are, in OpenSSH's form.
        key: File of our private key.
        password: Where there is no key.
    """

    host: str
    port: int
    user: str
    folder: str
    known_hosts: Path
    key: Path | None = None
    password: SecretStr | None = None

    @classmethod
    def at(cls, url: str, known_hosts: Path, key: Path | None, password: SecretStr | None) -> "Server":
        """The server of ``sftp://user@host[:port]/folder``.

        Raises:
            SettingsError: It is no such address, or holds a password; there are no known hosts, or no credential.
        """
        parts = _parts(url)
        if not known_hosts.is_file():
            raise SettingsError(
                f"there is no file of known hosts {known_hosts}",
                fix="ask the partner for the server's host key, write it there, or set BEFFROI_SFTP_KNOWN_HOSTS",
            )
        if key is None and password is None:
            raise SettingsError("nothing lets us into the server", fix="set BEFFROI_SFTP_KEY, or BEFFROI_SFTP_PASSWORD")
        folder = unquote(parts.path) or "."
        host, user = parts.hostname or "", unquote(parts.username or "")
        return cls(host, parts.port or _PORT, user, folder, known_hosts, key, password)

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.host}:{self.port}"

    @asynccontextmanager
    async def connected(self) -> AsyncIterator["SFTPClient"]:
        """A session; the host key is checked before anything else, and never learnt.

        Raises:
            SourceUnavailable: No answer, or the connection was lost.
            SourceRefused: It is another server than it should be, or does not let us in.
            SettingsError: Our key cannot be read.
        """
        # Slow to import, and it looks for libraries meanwhile.
        import asyncssh

        try:
            async with (
                asyncssh.connect(
                    self.host, self.port, username=self.user, known_hosts=str(self.known_hosts),
                    client_keys=[str(self.key)] if self.key else [], password=self._password(), agent_path=None,
                    config=None, connect_timeout=_CONNECT_S, login_timeout=_CONNECT_S, keepalive_interval=_ALIVE_S,
                ) as connection,
                connection.start_sftp_client(path_errors="surrogateescape") as client,
            ):  # fmt: skip
                yield client
        except (asyncssh.Error, asyncssh.KeyImportError, OSError, TimeoutError) as error:
            raise self._explained(error) from error

    def _password(self) -> str | None:
        return self.password.get_secret_value() if self.password else None

    def _explained(self, error: Exception) -> BeffroiError:
        import asyncssh

        match error:
            case asyncssh.HostKeyNotVerifiable():
                return SourceRefused(
                    f"the host key of {self.name} is not the one in {self.known_hosts}",
                    fix="trust it only when the partner confirms it; then correct that file",
                )
            case asyncssh.PermissionDenied():
                return SourceRefused(
                    f"{self.name} does not let {self.user} in", fix="give the partner our public key, or correct ours"
                )
            case asyncssh.SFTPPermissionDenied():
                return SourceRefused(
                    f"permission denied at {self.name}: its folder cannot be listed",
                    fix="ask the partner for the right",
                )
            case asyncssh.SFTPNoSuchFile():
                return SourceRefused(f"{self.name} has no folder {self.folder}", fix="correct the address")
            case asyncssh.KeyImportError() | FileNotFoundError() | PermissionError():
                return SettingsError(f"our key {self.key} cannot be read", fix="correct BEFFROI_SFTP_KEY")
        return SourceUnavailable(
            f"{self.name} does not answer, or the connection was lost ({type(error).__name__})",
            fix="nothing is lost; the next look tries again",
        )


def _parts(url: str) -> SplitResult:
    parts = urlsplit(url)
    try:
        whole = parts.hostname and parts.username and parts.port != 0
    except ValueError:  # a port that is no number
        whole = None
    if parts.scheme != "sftp" or not whole or parts.password or parts.query:
        raise SettingsError(
            "the server's address is not of the form sftp://user@host/folder",
            fix="write it so; a password goes into BEFFROI_SFTP_PASSWORD",
        )
    return parts
