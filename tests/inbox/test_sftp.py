"""Files that are fetched from a partner's server: whole or not at all, from the right server, once on the bus."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import asyncssh
import pytest

from connectors.inbox import Fetcher, Server
from connectors.kafka.settings import KafkaSettings
from schemas.errors import SettingsError, SourceRefused, SourceUnavailable
from tests.inbox.dropping import EARLY, LATE, Box, InboxProcess
from tests.inbox.server import Partner
from tests.waiting import until

pytestmark = pytest.mark.kafka
NEVER = Event()


@pytest.fixture
def partner(tmp_path: Path) -> Iterator[Partner]:
    with Partner(tmp_path) as running:
        yield running


@pytest.fixture
def box(kafka: KafkaSettings, topics: str, tmp_path: Path) -> Box:
    return Box(kafka, topics, tmp_path)


class Ticks:
    """A clock that the test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def fetcher(partner: Partner, box: Box, settle_s: float = 0, ticks: Ticks | None = None) -> Fetcher:
    server = Server.at(partner.url, partner.known_hosts, partner.key, None)
    return Fetcher(
        server, box.root, {"kairos"}, metrics=box.metrics, health=box.health, settle_s=settle_s, ticks=ticks or Ticks()
    )


def local(box: Box) -> list[str]:
    """What lies in the source's folder, hidden or not."""
    return sorted(path.name for path in box.source.iterdir() if path.is_file())


def test_a_file_is_fetched_taken_and_moved_at_the_server_and_the_same_content_again_is_no_event(
    partner: Partner, box: Box
) -> None:
    content = partner.drop(EARLY, 3).read_bytes()
    partner.drop("later.csv.part", 1)
    (partner.source / "a-link.csv").symlink_to(partner.known_hosts)
    running = fetcher(partner, box)
    assert running.look(NEVER) == 1
    assert (box.source / EARLY).read_bytes() == content
    assert box.once() == ["taken"]
    assert (partner.source / ".done" / EARLY).read_bytes() == content
    assert sorted(path.name for path in partner.source.iterdir()) == [".done", "a-link.csv", "later.csv.part"]
    assert [where for where, _ in running.obstacles] == ["kairos"], "the link is told, and not followed"
    partner.drop(EARLY, 3)
    assert running.look(NEVER) == 1
    assert box.once() == ["known"]
    assert (partner.source / ".done" / "stagiaires_2026-11-20~2.csv").exists()
    assert len(box.events()) == 4


def test_a_file_that_still_grows_waits_and_one_that_grows_while_it_is_fetched_is_not_taken(
    partner: Partner, box: Box
) -> None:
    ticks = Ticks()
    running, path = fetcher(partner, box, 2, ticks), partner.drop(EARLY, 3)
    for _ in range(3):
        ticks.now += 1.5
        path.write_bytes(path.read_bytes() + b"more\n")
        assert running.look(NEVER) == 0
    ticks.now += 2
    partner.harm.grows = path
    assert running.look(NEVER) == 0
    assert local(box) == []
    ticks.now += 2
    assert running.look(NEVER) == 0, "it changed a moment ago"
    ticks.now += 2
    assert running.look(NEVER) == 1


def test_a_connection_that_is_cut_in_mid_file_leaves_nothing_and_the_next_look_fetches_it(
    partner: Partner, box: Box
) -> None:
    content = partner.drop(EARLY, 3_000).read_bytes()
    partner.harm.cut_after = len(content) // 2
    running = fetcher(partner, box)
    with pytest.raises(SourceUnavailable, match="lost"):
        running.look(NEVER)
    assert partner.harm.cuts
    assert not [name for name in local(box) if not name.startswith(".")]
    assert (partner.source / EARLY).exists()
    partner.harm.cut_after = None
    assert running.look(NEVER) == 1
    assert (box.source / EARLY).read_bytes() == content
    assert local(box) == [EARLY]


def test_a_server_with_another_key_than_the_known_one_gets_nothing_from_us(partner: Partner, box: Box) -> None:
    partner.drop(EARLY, 3)
    partner.trust(asyncssh.generate_private_key("ssh-ed25519"))
    with pytest.raises(SourceRefused, match="is not the one in"):
        fetcher(partner, box).look(NEVER)
    partner.known_hosts.write_text("")
    before = partner.known_hosts.read_bytes()
    with pytest.raises(SourceRefused, match="host key of"):
        fetcher(partner, box).look(NEVER)
    assert partner.known_hosts.read_bytes() == before, "no key is learnt"
    partner.known_hosts.unlink()
    with pytest.raises(SettingsError, match="no file of known hosts"):
        fetcher(partner, box)
    assert local(box) == []


def test_who_is_not_let_in_is_told_so(partner: Partner, box: Box) -> None:
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(partner.key)
    with pytest.raises(SourceRefused, match="does not let beffroi in"):
        fetcher(partner, box).look(NEVER)
    with pytest.raises(SettingsError, match="not of the form"):
        Server.at("sftp://beffroi:secret@127.0.0.1/", partner.known_hosts, partner.key, None)


def test_a_file_that_may_not_be_read_or_moved_is_told_and_stops_no_other(partner: Partner, box: Box) -> None:
    partner.drop(EARLY, 3)
    partner.harm.denied = {"open"}
    running = fetcher(partner, box)
    assert running.look(NEVER) == 0
    assert running.obstacles == {("kairos", "permission denied")}
    assert box.health.report() == (False, {"last_failure": "kairos: permission denied"})
    partner.harm.denied = {"rename"}
    running.look(NEVER)
    assert box.once() == ["taken"]
    for _ in range(2):
        assert running.look(NEVER) == 0, "it is not fetched again and again"
    assert local(box) == []
    partner.harm.denied = set()
    running.look(NEVER)
    assert (running.obstacles, box.health.report()[0]) == (set(), True)
    assert (partner.source / ".done" / EARLY).exists()


def test_killed_in_mid_file_nothing_of_it_is_taken_and_afterwards_all_of_it_once(
    partner: Partner, box: Box, kafka: KafkaSettings, topics: str, tmp_path: Path
) -> None:
    people = 3_000
    content = partner.drop(EARLY, people).read_bytes()
    partner.harm.stall_after = len(content) // 2
    told = {"SFTP_KNOWN_HOSTS": str(partner.known_hosts), "SFTP_KEY": str(partner.key), "SFTP_EVERY_S": "0.3"}
    with InboxProcess(kafka.bootstrap, topics, tmp_path, "--from", partner.url, **told) as killed:
        until(partner.harm.stalled.is_set, 20, f"it is in mid-file {killed.log()}")
        killed.process.kill()
        killed.process.wait()
    assert all(name.startswith(".fetching-") for name in local(box)), "a part of a file looks like a whole one"
    assert box.events() == []
    partner.release()
    with InboxProcess(kafka.bootstrap, topics, tmp_path, "--from", partner.url, **told) as second:
        until((box.source / ".done" / EARLY).exists, 20, f"it is taken, see {second.log()}")
        partner.drop(LATE, 1)
        until((partner.source / ".done" / LATE).exists, 10, "the next one is fetched")
        until((box.source / ".done" / LATE).exists, 10, "and taken")
        assert "beffroi_inbox_fetched_files_total 2.0" in second.page("/metrics")
        assert second.ended() == 0, second.log()
    told_once = Counter((one["source_key"], "person" in one) for one in box.events())
    assert (len(told_once), set(told_once.values())) == (people + 1, {1})
