"""Keeps what the views said at the end of each day, before anything of the next day is published."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import structlog
from confluent_kafka import TopicPartition

from connectors.kafka.reading import read_settled
from monitoring.release import ReleaseMetrics
from schemas.archive import Archive
from schemas.clock import day_begins, from_millis
from schemas.codec import Codec
from schemas.contracts import sources
from schemas.errors import BeffroiError
from streams.agents.publisher import TOPICS
from streams.release.board import ROWS
from streams.release.wire import RowReader
from streams.settings import StreamSettings

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Snapshot:
    """A view's topic, read to its end: rows by key, and the instants of its first and last record."""

    rows: dict[str, bytes] = field(default_factory=dict)
    first: datetime | None = None
    last: datetime | None = None


class Archivist:
    """Writes the file of each day that is over; only the holder of the release calls it.

    A day is archived when the next one is first looked at, from the view's own topic: what nobody published meanwhile
    is what readers saw to the end of that day. Publishing matters more than archiving: a file that cannot be written is
    told and counted, and the release goes on.

    Args:
        settings: Of this worker.
        codec: Reads the rows.
        metrics: What Prometheus reads.
    """

    def __init__(self, settings: StreamSettings, codec: Codec, metrics: ReleaseMetrics) -> None:
        self._settings = settings
        self._codec = codec
        self._metrics = metrics
        self._today: date | None = None

    def turn(self, today: date) -> None:
        """Keep yesterday if it is not kept yet; call it before what is published of a day.

        Raises:
            KafkaException: The cluster does not answer.
        """
        folder = self._settings.archive_dir
        if today == self._today or folder is None:
            return
        self._today = today
        for view, topic in TOPICS.items():
            archive = Archive(folder / f"{self._settings.prefix}{view}", sources()[ROWS[view]])
            try:
                self._keep(view, self._settings.prefix + topic, archive, today)
            except OSError as error:
                self._failed(view, today, error.strerror or type(error).__name__)
            except BeffroiError as error:
                self._failed(view, today, str(error))

    def _keep(self, view: str, topic: str, archive: Archive, today: date) -> None:
        yesterday = today - timedelta(days=1)
        if not archive.path(yesterday).exists():
            found = self._read(topic)
            if found.last is None or found.first is None or found.first >= day_begins(today):
                return  # nothing was said before today
            if found.last >= day_begins(today):
                self._failed(view, today, "today's rows stand in the view already")
                return
            read = RowReader(self._codec).read
            archive.write(
                yesterday, found.last, ((key, read(view, key, row)) for key, row in sorted(found.rows.items()))
            )
            log.info("day archived", view=view, day=str(yesterday), rows=len(found.rows))
        self._metrics.archived.labels(view).set(day_begins(today).timestamp())
        if gone := archive.prune(today - timedelta(days=self._settings.archive_days)):
            log.info("old days removed from the archive", view=view, days=len(gone))

    def _read(self, topic: str) -> _Snapshot:
        found = _Snapshot()
        for message in read_settled(self._settings.kafka, TopicPartition(topic, 0)):
            key, value, instant = (message.key() or b"").decode(), message.value(), _instant(message)
            found.first = min(found.first or instant, instant)
            found.last = max(found.last or instant, instant)
            if value:
                found.rows[key] = value
            else:
                found.rows.pop(key, None)
        return found

    def _failed(self, view: str, today: date, why: str) -> None:
        self._metrics.archive_failures.labels(view).inc()
        log.error("a day could not be archived", view=view, day=str(today - timedelta(days=1)), reason=why)


def _instant(message: Any) -> datetime:  # noqa: ANN401  # confluent_kafka.Message, whose stub knows no integer
    return from_millis(message.timestamp()[1])
