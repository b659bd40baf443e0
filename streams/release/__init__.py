"""The release: what may be read, from what was counted; pure."""

from streams.release.board import Board, Released
from streams.release.disclosure import Disclosure

__all__ = ["Board", "Disclosure", "Released"]
