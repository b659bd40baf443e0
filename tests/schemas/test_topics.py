"""The catalogue of topics."""

from schemas.contracts import sources
from schemas.topics import CATALOGUE, CELLS, TRAINING_ENTITIES, TRAINING_EVENTS, catalogue, topics_of


def test_a_deployment_chooses_the_partitions_of_its_domains_alone() -> None:
    counts = {topic.name: topic.partitions for topic in catalogue(4)}
    assert counts[TRAINING_EVENTS] == counts[TRAINING_ENTITIES] == counts[CELLS] == 4
    assert counts["view.exits.v1"] == counts["release.v1"] == 1


def test_views_are_compacted_and_keep_withdrawals_for_a_week() -> None:
    for topic in CATALOGUE:
        if topic.name.startswith("view."):
            assert topic.config == {"cleanup.policy": "compact", "delete.retention.ms": str(7 * 24 * 3600 * 1000)}


def test_a_prefix_keeps_deployments_apart() -> None:
    assert all(topic.name.startswith("lille.") for topic in catalogue(1, "lille."))


def test_every_contract_has_its_topic_and_every_topic_its_contracts() -> None:
    assert {name for topic in CATALOGUE for name in topic.contracts} == set(sources())
    assert [topic.name for topic in CATALOGUE if not topic.contracts] == ["sandbox.v1", "release.v1"]


def test_events_of_a_domain_lie_in_its_topic_alone() -> None:
    for name, schema in sources().items():
        domain = name.split(".")[1]
        if domain not in {"platform", "views"}:
            assert topics_of(name)[0].name == f"{domain}.events.v1"
            assert schema["root"] == schema["fields"][0]["name"]
