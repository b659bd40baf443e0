"""What is live is written many times a second, a backlog once."""

from streams.agents.pace import BACKLOG_AGE_S, BUSY_EVENTS, CATCHING_UP_S, Pace


def test_only_many_old_events_wait_and_only_for_a_second() -> None:
    now = 1_000.0
    pace = Pace(lambda: now)
    pace.heard(now - BACKLOG_AGE_S)
    assert pace.due(BUSY_EVENTS - 1, 0.1)
    assert not pace.due(BUSY_EVENTS, 0.1)
    assert pace.due(BUSY_EVENTS, CATCHING_UP_S)
    pace.heard(now - 1)
    assert pace.due(10 * BUSY_EVENTS, 0.1)
