"""Roots as a predecessor left them: what was claimed of them is kept as it was written until somebody speaks of them.

Reading a million claims takes seconds; most roots are not spoken of for days. What they contribute is known from the
cells that were written with them.
"""

from collections.abc import Mapping, Sequence

from streams.engine.words import SEPARATOR


class Dormant:
    """Winning claims by root, unread.

    Args:
        winners: Wire bytes by key in the log, which begins with the root's key.
    """

    def __init__(self, winners: Mapping[bytes, bytes]) -> None:
        self._claims: dict[bytes, list[bytes]] = {}
        claims = self._claims
        for key, value in winners.items():
            root = key[: key.index(SEPARATOR)]
            of_root = claims.get(root)
            if of_root is None:
                claims[root] = [value]
            else:
                of_root.append(value)

    def __len__(self) -> int:
        return len(self._claims)

    def of(self, root: bytes) -> Sequence[bytes]:
        """What was claimed of a root; nothing of one that is not dormant."""
        return self._claims.get(root, ())

    def forget(self, root: bytes) -> None:
        """It was spoken of."""
        self._claims.pop(root, None)
