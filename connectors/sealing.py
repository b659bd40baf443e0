"""What partners sent wrongly is kept sealed, with keys that the operator holds: AES-256-GCM (NIST SP 800-38D)."""

import hmac
import re
import secrets
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from connectors.files import private, replace_private
from schemas.errors import QuarantineError, SettingsError

_KEY: Final = re.compile(rb"[0-9a-f]{64}")
_KEY_BYTES: Final = 32
#: NIST SP 800-38D §8.2.2: random nonces of 96 bits are safe for 2^32 records of one key.
_NONCE_BYTES: Final = 12
#: Enough to tell an operator's keys apart; of a key of 256 random bits it betrays nothing.
_ID_DIGITS: Final = 8
_NAME_BYTES: Final = 16


class Sealed(NamedTuple):
    """Something sealed.

    Attributes:
        key_id: Of the key.
        content: Nonce, ciphertext and tag.
    """

    key_id: str
    content: bytes


class Keyring:
    """The operator's keys: the last one seals, all of them open.

    Args:
        keys: At least one, of 32 bytes, the oldest first.
        where: Where they were found, for messages.
    """

    def __init__(self, keys: Sequence[bytes], where: str = "the key file") -> None:
        self._keys = {key_id(key): key for key in keys}
        self._oldest, self._newest = keys[0], keys[-1]
        self._where = where

    @property
    def current(self) -> str:
        """Id of the key that seals."""
        return key_id(self._newest)

    def seal(self, content: bytes, name: str) -> Sealed:
        """Seal something that can be opened only under the same name."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return Sealed(self.current, nonce + AESGCM(self._newest).encrypt(nonce, content, name.encode()))

    def open(self, sealed: Sealed, name: str) -> bytes:
        """What was sealed.

        Raises:
            QuarantineError: Its key is not here, or it was changed.
        """
        key = self._keys.get(sealed.key_id)
        if key is None:
            raise QuarantineError(
                f"it is sealed with key {sealed.key_id}, which is not in {self._where}",
                fix=f"add that key as a line of {self._where}, from the machine that took the record; "
                "or ask the partner to send the record again, and drop this one",
            )
        try:
            return AESGCM(key).decrypt(sealed.content[:_NONCE_BYTES], sealed.content[_NONCE_BYTES:], name.encode())
        except (InvalidTag, ValueError):  # the latter for what is shorter than a nonce
            raise QuarantineError(
                f"what was sealed with key {sealed.key_id} was changed since", fix="drop it; ask the partner again"
            ) from None

    def name(self, *parts: bytes) -> str:
        """32 hexadecimal characters: the same for the same parts, and nobody without the key can guess at these."""
        text = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
        return hmac.new(self._oldest, text, sha256).digest()[:_NAME_BYTES].hex()


def key_id(key: bytes) -> str:
    """How a key is called."""
    return sha256(b"beffroi quarantine key\x1f" + key).hexdigest()[:_ID_DIGITS]


def load_or_create_keys(path: Path) -> Keyring:
    """The keys in a file, one a line; the first is made when there is no file, readable by its owner alone.

    Raises:
        SettingsError: Others may read the file, or a line is no key.
    """
    return _ring(path, private(path, lambda: _line(_fresh())))


def add_key(path: Path) -> Keyring:
    """Begin a new key: it seals from now on, the others still open; raises SettingsError."""
    kept = load_or_create_keys(path)._keys  # noqa: SLF001  # its own module
    content = b"".join(map(_line, [*kept.values(), _fresh()]))
    replace_private(path, content)
    return _ring(path, content)


def _fresh() -> bytes:
    return secrets.token_bytes(_KEY_BYTES)


def _line(key: bytes) -> bytes:
    return key.hex().encode() + b"\n"


def _ring(path: Path, content: bytes) -> Keyring:
    lines = content.split()
    if not lines or not all(map(_KEY.fullmatch, lines)):
        raise SettingsError(
            f"the key file {path} does not hold {_KEY_BYTES} bytes in hexadecimal on each line",
            fix="restore it from its backup: what it sealed cannot be opened without it",
        )
    return Keyring([bytes.fromhex(line.decode()) for line in lines], str(path))
