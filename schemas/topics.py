"""The catalogue of topics: name, key, partitions, retention, owner, readers."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

#: Partitions of a domain's topics on a cluster; the embedded broker uses 4.
PARTITIONS = 24

_FOREVER = {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}
#: Tombstones stay for 7 days, so that a subscriber who was away for less resumes without missing a delete.
TOMBSTONES_KEPT_MS = 7 * 24 * 3600 * 1000
_COMPACT = {"cleanup.policy": "compact"}
_VIEW = {"cleanup.policy": "compact", "delete.retention.ms": str(TOMBSTONES_KEPT_MS)}


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic.

    Attributes:
        name: Full name, with its major version.
        partitions: Number of partitions; 0 stands for the deployment's own number.
        config: Topic-level settings of Kafka.
        key: What the key of a record is.
        owner: The room that writes it.
        readers: Who reads it.
        doc: What it holds.
    """

    name: str
    partitions: int
    config: Mapping[str, str]
    key: str
    owner: str
    readers: str
    doc: str


TRAINING_EVENTS = "training.events.v1"
TRAINING_ENTITIES = "training.entities.v1"
CELLS = "cells.v1"
LEDGER = "ledger.v1"
QUARANTINE = "quarantine.v1"
HEARTBEATS = "heartbeat.v1"
RELEASE = "release.v1"
VIEW_EXITS = "view.exits.v1"
VIEW_SESSIONS = "view.sessions.v1"
VIEW_FRESHNESS = "view.freshness.v1"

#: Partitions of the ledger: fixed, for a source's entries live in the partition its name decides.
LEDGER_PARTITIONS = 4

CATALOGUE: tuple[Topic, ...] = (
    Topic(TRAINING_EVENTS, 0, _FOREVER, "root (session_id)", "connectors", "streams", "every training event, in order"),
    Topic(
        TRAINING_ENTITIES, 0, _COMPACT, "root, kind, source, source key", "streams", "streams",
        "the winning event of each thing and source, and the owner's checkpoint; partition n of events is partition n",
    ),
    Topic(CELLS, 0, _COMPACT, "view, cell", "streams", "release", "absolute partial counts of each partition"),
    Topic(
        LEDGER, LEDGER_PARTITIONS, _COMPACT, "source, kind, source key", "connectors", "connectors",
        "what each source last published: duplicates, outdated and vanished rows are found with it",
    ),
    Topic(QUARANTINE, 1, _FOREVER, "source", "connectors", "operators", "what could not be taken, with why"),
    Topic(HEARTBEATS, 1, _COMPACT, "source", "connectors", "release", "when each source was last heard"),
    Topic(RELEASE, 1, _FOREVER, "none", "nobody", "streams", "empty: who is assigned it holds the release role"),
    Topic(VIEW_EXITS, 1, _VIEW, "area|trade|window", "release", "portal, partners", "people finishing a training"),
    Topic(VIEW_SESSIONS, 1, _VIEW, "session_id", "release", "portal, partners", "sessions that end or start soon"),
    Topic(VIEW_FRESHNESS, 1, _VIEW, "source", "release", "portal, partners", "how old each source's data are"),
)  # fmt: skip


def catalogue(partitions: int = PARTITIONS, prefix: str = "") -> tuple[Topic, ...]:
    """The catalogue of one deployment.

    Args:
        partitions: Partitions of events, entities and cells.
        prefix: Put before each name; lets several deployments share a cluster.
    """
    return tuple(replace(t, name=prefix + t.name, partitions=t.partitions or partitions) for t in CATALOGUE)
