"""A file of 20 kB cut at every byte: it is taken whole or not at all."""

from io import BytesIO

import pytest

from connectors.formats import formats
from connectors.formats.base import Format
from tests.connectors.cases import CASES
from tests.hostile.cell import answer, pipeline

SIZE = 20_000
INTAKE = pipeline()


def made(name: str) -> bytes:
    """A file of 20 kB or a little more."""
    case, number = CASES[name], 1
    while len(content := case.file([case.record(n) for n in range(number)])) < SIZE:
        number += 1
    return content.replace(b'encoding="ENCODING"', b'encoding="UTF-8"')


def taken(form: Format, content: bytes) -> int:
    """Records taken; 0 when it is refused whole."""
    status, tally, _ = answer(INTAKE, form, BytesIO(content))
    assert status in {0, 65}, "never a record alone: nothing in it was wrong"
    return int(tally.get("accepted", 0)) if status == 0 else 0


@pytest.mark.parametrize("name", ["offres-json", "intercarif-xml"])
def test_a_document_cut_anywhere_is_refused_whole(name: str, stride: int) -> None:
    content, form = made(name), formats()[name]
    end = len(content.rstrip())
    assert taken(form, content) > 10
    assert [at for at in range(0, end, stride) if taken(form, content[:at])] == []


def test_a_table_cut_inside_a_line_is_refused_whole_and_at_the_end_of_a_line_is_a_shorter_table(stride: int) -> None:
    """A CSV file does not say how many rows it has. That many lack is what the guard of snapshots sees."""
    content, form = made("kairos-csv"), formats()["kairos-csv"]
    borders = {at + 1: content[:at].count(b"\n") for at, byte in enumerate(content) if byte == ord("\n")}
    for at in sorted({*range(0, len(content) + 1, stride), *borders}):
        assert taken(form, content[:at]) == borders.get(at, 0), at
