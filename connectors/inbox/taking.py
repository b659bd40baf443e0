"""One file through the pipeline: what became of it, and the receipt that says so."""

import os
import traceback
from dataclasses import dataclass
from datetime import datetime
from hashlib import file_digest
from io import BufferedReader
from itertools import islice
from typing import Any, Final

from connectors.failures import REFUSED as REFUSED_WHOLE
from connectors.inbox.folder import DONE, FAILED, HELD, REFUSED, Found, Stamp, objection, open_file
from connectors.inputs import Input
from connectors.intake import Intake
from connectors.report import Report
from schemas.errors import BeffroiError, CannotApply, ContractError, FileHeld, FileRefused, WrongSchema

#: What becomes of a file, and the folder in which it lies then.
OUTCOMES: Final = {"taken": DONE, "known": DONE, "held": HELD, "refused": REFUSED, "failed": FAILED}
#: Records with problems that a receipt lists one by one: more than anybody reads, little enough for any disk.
LISTED: Final = 1_000
_CONFIRM: Final = "look at the file beside this receipt; if it is true: beffroi inbox DIR --confirm FILE"


@dataclass(frozen=True, slots=True)
class Route:
    """How the files of a source are taken.

    Attributes:
        source: The feed.
        format: How it writes.
        snapshot: Each file is its whole truth.
    """

    source: str
    format: str
    snapshot: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a file.

    Attributes:
        outcome: One of ``OUTCOMES``.
        receipt: For its receipt.
    """

    outcome: str
    receipt: dict[str, Any]


def take(found: Found, route: Route, intake: Intake, now: datetime, *, confirm: bool = False) -> Taken | None:
    """Publish a file whole or not at all; None when it is not, or no longer, what was looked at: it waits anew.

    Raises:
        BeffroiError: Kafka does not answer, or something is wrong that concerns every file; nothing was done.
        OSError: The file cannot be read.
    """
    receipt = _blank(found, route, now)
    reason = objection(found)
    if reason:
        intake.note(route.source, REFUSED_WHOLE)
        return _not_taken("refused", receipt, *reason)
    with open_file(found.path) as file:
        if Stamp.of(os.fstat(file.fileno())) != found.stamp:
            return None
        intake.reach()  # before a long file is read for nothing
        receipt["sha256"] = file_digest(file, "sha256").hexdigest()
        taken = _through(file, found, route, intake, receipt, confirm=confirm)
        return taken if Stamp.of(os.fstat(file.fileno())) == found.stamp else None


def _through(
    file: BufferedReader, found: Found, route: Route, intake: Intake, receipt: dict[str, Any], *, confirm: bool
) -> Taken:
    try:
        report = intake.publish(
            Input.of_file(file, found.path.name),
            route.format,
            source=route.source,
            snapshot=route.snapshot,
            confirm=confirm,
        )
    except FileHeld as error:
        return _not_taken("held", receipt, error.message, _CONFIRM)
    except FileRefused as error:
        return _not_taken("refused", receipt, error.message, error.fix)
    except (BeffroiError, OSError) as error:
        if isinstance(error, CannotApply | ContractError) and not isinstance(error, WrongSchema):
            return _defect(receipt, error)
        raise
    except Exception as error:  # noqa: BLE001  # a loop boundary: one file that we fail on does not stop the others
        return _defect(receipt, error)
    return _taken(receipt, report)


def _blank(found: Found, route: Route, now: datetime) -> dict[str, Any]:
    return {
        "file": None if objection(found) else found.path.name,
        "source": route.source,
        "format": route.format,
        "snapshot": route.snapshot,
        "bytes": found.stamp.size,
        "sha256": None,
        "received_at": now.isoformat(),
    }


def _taken(receipt: dict[str, Any], report: Report) -> Taken:
    troubled = (one.as_json() for one in report.verdicts() if one.problems)
    receipt |= {
        "outcome": "taken" if report.events else "known",
        "data_as_of": report.as_of.isoformat(),
        "data_as_of_from": report.as_of_from,
        "records": report.counts(),
        "problems": list(islice(troubled, LISTED)),
    }
    return Taken(receipt["outcome"], receipt)


def _not_taken(outcome: str, receipt: dict[str, Any], message: str, fix: str) -> Taken:
    return Taken(outcome, receipt | {"outcome": outcome, "message": message, "fix": fix})


def _defect(receipt: dict[str, Any], error: Exception) -> Taken:
    """Where it happened and never the error's own text, which may hold a value of the file."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    message = f"{type(error).__name__} in {os.path.basename(last.filename)}:{last.lineno}; nothing of it was taken"  # noqa: PTH119  # of a text
    return _not_taken("failed", receipt, message, "a defect of ours: report it with this receipt")
