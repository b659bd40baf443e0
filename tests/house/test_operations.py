"""What operators rely on: alerts that fire, runbooks that exist, metrics that are there."""

import re
import shutil
import subprocess
from pathlib import Path

from prometheus_client import CollectorRegistry

from monitoring.gateway import GatewayMetrics
from monitoring.inbox import InboxMetrics
from monitoring.polling import PollMetrics
from monitoring.portal import PortalMetrics
from monitoring.relay import RelayMetrics
from monitoring.release import ReleaseMetrics
from monitoring.streams import StreamMetrics
from monitoring.watch import WatchMetrics

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "monitoring" / "prometheus"


def promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    found = shutil.which("promtool")
    assert found, "promtool is missing: apt install prometheus"
    return subprocess.run([found, *arguments], cwd=PROMETHEUS, capture_output=True, text=True, check=False)


def metrics() -> set[str]:
    registry = CollectorRegistry()
    StreamMetrics(registry)
    ReleaseMetrics(registry)
    PortalMetrics(registry)
    GatewayMetrics(registry)
    PollMetrics(registry, "offres")
    InboxMetrics(registry, ["taken"])
    RelayMetrics(registry, ["partner"], lambda: 0.0)
    WatchMetrics(registry)
    return {f"{one.name}_total" if one.type == "counter" else one.name for one in registry.collect()}


def test_every_alert_fires_when_it_should() -> None:
    for what, file in (("check", "rules.yml"), ("test", "rules.test.yml"), ("test", "slow.rules.test.yml")):
        done = promtool(what, "rules", f"beffroi.{file}")
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_has_a_runbook_and_speaks_of_metrics_that_exist() -> None:
    text = (PROMETHEUS / "beffroi.rules.yml").read_text("utf-8")
    runbooks = re.findall(r"runbook: (\S+)", text)
    assert len(runbooks) == text.count("- alert:")
    assert all((ROOT / runbook).is_file() for runbook in runbooks)
    assert set(re.findall(r"beffroi_\w+", text)) <= metrics()


def test_metrics_have_base_units_and_our_prefix() -> None:
    for name in metrics():
        assert name.startswith("beffroi_")
        assert not re.search(r"_(ms|millis|minutes|kb|mb)(_|$)", name)
