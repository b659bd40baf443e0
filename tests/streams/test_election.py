"""The role is in step with the group: paused while it decides, and never carried over a generation that was missed."""

import asyncio
from time import monotonic

from prometheus_client import CollectorRegistry

from monitoring.streams import StreamMetrics, WorkerHealth
from streams.agents.election import Election


class Role:
    """Notes what is asked of it."""

    def __init__(self, story: list[str]) -> None:
        self._story = story

    def start(self) -> None:
        self._story.append("start")

    def pause(self) -> None:
        self._story.append("pause")

    def resume(self) -> None:
        self._story.append("resume")

    def stop(self) -> None:
        self._story.append("stop")


def an_election() -> tuple[Election, list[str], CollectorRegistry]:
    story: list[str] = []
    registry = CollectorRegistry()
    return Election(lambda: Role(story), StreamMetrics(registry), WorkerHealth(monotonic)), story, registry


def test_a_role_that_stays_is_paused_while_the_group_decides_and_then_goes_on() -> None:
    election, story, registry = an_election()
    election.decide(elected=True, generation=1)
    asyncio.run(election.suspend())
    asyncio.run(election.suspend())  # the group began anew before it had decided
    election.decide(elected=True, generation=2)
    assert story == ["start", "pause", "resume"]
    assert registry.get_sample_value("beffroi_release_held") == 1


def test_a_role_that_moves_is_given_back() -> None:
    election, story, registry = an_election()
    election.decide(elected=True, generation=1)
    asyncio.run(election.suspend())
    election.decide(elected=False, generation=2)
    assert story == ["start", "pause", "stop"]
    assert registry.get_sample_value("beffroi_release_held") == 0


def test_a_role_is_made_anew_when_another_may_have_held_it_meanwhile() -> None:
    election, story, _ = an_election()
    election.decide(elected=True, generation=1)
    asyncio.run(election.suspend())
    election.decide(elected=True, generation=3)
    assert story == ["start", "pause", "stop", "start"]
    election.resign()
    assert story[-1] == "stop"
