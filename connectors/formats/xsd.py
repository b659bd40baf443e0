"""A file against an XML Schema (W3C XSD 1.0), element by element in bounded memory: no entity, no DTD, no network."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import ParseError

from lxml.etree import QName
from xmlschema import (
    XMLResource,
    XMLSchema,
    XMLSchemaChildrenValidationError,
    XMLSchemaException,
    XMLSchemaValidationError,
)
from xmlschema.validators import XsdFacet

from connectors.formats.base import Problem
from connectors.formats.markup import events
from connectors.inputs import Input
from schemas.errors import SettingsError

#: Nobody reads more of them; the check stops there.
MOST: Final = 10_000
#: In LHEO a training, which is let go of once it is checked, stands below ``lheo`` and ``offres``.
_DEPTH: Final = 2
_PLACES: Final = re.compile(r"\[\d+\]")


def against(data: Input, xsd: Path) -> Iterator[Problem]:
    """What of a file does not fit a schema, in the file's order.

    Args:
        data: The file.
        xsd: The schema; what it includes must lie beside it.

    Raises:
        FileRefused: It is no XML, is cut, or declares a DTD or an entity.
        SettingsError: The schema cannot be read.
    """
    schema = _schema(xsd)

    def parse(_: object, wanted: Sequence[str] | None) -> Iterator[tuple[str, Any]]:
        return events(data, tuple(wanted or ()))

    data.file.seek(0)
    resource = XMLResource(data.file, lazy=_DEPTH, defuse="never", iterparse=parse)  # our own parser refuses more
    for number, error in enumerate(schema.iter_errors(resource), 1):
        if number > MOST:
            return
        yield _problem(error, schema.target_namespace)


def _schema(path: Path) -> XMLSchema:
    try:
        return XMLSchema(str(path.resolve()), base_url=str(path.resolve().parent), allow="sandbox", defuse="always")
    except (XMLSchemaException, ParseError, OSError) as error:
        raise SettingsError(
            f"{path} is no XML Schema that can be read ({type(error).__name__})",
            fix="give the .xsd of the file's version; what it includes must lie beside it",
        ) from None


def _problem(error: XMLSchemaValidationError, namespace: str) -> Problem:
    path, line = _place(error)
    message, fix = _explained(error, path, namespace)
    return Problem(line, path, "xsd", message, fix)


def _place(error: XMLSchemaValidationError) -> tuple[str, int]:
    """Path and line of the element that does not fit."""
    element: Any = error.obj
    if not hasattr(element, "iterancestors"):
        return _PLACES.sub("", error.path or "").lstrip("/"), error.sourceline or 0
    # Of what is read lazily, xmlschema 4.3 tells the element that was checked last instead.
    names = (QName(one).localname for one in (element, *element.iterancestors()))
    return "/".join(reversed([*names])), element.sourceline or 0


def _explained(error: XMLSchemaValidationError, path: str, namespace: str) -> tuple[str, str]:
    """What does not fit and what to do; the schema's words alone, for those of the validator may repeat the value."""
    reason, name = error.reason or "", path.rpartition("/")[2]
    if path == name and "is not an element of the schema" in reason:
        return (
            f"{name} is not in the namespace of the schema",
            f"write {namespace}, or check with the file's own version",
        )
    if isinstance(error, XMLSchemaChildrenValidationError):
        return _misplaced(error, name)
    if isinstance(error.validator, XsdFacet):
        return f"the text of {name} does not fit: {reason}", f"correct {name}"
    if "attribute" in reason and "value" not in reason:
        return f"{name}: {reason}", f"correct the attributes of {name}"
    return f"{name} does not fit its type in the schema", f"see what the schema says of {name}"


def _misplaced(error: XMLSchemaChildrenValidationError, name: str) -> tuple[str, str]:
    known = (getattr(one, "local_name", None) for one in error.expected or ())
    wanted = " or ".join(filter(None, dict.fromkeys(known)))
    found = (error.invalid_tag or "").rpartition("}")[2]
    if not found:
        return f"{name} ends where {wanted or 'an element'} is expected", f"add {wanted or 'what lacks'}"
    if wanted:
        return f"{found} stands in {name} where {wanted} is expected", f"write {wanted} there, or move {found}"
    return f"{found} must not stand there in {name}", f"remove {found}, or put it in its place"
