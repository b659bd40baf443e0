"""The tree of errors is what the drawing at the top of its module says."""

import importlib
import pkgutil
import re

import schemas.errors
from schemas.errors import BeffroiError

ROOMS = ("schemas", "monitoring", "connectors", "streams", "portal", "beffroi")


def drawn() -> dict[str, str]:
    """Parent by name, read from the drawing."""
    parents: dict[str, str] = {}
    path: list[str] = []
    for line in (schemas.errors.__doc__ or "").splitlines():
        found = re.match(r"^(?P<indent>[ │├└─]*)(?P<name>[A-Z]\w+)(\s|$)", line)
        if found and ("─" in found["indent"] or found["name"] == "BeffroiError"):
            depth = 0 if found["name"] == "BeffroiError" else 1 + (len(found["indent"]) - 8) // 5
            path[depth:] = [found["name"]]
            parents[found["name"]] = path[depth - 1] if depth else ""
    return parents


def test_the_drawing_is_the_tree() -> None:
    public = {
        name: kind.__bases__[0].__name__
        for name, kind in vars(schemas.errors).items()
        if isinstance(kind, type) and issubclass(kind, BeffroiError) and kind is not BeffroiError
    }
    assert {name: parent for name, parent in drawn().items() if parent} == public


def test_every_error_of_every_room_hangs_on_the_tree() -> None:
    for room in ROOMS:
        for module in pkgutil.walk_packages([room], f"{room}."):
            if module.name == "beffroi.__main__":
                continue
            for kind in vars(importlib.import_module(module.name)).values():
                if isinstance(kind, type) and issubclass(kind, Exception) and kind.__module__ == module.name:
                    assert issubclass(kind, BeffroiError) or kind.__name__ == "BadRow", kind


def test_an_error_says_what_happened_and_what_to_do() -> None:
    assert str(BeffroiError("the file is empty", fix="send it again")) == "the file is empty; send it again"
