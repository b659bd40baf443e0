"""Names of a module or class replaced for a while: where the product touches its process, and for seeded bugs."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def replaced(owner: object, **names: object) -> Iterator[None]:
    """Replace attributes that exist; put them back at the end."""
    held = {name: vars(owner)[name] for name in names}  # KeyError: the product has no such name any more
    try:
        for name, value in names.items():
            setattr(owner, name, value)
        yield
    finally:
        for name, value in held.items():
            setattr(owner, name, value)
