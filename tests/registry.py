"""A real schema registry without Docker: Apicurio Registry from its Maven artifact, in memory."""

import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
from jgo.maven import MavenContext

from beffroi.embedded.install import java
from beffroi.settings import user_dir
from tests.ports import free_port
from tests.waiting import until

VERSION = "2.6.13.Final"
#: Where it speaks Confluent's API.
COMPATIBLE_API = "/apis/ccompat/v7"


def installed() -> Path:
    """The unpacked registry, downloaded on first use (142 MB)."""
    folder = user_dir("cache", os.environ, sys.platform, Path.home()) / f"apicurio-registry-{VERSION}"
    if not folder.is_dir():
        component = MavenContext(timeout=60).project("io.apicurio", "apicurio-registry-app").at_version(VERSION)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as half:
            with tarfile.open(component.artifact("all", "tar.gz").resolve()) as archive:
                archive.extractall(half, filter="data")
            Path(half).rename(folder)
            Path(half).mkdir()
    return folder


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """The URL of a registry that answers; empty at first, and gone at the end."""
    port = free_port()
    (jar,) = installed().glob("*-runner.jar")
    flags = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dquarkus.http.host=127.0.0.1"]
    command = [str(java()), *flags, f"-Dquarkus.http.port={port}", "-jar", str(jar)]
    with (folder / "registry.log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT)
        try:
            url = f"http://127.0.0.1:{port}"
            until(lambda: answers(f"{url}/health/ready"), 60, "the registry answers")
            yield url + COMPATIBLE_API
        finally:
            process.terminate()
            process.wait(20)


def answers(url: str) -> bool:
    """Whether a page is served."""
    try:
        return httpx2.get(url, timeout=2).status_code == httpx2.codes.OK
    except httpx2.HTTPError:
        return False
