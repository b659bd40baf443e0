"""How what was read gets to the intake: a narrow port, and the one pipeline behind it."""

from dataclasses import dataclass
from datetime import datetime
from typing import IO, Final, Protocol

from connectors.inputs import Input
from connectors.intake import Intake
from connectors.report import Report
from schemas.errors import FileHeld


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of a delivery.

    Attributes:
        accepted: Records that were new or changed.
        duplicate: Records that were known.
        refused: Records that lie in quarantine.
        withdrawn: Things that the source no longer lists.
        held: Why withdrawals wait for a human; empty when they do not.
    """

    accepted: int
    duplicate: int
    refused: int
    withdrawn: int
    held: str = ""


#: Nothing was delivered.
NOTHING: Final = Delivered(0, 0, 0, 0)


class Deliver(Protocol):
    """Takes what a poller read."""

    def __call__(
        self, content: IO[bytes], format_name: str, source: str, *, as_of: datetime, snapshot: bool
    ) -> Delivered:
        """Publish a delivery whole or not at all; the same one twice changes nothing.

        Args:
            content: A JSON array of records, seekable, at its start.
            format_name: Of the content.
            source: The feed.
            as_of: Instant of the data, aware.
            snapshot: It is everything that the source lists: what it lacks is withdrawn.

        Raises:
            KafkaUnavailable: Nothing was taken.
        """
        ...


@dataclass(frozen=True)
class ToIntake:
    """Delivers to the intake.

    Attributes:
        intake: The pipeline.
        confirm: A human looked: a snapshot that lost many records is taken.
    """

    intake: Intake
    confirm: bool = False

    def __call__(
        self, content: IO[bytes], format_name: str, source: str, *, as_of: datetime, snapshot: bool
    ) -> Delivered:
        """See ``Deliver``: when many records vanished, the others are taken and the withdrawals wait for a human."""
        held = ""
        try:
            report = self._publish(content, format_name, source, as_of, snapshot=snapshot)
        except FileHeld as error:
            held = error.message
            content.seek(0)
            report = self._publish(content, format_name, source, as_of, snapshot=False)
        return Delivered(report.accepted, report.duplicate, len(report.refused), report.withdrawn, held)

    def _publish(self, content: IO[bytes], format_name: str, source: str, as_of: datetime, *, snapshot: bool) -> Report:
        return self.intake.publish(
            Input(source, content), format_name, source=source, as_of=as_of, snapshot=snapshot, confirm=self.confirm
        )
