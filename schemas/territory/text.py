"""Comparing names as people type them."""

import re
import unicodedata

_SAINT = re.compile(r"\b(st|ste)\b")
_NOT_A_WORD = re.compile(r"[^a-z0-9]+")


def fold(text: str) -> str:
    """Lower case, without accents, hyphens, apostrophes or CEDEX; ``St`` and ``Ste`` written out."""
    plain = unicodedata.normalize("NFKD", text.replace("œ", "oe").replace("Œ", "OE"))
    words = _NOT_A_WORD.sub(" ", plain.encode("ascii", "ignore").decode().lower())
    words = re.sub(r"\bcedex( \d+)?\b", " ", words)
    saints = _SAINT.sub(lambda found: "saint" if found[1] == "st" else "sainte", words)
    return " ".join(saints.split())
