"""Partners' formats: parse, then map, purely. A format is a folder here; none is named anywhere else.

The folder, ``kairos_csv`` for ``kairos-csv``, is a package that holds ``FORMAT``; beside it lie its sample and its page
``format.md``.
"""

import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from importlib.resources import files
from importlib.resources.abc import Traversable

from connectors.formats.base import Format
from connectors.formats.names import nearest
from schemas.errors import FileRefused


@cache
def formats() -> Mapping[str, Format]:
    """Every format by name: the packages of this folder that hold a ``FORMAT``."""
    return {form.name: form for form in sorted(_found(), key=lambda form: form.name)}


def _found() -> Iterator[Format]:
    for module in pkgutil.iter_modules(__path__):
        if module.ispkg:
            form = getattr(import_module(f"{__name__}.{module.name}"), "FORMAT", None)
            if isinstance(form, Format):
                yield form


def format_named(name: str) -> Format:
    """A format; raises FileRefused for a name that no format has, with the nearest name."""
    form = formats().get(name)
    if form is None:
        near = nearest(name, formats())
        meant = f"did you mean {near}? " if near else ""
        raise FileRefused(f"there is no format {name}", fix=f"{meant}known formats: {', '.join(formats())}")
    return form


def sample(form: Format) -> bytes:
    """The format's own example."""
    return (_folder(form) / form.sample).read_bytes()


def page(form: Format) -> str:
    """The format's own page, Markdown."""
    return (_folder(form) / "format.md").read_text("utf-8")


def _folder(form: Format) -> Traversable:
    return files(f"{__name__}.{form.name.replace('-', '_')}")


__all__ = ["format_named", "formats", "page", "sample"]
