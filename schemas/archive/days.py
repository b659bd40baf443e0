"""The archived days of one view, as files."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from itertools import islice
from operator import and_
from pathlib import Path
from typing import IO, Any, Final

import pyarrow as pa
from pyarrow import compute, parquet

from schemas.archive.columns import KEY, columns
from schemas.clock import day_after, day_begins
from schemas.errors import ArchiveError

#: Rows that are encoded and, with a filter, passed over at once: some hundred kilobytes.
_ROWS_AT_ONCE: Final = 20_000
_ENDING: Final = ".parquet"
_UNFINISHED: Final = ".tmp"
#: Key of our own entry in a file's metadata.
_ABOUT: Final = b"beffroi"

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Held:
    """What a file says of itself.

    Attributes:
        day: The day at whose end the view said this.
        since: Instant of the last change in it: the view said this from then to the end of the day.
        rows: How many.
    """

    day: date
    since: datetime
    rows: int


@dataclass(frozen=True, slots=True)
class Said:
    """The answer to *what did the view say at the end of a day*.

    Attributes:
        asked: That day.
        held: The file that answers.
        exact: Whether the view is known to have said this at the end of the day asked for. Otherwise it is the last
            that is known from before.
    """

    asked: date
    held: Held
    exact: bool

    @property
    def until(self) -> datetime:
        """The instant up to which the view is known to have said this, not included."""
        return day_begins(day_after(self.held.day))


class Archive:
    """The archived days of one view.

    Args:
        folder: Where they lie; need not exist.
        contract: Schema of the view's rows.
    """

    def __init__(self, folder: Path, contract: Mapping[str, Any]) -> None:
        self.folder = folder
        self._columns = columns(contract)

    def path(self, day: date) -> Path:
        """The file of a day, whether it exists or not."""
        return self.folder / f"{day}{_ENDING}"

    def days(self) -> list[date]:
        """Every archived day, the oldest first."""
        found = (_day(path) for path in self.folder.glob(f"*{_ENDING}"))
        return sorted(day for day in found if day is not None)

    def held(self, day: date) -> Held:
        """What the file of a day says of itself; raises ArchiveError."""
        with self._reading(day):
            metadata = parquet.read_metadata(self.path(day))
            about = json.loads(metadata.metadata[_ABOUT])
            return Held(day, datetime.fromisoformat(about["since"]), metadata.num_rows)

    def find(self, asked: date) -> Said | None:
        """The file that says what the view said at the end of a day; None when nothing of that time is held.

        A file holds from its last change on: so the next one after a day without any answers for it exactly, unless
        something changed in between. Then the last one before is what is known.

        Raises:
            ArchiveError: A file cannot be read.
        """
        days = self.days()
        after = next((day for day in days if day >= asked), None)
        if after is not None:
            held = self.held(after)
            if after == asked or held.since < day_begins(day_after(asked)):
                return Said(asked, held, exact=True)
        before = [day for day in days if day < asked]
        return Said(asked, self.held(before[-1]), exact=False) if before else None

    def rows(self, day: date, prefix: str = "", **equal: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Key and record of rows of a day, by key.

        Args:
            day: Of the file.
            prefix: Keys begin so.
            equal: Columns hold this text.

        Raises:
            ArchiveError: It cannot be read.
        """
        wanted = [compute.field(name) == text for name, text in equal.items()] + ([_begins(prefix)] if prefix else [])
        with self._reading(day):
            table = parquet.read_table(self.path(day), filters=reduce(and_, wanted) if wanted else None)
            for batch in table.to_batches(_ROWS_AT_ONCE):
                for row in batch.to_pylist():
                    yield row.pop(KEY), row

    def write(self, day: date, since: datetime, rows: Iterable[tuple[str, Row]]) -> None:
        """Write the file of a day, all of it or nothing.

        Args:
            day: At whose end the view said this.
            since: Instant of the last change in it.
            rows: Keys and records, sorted by key.

        Raises:
            ArchiveError: A record does not fit the columns.
            OSError: The disk is full, or the folder cannot be written.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        # Who was replaced while it wrote must not share the file of its successor.
        unfinished = self.folder / f".{day}.{os.uname().nodename}-{os.getpid()}{_UNFINISHED}"
        try:
            with unfinished.open("wb") as file:
                self._fill(file, day, since, rows)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(self.path(day))
        except pa.ArrowException as error:
            raise ArchiveError(
                f"rows of {day} do not fit their columns: {type(error).__name__}", fix="tell who maintains Beffroi"
            ) from error
        finally:
            unfinished.unlink(missing_ok=True)
        _settle(self.folder)
        for left in self.folder.glob(f".*{_UNFINISHED}"):
            if left.name[1:11] < str(day):  # a crash left it on an earlier day
                left.unlink(missing_ok=True)

    def _fill(self, file: IO[bytes], day: date, since: datetime, rows: Iterable[tuple[str, Row]]) -> None:
        about = {"day": str(day), "since": since.isoformat()}
        schema = self._columns.with_metadata({_ABOUT: json.dumps(about)})
        with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
            left = iter(rows)
            while piece := [{KEY: key, **row} for key, row in islice(left, _ROWS_AT_ONCE)]:
                writer.write_table(pa.Table.from_pylist(piece, schema))

    def prune(self, oldest: date) -> list[date]:
        """Remove the days before one; gives them."""
        gone = [day for day in self.days() if day < oldest]
        for day in gone:
            self.path(day).unlink(missing_ok=True)
        return gone

    @contextmanager
    def _reading(self, day: date) -> Iterator[None]:
        try:
            yield
        except (OSError, pa.ArrowException, KeyError, TypeError, ValueError) as error:
            raise ArchiveError(
                f"the archive {self.path(day)} cannot be read: {type(error).__name__}",
                fix="put it back from a backup, or remove it: the days around it still answer",
            ) from error


def _begins(prefix: str) -> compute.Expression:
    """Keys are sorted in a file: a range lets whole pieces be passed over."""
    key = compute.field(KEY)
    return (key >= prefix) & (key < prefix[:-1] + chr(ord(prefix[-1]) + 1))


def _day(path: Path) -> date | None:
    try:
        return date.fromisoformat(path.name.removesuffix(_ENDING))
    except ValueError:
        return None


def _settle(folder: Path) -> None:
    """Make the names in a folder last, as fsync makes contents."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
