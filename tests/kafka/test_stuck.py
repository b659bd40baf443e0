"""A reader that hears nothing although something is there finds it out; one that has nothing to hear does not."""

from typing import Any

import pytest
from confluent_kafka import Producer

from connectors.kafka import stuck
from connectors.kafka.clients import reader, transactional_producer
from connectors.kafka.settings import KafkaSettings
from connectors.kafka.stuck import PATIENCE_S, Follower
from portal.readmodel import ReadModel
from portal.settings import PortalSettings
from schemas.clock import system_clock
from schemas.errors import KafkaUnavailable
from schemas.topics import VIEW_EXITS
from tests.portal.conftest import Views
from tests.waiting import until

pytestmark = pytest.mark.kafka


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Client:
    """A client that loses its partitions, without a word, when it is told to."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._real = reader(kafka)
        self.assign, self.close = self._real.assign, self._real.close
        self.deaf = False

    def consume(self, most: int, wait_s: float) -> list[Any]:
        return [] if self.deaf else self._real.consume(most, wait_s)


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> list[Client]:
    """Those that were made, the last one last."""
    made: list[Client] = []

    def make(kafka: KafkaSettings) -> Client:
        made.append(Client(kafka))
        return made[-1]

    monkeypatch.setattr(stuck, "reader", make)
    return made


@pytest.fixture
def writer(kafka: KafkaSettings, topics: str) -> Producer:
    """Of transactions."""
    made = transactional_producer(kafka, f"{topics}writer", 60_000)
    made.init_transactions(30)
    return made


def say(writer: Producer, topic: str, *, committed: bool = True) -> None:
    """A record in a transaction."""
    writer.begin_transaction()
    writer.produce(topic, b"said", b"a key", 0)
    assert writer.flush(10) == 0
    if committed:
        writer.commit_transaction(20)
    else:
        writer.abort_transaction(20)


def heard(follower: Follower, time: Time, seconds: int) -> int:
    """How many records came in so many seconds, which pass at once."""
    count = 0
    for _ in range(seconds):
        time.now += 1.0
        count += sum(message.error() is None for message in follower.consume(100, 0.05))
    return count


def test_a_reader_that_is_as_far_as_anybody_may_be_silent_for_long(
    kafka: KafkaSettings, topics: str, clients: list[Client], writer: Producer
) -> None:
    time, topic = Time(), topics + VIEW_EXITS
    with Follower(kafka, {(topic, 0): 0}, time) as follower:
        say(writer, topic)
        say(writer, topic, committed=False)  # what it ends with is no record, and no reader is told of it
        until(lambda: heard(follower, time, 1), 20, "what was committed comes")
        assert heard(follower, time, 200) == 0
        writer.begin_transaction()
        writer.produce(topic, b"in the middle", b"a key", 0)
        assert writer.flush(10) == 0
        assert heard(follower, time, 200) == 0  # it waits for somebody else's transaction, not for its client
        writer.abort_transaction(20)
        assert len(clients) == 1


def test_a_reader_whose_client_lost_its_partition_says_so(
    kafka: KafkaSettings, topics: str, clients: list[Client], writer: Producer
) -> None:
    time, topic = Time(), topics + VIEW_EXITS
    with Follower(kafka, {(topic, 0): 0}, time) as follower:
        say(writer, topic)
        until(lambda: heard(follower, time, 1), 20, "it hears")
        clients[0].deaf = True
        say(writer, topic)
        time.now += 1_000.0  # a long publication, say: only silence while it listens counts
        assert heard(follower, time, round(PATIENCE_S) - 5) == 0
        with pytest.raises(KafkaUnavailable, match=f"nothing of {topic}/0 was heard for"):
            heard(follower, time, 30)


def test_a_portal_whose_client_lost_its_partitions_goes_on_with_another(
    kafka: KafkaSettings, topics: str, clients: list[Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stuck, "LOOK_S", 0.2)
    monkeypatch.setattr(stuck, "PATIENCE_S", 1.0)
    views = Views(kafka, topics)
    views.exits("region:32", "all", "P30D", 10)
    model = ReadModel(PortalSettings(kafka=kafka, prefix=topics), system_clock)
    model.start()
    try:
        view = model.views["exits"]
        until(lambda: len(view.rows) == 1, 20, "it hears")
        clients[0].deaf = True
        views.exits("arrondissement:627", "all", "P30D", 5)
        until(lambda: len(view.rows) == 2, 20, "it hears again")
        assert len(clients) == 2
    finally:
        model.stop()
