"""Fuzzing: ``python -m tests.hostile.fuzz FORMAT --tries N --seed S``; a finding is shrunk and written to a file."""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from random import Random
from time import perf_counter, process_time
from typing import Final

from connectors.delivery import collect
from connectors.formats import formats, sample
from connectors.formats.base import Context, Format, Notes
from connectors.inputs import Input
from connectors.ledger import Ledger
from connectors.privacy import Pseudonymiser
from connectors.verdicts import Judge, Rules
from schemas.codec import Codec
from schemas.errors import FileRefused
from schemas.territory.areas import Territory
from tests.hostile.cell import AS_OF
from tests.hostile.mutations import mutated, shrunk

#: Of the processor, for a few kilobytes: a hundred times what the sample takes.
SLOW_S: Final = 1.0


@dataclass(frozen=True)
class Finding:
    """An input that raised what nobody declared, or took too long."""

    seed: str
    why: str
    content: bytes


class Target:
    """One format's way from bytes to verdicts.

    Args:
        form: The format.
        territory: Tells places.
    """

    def __init__(self, form: Format, territory: Territory) -> None:
        self._form = form
        self._codec = Codec()
        self._pseudonyms = Pseudonymiser(b"k")
        self._territory = territory

    def fault(self, content: bytes) -> str | None:
        """What went wrong; None when the content was taken or refused as declared."""
        began = process_time()
        try:
            self._judged(content)
        except FileRefused:
            pass
        except Exception as error:  # noqa: BLE001  # the finding itself
            return repr(error)[:300]
        return "slow" if process_time() - began > SLOW_S else None

    def _judged(self, content: bytes) -> None:
        data = Input("data", BytesIO(content))
        context = Context(
            self._form.default_source, self._form.instant_of(data) or AS_OF, self._pseudonyms, self._territory, Notes()
        )
        delivery = collect(self._form.read(data, context), self._form, context, data.name, self._codec)
        verdicts = Judge(delivery, Ledger(), self._codec).judge(Rules())
        tally = delivery.tally(verdicts.found)
        assert delivery.received == sum(tally) + len(delivery.refused), "received = accepted + duplicate + refused"


def findings(form: Format, tries: int, seed: int, territory: Territory) -> Iterator[Finding]:
    """Each finding, shrunk."""
    target, whole = Target(form, territory), sample(form)
    for number in range(tries):
        content = mutated(whole, Random(f"{form.name}/{seed}/{number}"))  # noqa: S311  # a change that can be repeated, no secret
        why = target.fault(content)
        if why is not None:
            kind = why.partition("(")[0]
            least = shrunk(content, lambda one, kind=kind: (target.fault(one) or "").partition("(")[0] == kind)  # type: ignore[misc]  # bound now
            yield Finding(f"{seed}/{number}", why, least)


def main() -> int:
    """Fuzz a format, or all of them; exit code 1 when something was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("formats", nargs="*", metavar="FORMAT", help="all when left out")
    parser.add_argument("--tries", type=int, default=10_000, help="of each format")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=Path("fuzz"), help="where findings are written")
    asked = parser.parse_args()
    territory, found = Territory.load(), 0
    for name in asked.formats or formats():
        began = perf_counter()
        for number, one in enumerate(findings(formats()[name], asked.tries, asked.seed, territory), 1):
            found += 1
            asked.folder.mkdir(exist_ok=True)
            path = asked.folder / f"{name}-{number}"
            path.write_bytes(one.content)
            sys.stdout.write(f"{name} {one.seed}: {one.why}; {len(one.content)} bytes in {path}\n")
        sys.stdout.write(f"{name}: {asked.tries} tries in {perf_counter() - began:.0f} s\n")
        sys.stdout.flush()
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
