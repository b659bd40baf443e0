"""The embedded broker with real processes: kept data, kills, ports in use."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from beffroi.embedded import EmbeddedKafka, Identity
from beffroi.embedded.config import Node, properties
from beffroi.embedded.install import java_version
from beffroi.settings import user_dir
from connectors.kafka import admin
from connectors.kafka.clients import producer
from connectors.kafka.settings import KafkaSettings
from schemas.errors import EmbeddedKafkaError
from schemas.topics import QUARANTINE, catalogue
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


PARENT = """
import sys
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
