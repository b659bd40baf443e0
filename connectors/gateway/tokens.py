"""Partners' bearer tokens: shown once, kept as SHA-256 in a file that its owner alone may read."""

import fcntl
import hmac
import json
import os
import secrets
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

from schemas.errors import SettingsError

PREFIX: Final = "bft_"
#: Nobody guesses 256 bits, so that a plain hash protects them (RFC 6750 §5.2 asks for 128).
_TOKEN_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Token:
    """One token, without itself.

    Attributes:
        id: Names it in lists and logs.
        partner: Whose it is.
        sources: What it may publish.
        sha256: Of the token, hexadecimal.
        created: ISO 8601.
        expires: ISO 8601; None for never.
        revoked: No longer valid.
    """

    id: str
    partner: str
    sources: tuple[str, ...]
    sha256: str
    created: str
    expires: str | None = None
    revoked: bool = False

    def valid(self, now: datetime) -> bool:
        """Whether it opens the door now."""
        return not self.revoked and (self.expires is None or now < datetime.fromisoformat(self.expires))


class TokenFile:
    """The file of all tokens; read again when it changed, so that a revocation works at once.

    Args:
        path: Where it lies; it need not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self._tokens: tuple[Token, ...] = ()

    def all(self) -> Sequence[Token]:
        """Every token that was ever issued; raises SettingsError for a file that is broken or open to others."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return ()
        seen = (found.st_mtime_ns, found.st_ino, found.st_size)
        if seen != self._seen:
            if stat.S_IMODE(found.st_mode) & 0o077:
                raise SettingsError(
                    f"the token file {self._path} may be read by others", fix=f"chmod 600 {self._path}"
                )  # fmt: skip
            self._tokens, self._seen = self._read(), seen
        return self._tokens

    def _read(self) -> tuple[Token, ...]:
        try:
            entries = json.loads(self._path.read_text("utf-8"))
            return tuple(Token(**{**one, "sources": tuple(one["sources"])}) for one in entries)
        except (ValueError, TypeError, KeyError):
            raise SettingsError(
                f"the token file {self._path} is broken", fix="restore it from its backup, or remove it and issue anew"
            ) from None

    def issue(self, partner: str, sources: Sequence[str], now: datetime, days: int | None = None) -> tuple[str, Token]:
        """A new token, which is nowhere else than in this answer, and its entry."""
        text = PREFIX + secrets.token_urlsafe(_TOKEN_BYTES)
        expires = (now + timedelta(days=days)).isoformat() if days else None
        entry = Token(secrets.token_hex(4), partner, tuple(sources), _hash(text), now.isoformat(), expires)
        with self._locked():
            self._write((*self.all(), entry))
        return text, entry

    def revoke(self, token_id: str) -> bool:
        """Make a token invalid; False when there is none of this id."""
        with self._locked():
            tokens = self.all()
            self._write(tuple(replace(one, revoked=one.revoked or one.id == token_id) for one in tokens))
        return any(one.id == token_id for one in tokens)

    def find(self, text: str, now: datetime) -> Token | None:
        """The entry of a valid token; looks at every entry in constant time."""
        wanted = _hash(text)
        found = None
        for one in self.all():
            if hmac.compare_digest(one.sha256, wanted) and one.valid(now):
                found = one
        return found

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _write(self, tokens: Sequence[Token]) -> None:
        fresh = self._path.with_suffix(".new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump([asdict(one) for one in tokens], file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()
