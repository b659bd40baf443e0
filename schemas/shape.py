"""The shape of a value: what errors show instead of it."""

import re
from typing import Final

_CHARACTERS: Final = 40


def shape(value: str) -> str:
    """What a text looks like without saying it: digits as 9, letters as A, 40 characters at most."""
    plain = re.sub(r"[^\W\d_]", "A", re.sub(r"\d", "9", value[:_CHARACTERS]))
    return plain + ("…" if len(value) > _CHARACTERS else "")
