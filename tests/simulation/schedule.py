"""What happens, in which order: a list of steps that one seed decides.

A step says what is done and carries a number that decides all that is left open: which worker, which partition, how
many records. It means something in any state of the world, so that steps can be left out to find the shortest failure.
"""

from random import Random
from typing import Final, NamedTuple

#: Where a worker can be killed or paused; each is a place in the product's own code where it waits.
POINTS: Final = (
    "acknowledging", "applied", "auditing", "fetched", "joining", "joining the release",
    "partition: beginning", "partition: committed", "partition: committing", "partition: fenced", "partition: fencing",
    "partition: in a transaction", "release: beginning", "release: committed", "release: committing", "release: fenced",
    "release: fencing", "release: in a transaction", "release: reading cells", "release: reading views", "restored",
    "restoring", "revoking", "turn",
)  # fmt: skip

#: How often each thing happens, in relation to the others.
WEIGHTS: Final = {
    "run": 110, "publish": 18, "start": 8, "kill at": 4, "pause at": 5, "wake": 4, "silence": 6, "leave": 1,
    "kill": 1, "expire": 1, "lose answer": 1, "mark": 4, "compact": 3, "tick": 2, "midnight": 0.4, "beat": 1,
    "decide source": 2, "upgrade": 0.6,
}  # fmt: skip
LENGTHS: Final = (90, 240)
#: Numbers that steps carry: large enough for every choice a step makes.
_PICKS: Final = 1 << 32


class Step(NamedTuple):
    """One step: what, and the number that decides the rest."""

    action: str
    pick: int


def schedule(seed: int) -> list[Step]:
    """The steps of a seed; always the same."""
    random = Random(seed)  # noqa: S311  # a seed, so that a failure can be played again
    count = random.randrange(*LENGTHS)
    actions = random.choices([*WEIGHTS], [*WEIGHTS.values()], k=count)
    return [Step(action, random.randrange(_PICKS)) for action in ("start", "start", "publish", "publish", *actions)]
