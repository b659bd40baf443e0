"""What is live is written many times a second, a backlog every few seconds and at its end."""

from streams.agents.pace import BACKLOG_AGE_S, BUSY_SLOTS, CATCHING_UP_S, MOST_SLOTS, Pace

NOW = 1_000.0


def due(slots: int, waited_s: float, published_at: float | None) -> bool:
    """Asked after a batch whose last event is so old; None for no batch."""
    pace = Pace(lambda: NOW)
    pace.heard(NOW - 2 * BACKLOG_AGE_S if published_at is None else published_at)
    if published_at is None:
        pace.due(0, 0.1)
    return pace.due(slots, waited_s)


def test_only_many_old_events_wait_and_only_for_some_seconds() -> None:
    old = NOW - BACKLOG_AGE_S
    assert due(BUSY_SLOTS - 1, 0.1, old)
    assert not due(BUSY_SLOTS, 0.1, old)
    assert due(BUSY_SLOTS, CATCHING_UP_S, old)
    assert due(10 * BUSY_SLOTS, 0.1, NOW - 1)


def test_the_end_of_a_backlog_is_written_at_once_and_never_too_many_events_wait() -> None:
    assert due(BUSY_SLOTS, 0.1, None)
    assert due(MOST_SLOTS, 0.1, NOW - BACKLOG_AGE_S)
