"""How something is written, which source it is published for, and whether its sender may."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

from connectors.formats.base import Format
from connectors.formats.names import find, nearest
from connectors.gateway.problems import Rejected
from schemas.registers import Source

#: The contracts of each source that is registered, by its name.
Registered = Mapping[str, AbstractSet[str]]


def contracts_of(sources: Iterable[Source]) -> Registered:
    """What registered sources write."""
    return {one.name: frozenset(one.contracts) for one in sources}


def named(name: str, known: Mapping[str, Format]) -> Format:
    """A format by its name, a contract also by its last part; raises Rejected with the nearest name for none."""
    form = find(name, known)
    if form is None:
        raise Rejected("unknown-format", nearest=nearest(name, known), known=sorted(known))
    return form


def source_for(own: AbstractSet[str], form: Format, wanted: str | None, registered: Registered) -> str:
    """The one source that something is for.

    Args:
        own: The sources of its sender.
        form: How it is written.
        wanted: The source that was named.
        registered: What sources are known to write.

    Raises:
        Rejected: It is not the sender's, does not speak of such, or could be several.
    """
    source = wanted or _only(own, form)
    if source not in own:
        raise Rejected("forbidden", "another source than yours", sources=sorted(own))
    contracts = registered.get(source)
    if contracts is not None and not contracts & form.writes.keys():
        raise Rejected("forbidden", f"source {source} is not registered for {form.name}", known=sorted(contracts))
    return source


def _only(own: AbstractSet[str], form: Format) -> str:
    if len(own) == 1:
        return next(iter(own))
    if form.default_source in own:
        return form.default_source
    raise Rejected("query", "you have several sources: say which one it is", sources=sorted(own))
