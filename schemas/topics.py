"""The catalogue of topics: name, key, partitions, retention, owner, readers."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

#: Partitions of a domain's topics on a cluster; the embedded broker uses 4.
PARTITIONS = 24

_FOREVER = {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}
#: Tombstones stay for 7 days, so that a subscriber who was away for less resumes without missing a delete.
TOMBSTONES_KEPT_MS = 7 * 24 * 3600 * 1000
_COMPACT = {"cleanup.policy": "compact"}
#: Long enough to look at what was tried.
SANDBOX_KEPT_MS = 7 * 24 * 3600 * 1000
#: What partners sent wrongly may name people: it is kept, sealed, for as long as somebody may still mend it, and no
#: longer. Kafka removes whole segments: one a day makes that 31 days at most.
SET_ASIDE_KEPT_MS = 30 * 24 * 3600 * 1000
_SET_ASIDE = {
    "cleanup.policy": "delete",
    "retention.ms": str(SET_ASIDE_KEPT_MS),
    "retention.bytes": "-1",
    "segment.ms": str(24 * 3600 * 1000),
}
_VIEW = {"cleanup.policy": "compact", "delete.retention.ms": str(TOMBSTONES_KEPT_MS)}


def _kept(milliseconds: int) -> Mapping[str, str]:
    return {"cleanup.policy": "delete", "retention.ms": str(milliseconds)}


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
        contracts: Full names of the contracts whose records it holds.
    """

    name: str
    partitions: int
    config: Mapping[str, str]
    key: str
    owner: str
    readers: str
    doc: str
    contracts: tuple[str, ...] = ()

    @property
    def is_shared(self) -> bool:
        """Whether partners write or read it, as events or views; the others are Beffroi's own."""
        return ".events." in self.name or self.name.startswith("view.")


TRAINING_EVENTS = "training.events.v1"
OFFERS_EVENTS = "offers.events.v1"
MOBILITY_EVENTS = "mobility.events.v1"
AGENDA_EVENTS = "agenda.events.v1"
EMPLOYERS_EVENTS = "employers.events.v1"
TRAINING_ENTITIES = "training.entities.v1"
CELLS = "cells.v1"
LEDGER = "ledger.v1"
SANDBOX = "sandbox.v1"
QUARANTINE = "quarantine.v1"
HEARTBEATS = "heartbeat.v1"
FAILURES = "failures.v1"
STATUS = "status.v1"
CURSORS = "cursors.v1"
GENERATIONS = "generations.v1"
RELEASE = "release.v1"
VIEW_EXITS = "view.exits.v1"
VIEW_SESSIONS = "view.sessions.v1"
VIEW_FRESHNESS = "view.freshness.v1"

#: Partitions of the ledger: fixed, for a source's entries live in the partition its name decides.
LEDGER_PARTITIONS = 4

#: Names of sources that begin so are for trying things out.
SANDBOX_SOURCES = "sandbox-"

_CONNECTORS, _PARTNERS = "connectors", "portal, partners"


def _of(domain: str, *names: str) -> tuple[str, ...]:
    return tuple(f"beffroi.{domain}.v1.{name}" for name in names)


_TRAINING = _of("training", "TrainingSession", "TrainingEnrolment", "TrainingHeadcount", "OutcomeRate")
_OFFERS = _of("offers", "JobOffer", "ImmersionOpening", "HiringTrainingRequest")
_MOBILITY = _of("mobility", "MobilityAid", "MobilityProvider")
_AGENDA = _of("agenda", "EmploymentEvent")
_EMPLOYERS = _of("employers", "EmployerContact", "EmployerReferent", "EmployerCommitment", "SkillsNeed")

CATALOGUE: tuple[Topic, ...] = (
    Topic(
        TRAINING_EVENTS, 0, _FOREVER, "root (session_id, rate_id)", _CONNECTORS, "streams",
        "every training event, in order", _TRAINING,
    ),
    Topic(
        OFFERS_EVENTS, 0, _FOREVER, "root (offer_id, opening_id, request_id)", _CONNECTORS, "streams, partners",
        "every event of offers, immersions and requests for training before hiring", _OFFERS,
    ),
    Topic(
        MOBILITY_EVENTS, 0, _FOREVER, "root (aid_id, provider_id)", _CONNECTORS, "streams, partners",
        "every event of mobility aids and who offers them", _MOBILITY,
    ),
    Topic(
        AGENDA_EVENTS, 0, _FOREVER, "root (event_id)", _CONNECTORS, "streams, partners",
        "every event of the agenda", _AGENDA,
    ),
    Topic(
        EMPLOYERS_EVENTS, 0, _FOREVER, "root (siret, need_id)", _CONNECTORS, "streams, partners of the pact alone",
        "who called on which employer, who is in charge, what was promised and what is needed", _EMPLOYERS,
    ),
    Topic(
        TRAINING_ENTITIES, 0, _COMPACT, "root, kind, source, source key", "streams", "streams",
        "the winning event of each thing and source, and the owner's checkpoint; partition n of events is partition n",
        (*_TRAINING, *_of("platform", "Checkpoint")),
    ),
    Topic(
        CELLS, 0, _COMPACT, "view, cell", "streams", "release", "absolute partial counts of each partition",
        _of("platform", "Cell", "SessionFacts"),
    ),
    Topic(
        LEDGER, LEDGER_PARTITIONS, _COMPACT, "source, kind, source key", _CONNECTORS, _CONNECTORS,
        "what each source last published: duplicates, outdated and vanished rows are found with it",
        _of("platform", "LedgerEntry"),
    ),
    Topic(
        SANDBOX, 1, _kept(SANDBOX_KEPT_MS), "root", _CONNECTORS, "nobody",
        "what partners try out under a source sandbox-…: invented, in no view",
    ),
    Topic(
        QUARANTINE, 1, _SET_ASIDE, "source", _CONNECTORS, "operators",
        "what could not be taken, with why, and what became of it: both for 30 days",
        _of("platform", "Quarantined", "QuarantineOutcome"),
    ),
    Topic(
        HEARTBEATS, 1, _COMPACT, "source", _CONNECTORS, "release", "when each source was last heard",
        _of("platform", "Heartbeat"),
    ),
    Topic(
        FAILURES, 1, _COMPACT, "source", _CONNECTORS, "operators, portal",
        "what of each source last could not be taken as a whole: at which door, when, of what kind",
        _of("platform", "SourceFailure"),
    ),
    Topic(
        STATUS, 1, _COMPACT, "source", _CONNECTORS, "operators, portal", "how each source does against its cadence",
        _of("platform", "SourceStatus"),
    ),
    Topic(
        CURSORS, 1, _COMPACT, "source", _CONNECTORS, _CONNECTORS,
        "where the pollers of partners' APIs are in their sweeps",
        _of("platform", "PollCursor"),
    ),
    Topic(
        GENERATIONS, 1, _COMPACT, "state, or a view's name", "streams", "workers, release, portal",
        "which generation of the state and of each view is in force; `beffroi views rebuild` makes the next",
        _of("platform", "Generation"),
    ),
    Topic(RELEASE, 1, _FOREVER, "none", "nobody", "streams", "empty: who is assigned it holds the release role"),
    Topic(
        VIEW_EXITS, 1, _VIEW, "area|trade|window", "release", _PARTNERS, "people finishing a training",
        _of("views", "ExitsRow"),
    ),
    Topic(
        VIEW_SESSIONS, 1, _VIEW, "session_id", "release", _PARTNERS, "sessions that end or start soon",
        _of("views", "SessionsRow"),
    ),
    Topic(
        VIEW_FRESHNESS, 1, _VIEW, "source", "release", _PARTNERS, "how old each source's data are",
        _of("views", "FreshnessRow"),
    ),
)  # fmt: skip


def in_sandbox(source: str) -> bool:
    """Whether what a source publishes is invented: it gets its verdicts and reaches no domain, view or reader."""
    return source.startswith(SANDBOX_SOURCES)


def topics_of(contract: str) -> tuple[Topic, ...]:
    """The topics that hold records of a contract."""
    return tuple(topic for topic in CATALOGUE if contract in topic.contracts)


#: What partners write lies there as they wrote it, names of people included: long enough for a relay that was down over
#: the holidays, and no longer.
INBOX_KEPT_MS = 14 * 24 * 3600 * 1000
#: Verdicts hold nothing personal; a partner's engineer who was on leave still finds them.
VERDICTS_KEPT_MS = 30 * 24 * 3600 * 1000
#: The verdict on a record lies in the partition of the record's number.
INBOX_PARTITIONS = 4


def inbox_topic(partner: str) -> str:
    """Where a partner who speaks Kafka writes."""
    return f"inbox.{partner}.v1"


def verdicts_topic(partner: str) -> str:
    """Where it gets its verdicts."""
    return f"inbox.{partner}.verdicts.v1"


def partner_topics(partner: str, prefix: str = "") -> tuple[Topic, Topic]:
    """Both topics of a partner who speaks Kafka.

    Args:
        partner: Its name in the register.
        prefix: Put before each name.
    """
    return (
        Topic(
            prefix + inbox_topic(partner), INBOX_PARTITIONS, _kept(INBOX_KEPT_MS), "the partner's own",
            partner, _CONNECTORS, "what the partner publishes, as it writes it; headers say the format",
        ),
        Topic(
            prefix + verdicts_topic(partner), INBOX_PARTITIONS, _kept(VERDICTS_KEPT_MS), "as the record",
            _CONNECTORS, partner, "verdicts on what the partner published, as JSON",
        ),
    )  # fmt: skip


#: What the workers derive from the events: a rebuild makes it anew, in topics of the next generation.
DERIVED = (TRAINING_ENTITIES, CELLS)


def of_generation(name: str, generation: int) -> str:
    """Name of a derived topic in a generation; the first has the plain name."""
    return f"{name}.g{generation}" if generation else name


def catalogue(partitions: int = PARTITIONS, prefix: str = "", generation: int = 0) -> tuple[Topic, ...]:
    """The catalogue of one deployment.

    Args:
        partitions: Partitions of events, entities and cells; 0 leaves it open.
        prefix: Put before each name; lets several deployments share a cluster.
        generation: Of the derived topics.
    """

    def named(topic: Topic) -> str:
        return prefix + (of_generation(topic.name, generation) if topic.name in DERIVED else topic.name)

    return tuple(replace(t, name=named(t), partitions=t.partitions or partitions) for t in CATALOGUE)
