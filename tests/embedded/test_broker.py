"""The embedded broker with real processes: kept data, kills, ports in use."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import psutil
import pytest
from confluent_kafka import KafkaException

from beffroi.embedded import EmbeddedKafka, Identity
from beffroi.embedded.broker import not_started
from beffroi.embedded.config import Node, properties
from beffroi.embedded.install import java_version
from beffroi.settings import user_dir
from connectors.kafka import admin
from connectors.kafka.clients import producer, transactional_producer
from connectors.kafka.settings import KafkaSettings
from schemas.errors import EmbeddedKafkaError
from schemas.topics import QUARANTINE, TRAINING_EVENTS, catalogue
from tests.bus import messages
from tests.waiting import until

pytestmark = pytest.mark.kafka
CACHE = user_dir("cache", os.environ, sys.platform, Path.home())


def put(bootstrap: str, value: bytes) -> None:
    """One acknowledged record."""
    client = producer(KafkaSettings(bootstrap=bootstrap))
    client.produce(QUARANTINE, key=b"k", value=value)
    assert client.flush(10) == 0


def held(bootstrap: str) -> list[bytes]:
    return [one.value() or b"" for one in messages(KafkaSettings(bootstrap=bootstrap), QUARANTINE, 1)]


def jvm_of(folder: Path) -> psutil.Process:
    """The broker's own process, by its state file."""
    import json

    return psutil.Process(json.loads((folder / "broker.json").read_text())["pid"])


def test_what_is_acknowledged_survives_a_stop_and_a_kill_9(tmp_path: Path) -> None:
    with EmbeddedKafka(tmp_path, CACHE) as first:
        settings = KafkaSettings(bootstrap=first.bootstrap)
        admin.apply(settings, admin.plan({}, catalogue(1)), 1)
        put(first.bootstrap, b"before a stop")
    assert EmbeddedKafka.running(tmp_path) is None
    second = EmbeddedKafka(tmp_path, CACHE)
    put(second.start(), b"before a kill")
    jvm_of(tmp_path).kill()
    until(lambda: not second.alive, 10, "the guardian sees the end")
    second.stop()
    with EmbeddedKafka(tmp_path, CACHE) as third:
        assert held(third.bootstrap) == [b"before a stop", b"before a kill"]


WRITERS = 8


def commit_until(settings: KafkaSettings, number: int, counts: list[int], stop: threading.Event) -> None:
    """Small transactions into a partition of our own, one after the other; counts those that were acknowledged."""
    client = transactional_producer(settings, f"writer-{number}")
    client.init_transactions(30)
    while not stop.is_set():
        client.begin_transaction()
        client.produce(TRAINING_EVENTS, b"%d" % counts[number], partition=number)
        try:
            client.commit_transaction(3)
        except KafkaException:
            return  # nobody knows what became of the last one
        counts[number] += 1


def under_way(counts: list[int], before: list[int]) -> None:
    """Wait until every writer committed some."""
    until(lambda: min(map(int.__sub__, counts, before)) > 5, 30, "transactions are under way")


def test_what_was_committed_is_seen_after_a_stop_in_the_middle_of_transactions(tmp_path: Path) -> None:
    """Kafka 4.3.0 to 4.4.0 forget markers of transactions when they stop (KAFKA-20734), in every second round or so."""
    broker, counts = EmbeddedKafka(tmp_path, CACHE), [0] * WRITERS
    settings = KafkaSettings(bootstrap=broker.start())
    admin.apply(settings, admin.plan({}, catalogue(WRITERS)), 1)
    for _ in range(3):
        before, stop = list(counts), threading.Event()
        writers = [
            threading.Thread(target=commit_until, args=(settings, number, counts, stop)) for number in range(WRITERS)
        ]
        for one in writers:
            one.start()
        under_way(counts, before)
        broker.stop()
        stop.set()
        for one in writers:
            one.join()
        broker.start()
    for number in range(WRITERS):  # whoever takes over ends what is open
        transactional_producer(settings, f"writer-{number}").init_transactions(30)
    seen = Counter(message.partition() for message in messages(settings, TRAINING_EVENTS, WRITERS))
    assert all(seen[number] >= counts[number] for number in range(WRITERS)), (seen, counts)
    broker.stop()


def test_a_folder_of_a_newer_kafka_is_told_of(tmp_path: Path) -> None:
    words = "UnsupportedVersionException: Can't read version 4 of BrokerEndpoint"  # 4.2.2 on a folder of 4.3.0
    told = str(not_started(tmp_path, words, tmp_path / "kafka.log"))
    assert f"{tmp_path} was written by a Kafka newer than" in told
    assert "beffroi down --wipe" in told
    assert "its whole log is" in str(not_started(tmp_path, "it said nothing", tmp_path / "kafka.log"))


PARENT = """
import sys
import threading
from collections import Counter
from pathlib import Path
from beffroi.embedded import EmbeddedKafka
broker = EmbeddedKafka(Path(sys.argv[1]), Path(sys.argv[2]))
print(broker.start(), flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("victim", ["parent", "guardian"])
def test_no_orphan_is_left_when_somebody_is_killed(tmp_path: Path, victim: str) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path), str(CACHE)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert parent.stdout is not None
    assert parent.stdout.readline()
    jvm = jvm_of(tmp_path)
    guardian = jvm.parent()
    assert guardian is not None
    os.kill(parent.pid if victim == "parent" else guardian.pid, signal.SIGKILL)
    until(lambda: not jvm.is_running() or jvm.status() == psutil.STATUS_ZOMBIE, 10, "the broker is gone")
    parent.kill()
    parent.communicate()
    assert EmbeddedKafka.running(tmp_path) is None
    with EmbeddedKafka(tmp_path, CACHE) as again:  # what was left behind blocks nobody
        assert EmbeddedKafka.running(tmp_path) == again.bootstrap


def test_a_second_broker_on_the_same_folder_is_told_of_the_first(tmp_path: Path) -> None:
    with EmbeddedKafka(tmp_path, CACHE) as first, pytest.raises(EmbeddedKafkaError) as caught:
        EmbeddedKafka(tmp_path, CACHE).start()
    assert f"a broker already runs on {tmp_path}, at {first.bootstrap}" in str(caught.value)


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(EmbeddedKafkaError, match=rf"port {port} is in use .* BEFFROI_KAFKA_PORT"):
            EmbeddedKafka(tmp_path, CACHE, port).start()


def test_a_state_file_of_a_process_that_is_gone_is_stale(tmp_path: Path) -> None:
    (tmp_path / "broker.json").write_text('{"address": "127.0.0.1:1", "pid": 1, "started": 5.0}')
    assert EmbeddedKafka.running(tmp_path) is None
    (tmp_path / "broker.json").write_text("cut in the mid")
    assert EmbeddedKafka.running(tmp_path) is None
    assert Identity.of(os.getpid()).alive


def test_without_network_the_first_start_says_what_is_missing(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from beffroi.embedded.install import jars\n"
        "from schemas.errors import EmbeddedKafkaError\n"
        "try: jars(Path(sys.argv[1]), print)\n"
        "except EmbeddedKafkaError as error: print(error)"
    )
    nowhere = {"HTTPS_PROXY": "http://127.0.0.1:1", "HTTP_PROXY": "http://127.0.0.1:1", "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "cache")],
        env={key: value for key, value in os.environ.items() if "proxy" not in key.lower()} | nowhere,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "Kafka's jars cannot be fetched" in done.stdout, done.stderr
    assert "set BEFFROI_KAFKA=host:port" in done.stdout


@pytest.mark.parametrize(
    ("text", "version"), [('openjdk version "17.0.15" 2025-04-15', 17), ('java version "1.8.0_442"', 8), ("none", 0)]
)
def test_versions_of_java_are_read(text: str, version: int) -> None:
    assert java_version(text) == version


def test_three_nodes_know_each_other(tmp_path: Path) -> None:
    voters = tuple(f"{n}@127.0.0.1:{9000 + n}" for n in (1, 2, 3))
    text = properties(Node(2, 9092, 9002, tmp_path, voters, replication=3))
    assert "node.id=2\n" in text
    assert f"controller.quorum.voters={','.join(voters)}\n" in text
    assert "min.insync.replicas=2\n" in text
