"""LHEO as values: one flat mapping for each session, with what its training and its action say.

Source: LHEO 2.3, XML schema and glossary (lheo.gouv.fr); the 2.2 of Intercarif differs in the namespace, in numbers as
attributes and in its ``extras``.
"""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from lxml import etree

from connectors.formats.base import Context
from connectors.formats.markup import Element, each, elements, text, texts
from connectors.inputs import Input
from connectors.privacy import has_nir
from schemas.clock import PARIS
from schemas.errors import FileRefused

#: LHEO's words for a day that is not known.
_NO_DAY: Final = frozenset({"00000000", "99999999"})
_TRAINING: Final = ("intitule-formation", "code-niveau-sortie", "url-formation/urlweb")
_ACTION: Final = (
    "url-action/urlweb", "modalites-enseignement", "modalites-entrees-sorties", "nombre-heures-centre",
    "nombre-heures-entreprise",
)  # fmt: skip
_SESSION: Final = (
    "periode/debut", "periode/fin", "etat-recrutement", "periode-inscription/periode/debut",
    "periode-inscription/periode/fin", "recrutement/nb-places", "url-session/urlweb",
)  # fmt: skip
_PROVIDER: Final = {
    "numero-activite": "numero-activite", "nom-organisme": "nom-organisme", "raison-sociale": "raison-sociale",
    "SIRET": "SIRET-organisme-formation/SIRET",
}  # fmt: skip
_CERTIFICATIONS: Final = ("code-RNCP", "code-RS", "code-CERTIFINFO")
_ADDRESS: Final = ("code-INSEE-commune", "codepostal", "ville", "geolocalisation/latitude", "geolocalisation/longitude")

#: The export's own date and time stand in the last extras of the file.
_TAIL_BYTES: Final = 4_096
_EXPORTED: Final = re.compile(
    rb'info="date-export"[^>]*>\s*(\d{8})\s*<.*?(?:info="heure-export"[^>]*>\s*(\d{6})\s*<|$)', re.DOTALL
)


def sessions(data: Input, context: Context) -> Iterator[tuple[int, Mapping[str, Any], bytes]]:
    """Number, values and text of each session; raises FileRefused for what is no LHEO."""
    number = 0
    found = False
    for training in elements(data, context, "formation"):
        found = True
        about = _training(training)
        careful = has_nir("\x1f".join(training.itertext()).encode())
        for action in each(training, "action"):
            within = {**about, **_action(action)}
            for session in each(action, "session"):
                number += 1
                values = {**within, **_session(session)}
                context.notes.alone = partial(_alone, training, action, session)
                yield number, values, _raw(training, session, values, careful=careful)
    if not found:
        raise FileRefused(f"{data.name} holds no element formation", fix="send a file in LHEO 2.2 or 2.3")


def _alone(training: Element, action: Element, session: Element, _text: bytes) -> bytes:
    """The training with this session alone, as a file of its own."""
    kept = deepcopy(training)
    mine = _only(kept, "action", list(each(training, "action")).index(action))
    _only(mine, "session", list(each(action, "session")).index(session))
    return bytes(etree.tostring(kept, encoding="utf-8", xml_declaration=True, with_tail=False))


def _only(parent: Element, name: str, number: int) -> Element:
    """Remove all children of a name but one; gives that."""
    children = list(each(parent, name))
    for other in (child for at, child in enumerate(children) if at != number):
        parent.remove(other)
    return children[number]


def _raw(training: Element, session: Element, values: Mapping[str, Any], *, careful: bool) -> bytes:
    """The text in which no national number may be: what is read; where one was seen, all but the other sessions."""
    if not careful:
        return "\x1f".join(str(value) for value in values.values()).encode()
    # The elements themselves, not their ids: lxml gives the id of an element that nobody holds to another one.
    others = {one for other in training.iter("{*}session") if other is not session for one in other.iter()}
    return "\x1f".join(one.text or "" for one in training.iter() if one not in others).encode()


def _training(training: Element) -> dict[str, Any]:
    subjects = sorted(each(training, "domaine-formation/code-FORMACODE"), key=lambda one: one.get("tag") != "principal")
    provider = next(each(training, "organisme-formation-responsable"), None)
    return {
        **{path: text(training, path) for path in _TRAINING},
        "domaine-formation/code-FORMACODE": [one.text for one in subjects if one.text],
        "domaine-formation/code-ROME": texts(training, "domaine-formation/code-ROME"),
        **{f"certification/{name}": texts(training, f"certification/{name}") for name in _CERTIFICATIONS},
        **{f"organisme/{name}": None if provider is None else text(provider, at) for name, at in _PROVIDER.items()},
    }


def _action(action: Element) -> dict[str, Any]:
    address = next(each(action, "lieu-de-formation/coordonnees/adresse"), None)
    funders = [
        {name: text(one, name) for name in ("code-financeur", "nb-places-financees")}
        for one in each(action, "organisme-financeur")
    ]
    return {
        **{f"action/{path}": text(action, path) for path in _ACTION},
        **{f"lieu/{path.rpartition('/')[2]}": None if address is None else text(address, path) for path in _ADDRESS},
        "financeurs": funders,
    }


def _session(session: Element) -> dict[str, Any]:
    found = {f"session/{path}": text(session, path) for path in _SESSION}
    known = {path: None if value and value.strip() in _NO_DAY else value for path, value in found.items()}
    return {**known, "session/@numero": session.get("numero"), "session/@datemaj": session.get("datemaj")}


def exported_at(data: Input) -> datetime | None:
    """When the file was exported, as its last extras say, in Europe/Paris."""
    size = data.file.seek(0, 2)
    data.file.seek(max(0, size - _TAIL_BYTES))
    found = _EXPORTED.search(data.file.read(_TAIL_BYTES))
    if found is None:
        return None
    day, clock = found[1].decode(), (found[2] or b"000000").decode()
    try:
        return datetime.strptime(day + clock, "%Y%m%d%H%M%S").replace(tzinfo=PARIS).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
