"""How long files that were taken are kept: they are as the partner sent them, names of people included."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from connectors.inbox.folder import DONE, RECEIPTS, receipt_of


def expired(root: Path, sources: Iterable[str], before: float) -> Iterator[Path]:
    """The files that were taken before an instant, and receipts that lie alone.

    Args:
        root: The inbox.
        sources: Whose archives.
        before: Seconds since the epoch.
    """
    for source in sources:
        for path in (root / source / DONE).glob("*"):
            alone = path.name.endswith(RECEIPTS)
            if alone and _of(path).exists():
                continue  # goes with its file
            if _archived_at(path if alone else receipt_of(path), path) < before:
                yield path


def remove(path: Path) -> None:
    """Remove a file, then its receipt; cut off between both, the receipt lies alone and goes the next time."""
    path.unlink(missing_ok=True)
    receipt_of(path).unlink(missing_ok=True)


def _archived_at(receipt: Path, path: Path) -> float:
    """A receipt is written when its file is archived; without one, when the file was moved."""
    try:
        return receipt.lstat().st_mtime
    except FileNotFoundError:
        return path.lstat().st_ctime


def _of(receipt: Path) -> Path:
    return receipt.with_name(receipt.name.removesuffix(RECEIPTS[0]).removesuffix(RECEIPTS[1]))
