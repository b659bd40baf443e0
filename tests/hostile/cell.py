"""A process in which the offline pipeline meets what is hostile: no socket, no other process, bounded memory, a clock.

Memory is bounded twice: what the process may map beyond the loaded pipeline (``RLIMIT_AS``), and the most that it ever
had in memory, interpreter, tables and libraries included (``VmHWM``; ``ru_maxrss`` counts the one that started it too).
"""

import gc
import json
import resource
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from time import process_time
from typing import IO, Any, Final, cast

from beffroi import compose, kit
from beffroi.settings import Settings
from connectors.formats import formats, sample
from connectors.formats.base import Format
from connectors.inputs import Input
from connectors.intake import Intake
from tests.hostile import elements, objects, tables
from tests.hostile.damage import Damage

#: What a hostile file may make the process map beyond what it had.
ROOM: Final = 256 << 20
_FORBIDDEN: Final = (
    "socket.",
    "subprocess.",
    "os.system",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "ctypes.",
    "webbrowser.",
)
AS_OF: Final = datetime(2026, 11, 20, tzinfo=UTC)


@dataclass(frozen=True)
class Found:
    """What became of a case.

    Attributes:
        form: The format.
        case: Its name.
        expected: The verdict that it must get.
        records: Of the undamaged sample.
        status: Exit code of ``beffroi check``; -1 after an exception that nobody declared.
        accepted: Records taken.
        refused: Records refused.
        said: The whole answer, shortened.
        seconds: Of the processor: neighbours on a busy machine are not the file's fault.
    """

    form: str
    case: str
    expected: str
    records: int
    status: int
    accepted: int
    refused: int
    said: str
    seconds: float


def damages(form: Format, port: int) -> Iterator[Damage]:
    """Every case of a format."""
    content = sample(form)
    if form.suffixes == (".xml",):
        yield from elements.damages(form.name, content, port)
    elif form.suffixes == (".json",) or ".json" in form.suffixes:
        yield from objects.damages(form.name, content)
    else:
        yield from tables.damages(form.name, content)


def pipeline() -> Intake:
    """That of ``beffroi check``."""
    return compose.offline_intake(Settings())


def answer(intake: Intake, form: Format, content: IO[bytes]) -> tuple[int, dict[str, Any], str]:
    """Exit code, tally and text of the answer that ``beffroi check`` would write."""
    checked = kit.check(intake, Input("data", content), form, as_of=AS_OF)
    text = checked.as_json().decode()
    return checked.exit_code, checked.report.counts() if checked.report else {}, text


def locked() -> None:
    """From now on: nothing reaches out, and not much more memory."""

    def forbid(event: str, _: object) -> None:
        if event.startswith(_FORBIDDEN):
            raise PermissionError(f"{event} is forbidden here")

    sys.addaudithook(forbid)
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    most = pages * resource.getpagesize() + ROOM
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def tried(intake: Intake, form: Format, damage: Damage, records: int) -> Found:
    """One case."""
    content = damage.content
    file = BytesIO(content) if isinstance(content, bytes) else cast("IO[bytes]", content)
    began = process_time()
    try:
        status, tally, said = answer(intake, form, file)
    except Exception as error:  # noqa: BLE001  # the finding itself
        status, tally, said = -1, {}, repr(error)
    spent = process_time() - began
    return Found(form.name, damage.name, damage.expected(form.name), records, status, tally.get("accepted", 0),
                 tally.get("refused", 0), said[:600], spent)  # fmt: skip


def main(names: list[str], port: int) -> None:
    """Try every case of some formats; a line for each, and one for the memory."""
    intake = pipeline()
    whole = {name: answer(intake, formats()[name], BytesIO(sample(formats()[name])))[1] for name in names}
    gc.freeze()  # or each collection goes through the tables of all communes
    locked()
    for name in names:
        form = formats()[name]
        for damage in damages(form, port):
            found = tried(intake, form, damage, whole[name]["accepted"])
            sys.stdout.write(json.dumps(asdict(found)) + "\n")
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text("ascii").splitlines())
    peak = int(status["VmHWM"].split()[0]) << 10
    sys.stdout.write(json.dumps({"peak": peak}) + "\n")


if __name__ == "__main__":
    main(sys.argv[2:], int(sys.argv[1]))
