"""How Python's cyclic collector is to treat a worker that holds millions of small, acyclic objects."""

import gc
from typing import Final

#: Young objects are looked at once, after this many allocations; what survives is looked at again only after a thousand
#: such rounds. Python's own 700, 10, 10 walks the whole state again and again: it costs a third of the throughput.
THRESHOLDS: Final = (100_000, 1_000, 1_000)


def spare_the_state() -> None:
    """Set the thresholds for this process."""
    gc.set_threshold(*THRESHOLDS)


def let_go() -> None:
    """Collect once, after state was dropped: its memory is wanted back now."""
    gc.collect()
