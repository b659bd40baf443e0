"""When a file counts as whole."""

import stat
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from connectors.inbox.folder import Found, Stamp
from connectors.inbox.settling import Settling

LOOKS = st.lists(st.tuples(st.floats(0.1, 3), st.integers(1, 3)), min_size=1, max_size=20)


@given(LOOKS)
def test_a_file_is_whole_exactly_when_it_was_seen_unchanged_for_long_enough(looks: list[tuple[float, int]]) -> None:
    settling, now, seen = Settling(2.0), 0.0, list[tuple[float, int]]()
    for pause, size in looks:
        now += pause
        seen.append((now, size))
        found = Found("kairos", Path("x"), Stamp(1, size, 0), stat.S_IFREG)
        since = now
        for when, then in reversed(seen):
            if then != size:
                break
            since = when
        assert bool(settling.settled([found], now)) == (now - since >= 2.0)
