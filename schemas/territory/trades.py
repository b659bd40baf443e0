"""Trades: ROME when a source gives it, else Formacode.

References: ``rome:N4101``, ``rome-domain:N41``, ``rome-family:N``, ``formacode:31734``; ``all`` stands for every trade.
"""

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, Self

from rapidfuzz import fuzz, process

from schemas.errors import TerritoryError
from schemas.territory.tables import rome_titles
from schemas.territory.text import fold

ALL: Final = "all"
_ROME: Final = re.compile(r"[A-N]\d{4}")
_FORMACODE: Final = re.compile(r"\d{5}")
_COLUMNS: Final = ("formacode", "title", "rome")
_LIKE_ENOUGH: Final = 55

#: The 14 families of the ROME (France Travail).
FAMILIES: Final[Mapping[str, str]] = {
    "A": "Agriculture et pêche, espaces naturels et espaces verts, soins aux animaux",
    "B": "Arts et façonnage d'ouvrages d'art",
    "C": "Banque, assurance, immobilier",
    "D": "Commerce, vente et grande distribution",
    "E": "Communication, média et multimédia",
    "F": "Construction, bâtiment et travaux publics",
    "G": "Hôtellerie-restauration, tourisme, loisirs et animation",
    "H": "Industrie",
    "I": "Installation et maintenance",
    "J": "Santé",
    "K": "Services à la personne et à la collectivité",
    "L": "Spectacle",
    "M": "Support à l'entreprise",
    "N": "Transport et logistique",
}


@dataclass(frozen=True, slots=True)
class Formacode:
    """What an operator's table says of a Formacode: its title, and the ROME trades it prepares for."""

    title: str
    rome: tuple[str, ...]


class Trades:
    """Titles, roll-ups and search.

    Args:
        formacodes: The operator's correspondence of Formacodes; none is built in, for Centre Inffo's thesaurus is not
            open data.
    """

    def __init__(self, formacodes: Mapping[str, Formacode] | None = None) -> None:
        self._formacodes = formacodes or {}

    @classmethod
    def load(cls, table: Path | None = None) -> Self:
        """With the operator's table (CSV ``formacode,title,rome``; several ROME codes separated by spaces)."""
        return cls(dict(_read(table)) if table else None)

    def of(self, rome_codes: Iterable[str], formacodes: Iterable[str]) -> tuple[str, ...]:
        """The trades a training counts under, as references; sorted.

        ROME codes when the source gives any; else the main Formacode (the first), with the ROME codes that the
        operator's table gives for it. The set is one dimension of a cell: a person is counted once in the total.
        """
        rome = {f"rome:{code}" for code in rome_codes if _ROME.fullmatch(code)}
        if rome:
            return tuple(sorted(rome))
        main = next((code for code in formacodes if _FORMACODE.fullmatch(code)), None)
        if main is None:
            return ()
        known = self._formacodes.get(main)
        return tuple(sorted({f"formacode:{main}", *(f"rome:{code}" for code in (known.rome if known else ()))}))

    @staticmethod
    def rollup(refs: Iterable[str]) -> tuple[str, ...]:
        """The references to count a set of trades under: each once, its domain, its family, and ``all``."""
        found = {ALL}
        for ref in refs:
            found.add(ref)
            scheme, _, code = ref.partition(":")
            if scheme == "rome":
                found |= {f"rome-domain:{code[:3]}", f"rome-family:{code[0]}"}
        return tuple(sorted(found))

    def title(self, ref: str) -> str:
        """A trade's title in French; its code where no title is known."""
        scheme, _, code = ref.partition(":")
        if ref == ALL:
            return "Tous métiers"
        if scheme == "rome":
            return rome_titles().get(code, code)
        if scheme == "rome-domain":
            return f"{FAMILIES.get(code[:1], code)} ({code})"
        if scheme == "rome-family":
            return FAMILIES.get(code, code)
        known = self._formacodes.get(code)
        return known.title if known else f"Formacode {code}"

    def known(self, ref: str) -> bool:
        """Whether a reference names a trade: Formacodes are known by their shape."""
        scheme, _, code = ref.partition(":")
        return (
            ref == ALL
            or (scheme == "rome" and code in rome_titles())
            or (scheme == "rome-domain" and code in self._domains)
            or (scheme == "rome-family" and code in FAMILIES)
            or (scheme == "formacode" and _FORMACODE.fullmatch(code) is not None)
        )

    @cached_property
    def _domains(self) -> frozenset[str]:
        return frozenset(code[:3] for code in rome_titles())

    @cached_property
    def _folded(self) -> Mapping[str, str]:
        rome = {f"rome:{code}": fold(title) for code, title in rome_titles().items()}
        families = {f"rome-family:{code}": fold(title) for code, title in FAMILIES.items()}
        other = {f"formacode:{code}": fold(entry.title) for code, entry in self._formacodes.items()}
        return {**rome, **families, **other}

    def search(self, text: str, count: int = 8) -> tuple[str, ...]:
        """References of the trades a text may mean: by code, then by the beginnings of words, then by likeness."""
        code = text.strip().upper()
        exact = [ref for ref in self._by_code(code) if self.known(ref)]
        words = fold(text).split()
        if not words:
            return tuple(exact)
        starts = [ref for ref, name in self._folded.items() if all(_starts_a_word(word, name) for word in words)]
        starts.sort(key=lambda ref: (ref.startswith("formacode"), len(self._folded[ref]), ref))
        like = process.extract(
            " ".join(words), self._folded, scorer=fuzz.token_set_ratio, limit=count, score_cutoff=_LIKE_ENOUGH
        )
        return tuple(dict.fromkeys([*exact, *starts, *(ref for _, _, ref in like)]))[:count]

    @staticmethod
    def _by_code(code: str) -> tuple[str, ...]:
        return (f"rome:{code}", f"rome-domain:{code}", f"rome-family:{code}", f"formacode:{code}")


def _starts_a_word(word: str, name: str) -> bool:
    return name.startswith(word) or f" {word}" in name


def _read(path: Path) -> Iterable[tuple[str, Formacode]]:
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise TerritoryError(
            f"the table of trades {path} cannot be read: {error.strerror}", fix="correct BEFFROI_TRADE_TABLE"
        ) from None
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    missing = [name for name in _COLUMNS if name not in (rows.fieldnames or ())]
    if missing:
        raise TerritoryError(
            f"{path} lacks the columns {', '.join(missing)}", fix=f"the header is {','.join(_COLUMNS)}"
        )
    for row in rows:
        yield row["formacode"], _formacode(path, row)


def _formacode(path: Path, row: Mapping[str, str]) -> Formacode:
    codes = tuple(row["rome"].split())
    if not (rome_titles().keys() >= set(codes) and _FORMACODE.fullmatch(row["formacode"])):
        raise TerritoryError(f"{path}: the row of {row['formacode']} names no ROME 4 code", fix="correct its codes")
    return Formacode(row["title"], codes)
