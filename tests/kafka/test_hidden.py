"""Records behind a transaction that does not end are found, and nothing else is."""

import pytest
from confluent_kafka import Producer

from connectors.kafka import admin
from connectors.kafka.clients import transactional_producer
from connectors.kafka.hidden import FORGOTTEN_S, HiddenWatch
from connectors.kafka.settings import KafkaSettings
from connectors.kafka.stuck import Progress, Where
from schemas.topics import TRAINING_EVENTS, VIEW_EXITS
from tests.ports import free_port
from tests.waiting import until


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_only_what_waits_behind_one_and_the_same_transaction_grows_old() -> None:
    progress: Progress[Where] = Progress(FORGOTTEN_S)
    ends = {("a", 0): 9, ("a", 1): 9, ("b", 0): 9}
    assert progress.waiting(0, {("a", 0): 5, ("a", 1): 5, ("b", 0): 9}, ends) == {("a", 0): 0, ("a", 1): 0}
    assert progress.waiting(40, {("a", 0): 5, ("a", 1): 7, ("b", 0): 9}, ends) == {("a", 0): 40, ("a", 1): 0}
    assert progress.waiting(50, {("a", 0): 9, ("a", 1): 7, ("b", 0): 9}, ends) == {("a", 1): 10}


def begun(kafka: KafkaSettings, topic: str, name: str) -> Producer:
    """A producer in the middle of a transaction, a record of which is in its topic."""
    client = transactional_producer(kafka, name, 60_000)
    client.init_transactions(30)
    client.begin_transaction()
    client.produce(topic, b"in the middle", b"a key", 0)
    assert client.flush(10) == 0
    return client


@pytest.mark.kafka
def test_a_transaction_that_does_not_end_is_told_of(kafka: KafkaSettings, topics: str) -> None:
    time = Time()
    watch = HiddenWatch(kafka, topics, time)
    client = begun(kafka, topics + VIEW_EXITS, f"{topics}hangs")
    first = until(watch.look, 30, "the cluster answers") or {}
    assert set(first.values()) == {0.0}
    assert {VIEW_EXITS, TRAINING_EVENTS} <= first.keys()
    time.now = FORGOTTEN_S + 1
    assert {topic: age for topic, age in (watch.look() or {}).items() if age} == {VIEW_EXITS: FORGOTTEN_S + 1}
    client.abort_transaction(30)
    until(lambda: set((watch.look() or {}).values()) == {0.0}, 30, "it is seen again")


def test_of_a_cluster_that_does_not_answer_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin, "REQUEST_TIMEOUT_S", 0.5)
    assert HiddenWatch(KafkaSettings(bootstrap=f"127.0.0.1:{free_port()}"), "", Time()).look() is None
