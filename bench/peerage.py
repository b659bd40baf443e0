"""The peers: installed on demand in environments of their own, never in ours; each run once in a process of its own."""

import json
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from beffroi.embedded.install import java
from bench.machine import CACHE, ROOT, cores, on
from bench.running import Run
from connectors.kafka.settings import KafkaSettings
from schemas.contracts import TRAINING_ENROLMENT, TRAINING_SESSION, lock_file

PEERS: Final = ROOT / "bench" / "peers"
STREAMS: Final = "org.apache.kafka:kafka-streams:4.3.0+org.slf4j:slf4j-nop:1.7.36"
#: Events on which the JVM is warm: three whole rounds over the topic before the one that is measured.
WARM_UP_ROUNDS: Final = 3
_PATIENCE_S: Final = 400


@dataclass(frozen=True, slots=True)
class Job:
    """What a peer is to do.

    Attributes:
        kafka: The broker.
        topic: Where the events are.
        events: How many there are.
        folder: For the job's file and its result.
    """

    kafka: KafkaSettings
    topic: str
    events: int
    folder: Path

    @property
    def result(self) -> Path:
        """Where the peer writes what it did."""
        return self.folder / "result.json"

    def written(self) -> Path:
        """The job as a file for the peers in Python."""
        lock, path = lock_file(), self.folder / "job.json"
        contracts = [lock.by_name(name) for name in (TRAINING_ENROLMENT, TRAINING_SESSION)]
        job: dict[str, Any] = {
            "bootstrap": self.kafka.bootstrap, "topic": self.topic, "partitions": 4, "events": self.events,
            "schemas": {one.id: one.schema for one in contracts}, "result": str(self.result),
        }  # fmt: skip
        path.write_text(json.dumps(job))
        return path

    def run(self, command: list[str]) -> Run:
        """Run a peer on the measured core; gives what it wrote."""
        self.result.unlink(missing_ok=True)
        with on(cores()[0]):
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_PATIENCE_S)
        if not self.result.exists():
            raise RuntimeError(f"{command[0]} gave no result: {done.stderr[-2000:]}")
        found = json.loads(self.result.read_text())
        run = Run(found["events"], found["seconds"], found["processor"])
        run.cells.update(found["cells"])
        return run


def plain_loop(job: Job) -> Run:
    """Needs nothing that we do not have."""
    return job.run([sys.executable, str(PEERS / "plain_loop.py"), str(job.written())])


def python_peer(name: str, job: Job) -> Run:
    """A peer in Python, in its own environment."""
    return job.run([str(_environment(name)), str(PEERS / f"{name}.py"), str(job.written())])


def _environment(name: str) -> Path:
    """The interpreter of a peer's environment; made the first time, and when its requirements changed."""
    folder, wanted = CACHE / "bench" / name, (PEERS / f"{name}.txt").read_text()
    python, mark = folder / "bin" / "python", folder / "requirements.txt"
    if not mark.exists() or mark.read_text() != wanted:
        print(f"installing {', '.join(wanted.split())}")
        venv.create(folder, with_pip=True, clear=True)
        command = [str(python), "-m", "pip", "install", "-q", "-r", str(PEERS / f"{name}.txt")]
        subprocess.run(command, check=True)
        mark.write_text(wanted)
    return python


def kafka_streams(job: Job) -> Run | None:
    """Kafka Streams, compiled here; None where no JDK is."""
    compiler = shutil.which("javac")
    if compiler is None:
        return None
    import jgo

    class_path = ":".join(str(path) for path in jgo.build(STREAMS, cache_dir=CACHE / "jgo").all_jars)
    classes = CACHE / "bench" / "kafka_streams"
    classes.mkdir(parents=True, exist_ok=True)
    source = PEERS / "kafka_streams" / "Peer.java"
    subprocess.run([compiler, "--release", "17", "-cp", class_path, "-d", str(classes), str(source)], check=True)
    number = lock_file().by_name(TRAINING_ENROLMENT).id
    arguments = [job.kafka.bootstrap, job.topic, job.events, number, WARM_UP_ROUNDS, job.result]
    flags = ["-Xmx1g", "-XX:+UseSerialGC", "-cp", f"{classes}:{class_path}"]
    return job.run([str(java()), *flags, "Peer", *(str(one) for one in arguments)])
