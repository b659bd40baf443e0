"""Who runs in ``beffroi up``: worker, portal, gateway, watch always, the other doors where settings open them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from beffroi.settings import ENV_PREFIX, Settings
from schemas.registers import partners_register


@dataclass(frozen=True, slots=True)
class Role:
    """One process.

    Attributes:
        name: What people call it.
        command: Arguments of ``beffroi``.
        host: Where it answers ``/health``.
        port: The same.
        settings: Its own, by variable.
    """

    name: str
    command: tuple[str, ...]
    host: str
    port: int
    settings: Mapping[str, str] = field(default_factory=dict)


def roles(settings: Settings) -> Iterator[Role]:
    """The processes of a deployment on one machine, in the order in which they start."""
    yield Role("worker", ("worker",), settings.worker_host, settings.worker_port)
    yield Role("portal", ("portal",), settings.portal_host, settings.portal_port)
    yield Role("gateway", ("gateway",), settings.gateway_host, settings.gateway_port)
    yield Role("watch", ("watch",), settings.watch_host, settings.watch_port)
    if settings.inbox_dir is not None:
        yield Role("inbox", ("inbox", str(settings.inbox_dir)), settings.inbox_host, settings.inbox_port)
    if partners_register(settings.partners_register):
        yield Role("relay", ("relay",), settings.relay_host, settings.relay_port)
    for number, source in enumerate(settings.poll_sources):
        port = settings.relay_port + 1 + number  # one process for each source, each on a port of its own
        command = ("poll", source, "--every", "1h")
        yield Role(f"poll-{source}", command, settings.poll_host, port, {f"{ENV_PREFIX}POLL_PORT": str(port)})
