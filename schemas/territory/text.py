"""Comparing names as people type them."""

import re
import unicodedata

_SAINT = re.compile(r"\b(st|ste)\b")
_NOT_A_WORD = re.compile(r"[^a-z0-9]+")
_CEDEX = re.compile(r"\bcedex( \d+)?\b")


def fold(text: str) -> str:
    """Lower case, without accents, hyphens, apostrophes or CEDEX; ``St`` and ``Ste`` written out."""
    plain = text if text.isascii() else _ascii(text)
    words = _NOT_A_WORD.sub(" ", plain.lower())
    if "cedex" in words:  # asked first, as hardly any text has one
        words = _CEDEX.sub(" ", words)
    if "st" in words:
        words = _SAINT.sub(lambda found: "saint" if found[1] == "st" else "sainte", words)
    return " ".join(words.split())


def _ascii(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.replace("œ", "oe").replace("Œ", "OE"))
    return plain.encode("ascii", "ignore").decode()
