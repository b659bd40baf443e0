"""``beffroi demo`` as a newcomer meets it: lines, commands to copy, Ctrl-C, and no process left behind."""

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import httpx2
import psutil
import pytest

from schemas.topics import CATALOGUE
from tests.ports import free_port
from tests.sse import Feed
from tests.waiting import until

pytestmark = pytest.mark.kafka


class Demo:
    """A running demonstration."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        portal = str(free_port())
        names = {
            "DATA_DIR": str(folder), "KAFKA_PORT": "0", "PORTAL_PORT": portal, "WORKER_PORT": str(free_port()),
            "GATEWAY_PORT": str(free_port()), "WATCH_PORT": str(free_port()),
        }  # fmt: skip
        self.environment = os.environ | {f"BEFFROI_{name}": value for name, value in names.items()}
        self.url = f"http://127.0.0.1:{portal}"
        self.out = folder / "demo.out"
        command = [sys.executable, "-m", "beffroi", "demo", "--scale", "0.3", "--pause", "2"]
        with self.out.open("wb") as out:
            self.process = subprocess.Popen(
                command, env=self.environment, stdout=out, stderr=out, start_new_session=True
            )

    @property
    def text(self) -> str:
        return self.out.read_text("utf-8")

    def ready(self) -> None:
        """Wait for its invitation."""
        until(
            lambda: "follow it live" in self.text or self.process.poll() is not None, 90, "the demonstration is ready"
        )
        assert self.process.poll() is None, self.text

    def family(self) -> list[psutil.Process]:
        """Every process it started."""
        return list(psutil.Process(self.process.pid).children(recursive=True))

    def command(self, name: str) -> list[str]:
        """A command that it invites to copy."""
        found = re.search(rf"{name} +(.*)", self.text)
        assert found, self.text
        return shlex.split(found[1])


def gone(processes: list[psutil.Process]) -> bool:
    return all(not one.is_running() or one.status() == psutil.STATUS_ZOMBIE for one in processes)


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    running = Demo(tmp_path)
    yield running
    running.process.kill()
    running.process.wait()


def test_a_newcomer_sees_counts_publishes_a_file_and_stops_it_all(demo: Demo) -> None:
    demo.ready()
    for step in (
        "Kafka runs at",
        f"{len(CATALOGUE)} topics created",
        "worker ready",
        "portal ready",
        "people finish a training",
    ):
        assert re.search(rf"\d+\.\d s +.*{step}", demo.text), demo.text
    sheet = subprocess.run(demo.command("read the view"), capture_output=True, text=True, check=True).stdout
    assert "Hauts-de-France" in sheet
    with Feed(f"{demo.url}/v1/views/sessions/stream") as feed:
        feed.until("caught-up")
        publish = [sys.executable, "-m", "beffroi", *demo.command("publish a file")[1:]]
        done = subprocess.run(publish, env=demo.environment, capture_output=True, text=True, check=False)
        came = monotonic()
        assert done.returncode == 0, done.stdout + done.stderr
        assert "accepted" in done.stdout
        session = next(e for e in iter(lambda: feed.take(1)[0], None) if "SE_0002" in e.data["key"])
        assert monotonic() - came < 2
        assert session.name == "upsert"
    family = demo.family()
    assert len(family) >= 7  # Kafka, worker, portal and partners, each but the last under a guardian
    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(10) == 0, demo.text
    assert gone(family)
    assert "everything is stopped" in demo.text


def test_a_worker_that_dies_is_started_again_and_a_second_demo_is_told_of_the_first(demo: Demo) -> None:
    demo.ready()
    roles = [one for one in demo.family() if "beffroi.guardian" not in one.cmdline()]
    worker = next(one for one in roles if one.cmdline()[-1] == "worker")
    worker.kill()
    until(lambda: "the worker ended with" in demo.text, 10, "the supervisor saw it")
    until(lambda: httpx2.get(demo.url + "/health").status_code == 200, 10, "the portal serves all along")
    second = subprocess.run(
        [sys.executable, "-m", "beffroi", "demo"], env=demo.environment, capture_output=True, text=True, check=False
    )
    assert second.returncode == 75
    assert "Beffroi already runs on" in second.stderr
    down = subprocess.run([sys.executable, "-m", "beffroi", "down", "--wipe"], env=demo.environment, check=False)
    assert down.returncode == 0
    assert demo.process.wait(5) == 0
    assert not (demo.folder / "kafka").exists()


def test_kill_9_of_the_demonstration_leaves_no_process(demo: Demo) -> None:
    demo.ready()
    family = demo.family()
    demo.process.kill()
    until(lambda: gone(family), 10, "every process is gone")
