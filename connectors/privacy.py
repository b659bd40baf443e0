"""What protects people at the edge: pseudonyms, the detector of national numbers."""

import hmac
import re
import secrets
from pathlib import Path
from typing import Final

from connectors.files import private
from schemas.errors import SettingsError

KEY_BYTES: Final = 32
#: 128 bits: nobody meets a collision among all the trainees of a country.
_PSEUDONYM_BYTES: Final = 16

#: The NIR: sex, year, month (or 20 and above when unknown), département (2A, 2B), commune, order, key.
#: Source: INSEE, "Répertoire national d'identification des personnes physiques".
_GROUPS: Final = (
    rb"[1-478]", rb"\d{2}", rb"(?:0[1-9]|1[0-2]|[2-9]\d)", rb"(?:\d{2}|2[ABab])", rb"\d{3}", rb"\d{3}"
)  # fmt: skip
#: Between the groups: a space, a point or a hard space of UTF-8 or Windows-1252.
_BETWEEN: Final = rb"(?:[ .\xa0]|\xc2\xa0|\xe2\x80\xaf)?"
#: What stands before is looked at once the first digit is found: searching for a digit is fast, looking behind is not.
_WITH_KEY: Final = re.compile(
    _GROUPS[0] + rb"(?<![0-9A-Za-z].)" + _BETWEEN + _BETWEEN.join((*_GROUPS[1:], rb"\d{2}")) + rb"(?![0-9A-Za-z])"
)
#: Thirteen digits that stand alone; a bare number of JSON, such as a version in milliseconds, is not looked at.
_THIRTEEN: Final = re.compile(rb"(?<![0-9A-Za-z:])[1-478]\d{5}[\dABab]\d{6}(?![0-9A-Za-z])")
_WITHOUT_KEY: Final = re.compile(rb"".join(_GROUPS))


class Pseudonymiser:
    """Turns a person's identifier into a keyed pseudonym that nobody without the key can link.

    Args:
        key: Secret of this deployment.
    """

    def __init__(self, key: bytes) -> None:
        self._keyed = hmac.new(key, digestmod="sha256")

    def person(self, *, national: bytes | None, source: str, local: bytes | None) -> str:
        """32 hexadecimal characters: of the national France Travail identifier when there is one, else of the local."""
        text = b"france-travail:" + national if national else f"{source}:".encode() + (local or b"")
        keyed = self._keyed.copy()  # twice as fast as to begin with the key for each person
        keyed.update(text)
        return keyed.hexdigest()[: 2 * _PSEUDONYM_BYTES]


def load_or_create_key(path: Path) -> bytes:
    """The pseudonyms' key; made on first use, readable by its owner alone.

    Raises:
        SettingsError: Others may read the file, or it is no key.
    """
    text = private(path, lambda: secrets.token_hex(KEY_BYTES).encode()).strip()
    if not re.fullmatch(rb"[0-9a-f]{64}", text):
        raise SettingsError(
            f"the key file {path} does not hold {KEY_BYTES} bytes in hexadecimal",
            fix="restore it from its backup: another key gives every person another pseudonym",
        )
    return bytes.fromhex(text.decode())


#: Digits that may begin the number as 1, the others as 0, the letters of Corsica as A, everything else as a hyphen;
#: what may stand between the groups is left out.
_CLASSES: Final = bytes(
    ord("1" if n in b"123478" else "0" if n in b"0569" else "A" if n in b"ABab" else "-") for n in range(256)
)  # fmt: skip
_SEPARATORS: Final = b" .\xa0\xc2\xe2\x80\xaf"
_RUN: Final = re.compile(rb"1[01]{5}[01A][01]{6}")


def may_hold_nir(text: bytes) -> bool:
    """Whether a text has the run of digits that a national number needs, with its key or not; false for most texts.

    Ten times as fast as to search for the number itself.
    """
    return _RUN.search(text.translate(_CLASSES, _SEPARATORS)) is not None


def has_nir(line: bytes) -> bool:
    """Whether a line holds a national identification number: 15 digits with a right key, in groups or not."""
    return may_hold_nir(line) and any(_key_is_right(found[0]) for found in _WITH_KEY.finditer(line))


def is_nir_without_key(field: bytes) -> bool:
    """Whether a whole field is built like a NIR without its key: 13 digits."""
    return _WITHOUT_KEY.fullmatch(field.strip()) is not None


def may_not_be_kept(text: bytes) -> bool:
    """Whether something that was not understood may hold a NIR, with its key or without: it is not kept then."""
    return may_hold_nir(text) and (
        has_nir(text) or any(is_nir_without_key(found[0]) for found in _THIRTEEN.finditer(text))
    )


def _key_is_right(found: bytes) -> bool:
    digits = re.sub(rb"[^0-9ABab]", b"", found).upper()
    number, key = digits[:13].replace(b"2A", b"19").replace(b"2B", b"18"), int(digits[13:])
    return 97 - int(number) % 97 == key
