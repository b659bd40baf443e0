"""The same invented month, whichever partner tells it: the same view."""

from collections import Counter
from datetime import date
from typing import NamedTuple

import pytest

from connectors.inputs import Input
from connectors.intake import Intake
from connectors.kafka.settings import KafkaSettings
from connectors.privacy import Pseudonymiser
from schemas.clock import system_clock
from schemas.codec import Codec
from schemas.territory.trades import Trades
from schemas.topics import TRAINING_EVENTS
from streams.engine import Partition
from streams.release.disclosure import Disclosure
from streams.release.exits import ExitsBoard
from tests.bus import messages
from tests.conftest import PARTITIONS
from tests.month import WAYS, sessions
from tests.oracle import areas, disclosed, windows
from tests.reading import TERRITORY
from tests.streams.test_merge import DOMAIN

TODAY = date(2026, 11, 23)


class Record(NamedTuple):
    offset: int
    value: bytes | None


def view(kafka: KafkaSettings, prefix: str, sources: set[str]) -> dict[str, str]:
    """What the view says of the events that some sources published, read from the bus."""
    board = ExitsBoard(TERRITORY, Trades.load(), Disclosure())
    codec = Codec()
    parts = {number: Partition(DOMAIN, number) for number in range(PARTITIONS)}
    for message in messages(kafka, prefix + TRAINING_EVENTS, PARTITIONS):
        if codec.decode(message.value() or b"")[1]["source"] in sources:
            parts[message.partition() or 0].apply([Record(message.offset() or 0, message.value())])
    for number, part in parts.items():
        part.drain()
        for (name, cell), found in part.snapshot().items():
            if name == "exits":
                board.take(number, cell, found.n)
    rows = dict(board.changes(TODAY))
    return {key: told(row) for key, row in rows.items() if row is not None}


def told(row: dict[str, dict[str, int | None]]) -> str:
    return "< 5" if row["count"]["value"] is None else str(row["count"]["value"])


@pytest.mark.kafka
def test_published_through_five_formats_the_same_month_gives_the_same_view(kafka: KafkaSettings, topics: str) -> None:
    month = sessions(TERRITORY, TODAY)
    intake = Intake(
        kafka, prefix=topics, pseudonyms=Pseudonymiser(b"k"), territory=TERRITORY, clock=system_clock
    )  # fmt: skip
    for name, render in WAYS.items():
        report = intake.publish(Input.of_bytes(render(month), "month_2026-11-23"), name)
        assert (report.accepted, report.refused) == (report.rows, ()), name
    places, counts = areas(), Counter[str]()
    for one in month:
        for area in places[one.commune.code]:
            for trade in ("all", f"formacode:{one.course.formacode}"):
                counts.update({f"{area}|{trade}|{w}": len(one.trainees) for w in windows(one.ends_on, TODAY)})
    expected = {key: disclosed(n) for key, n in counts.items()}
    assert len(expected) > 500
    for sources in ({"kairos"}, {"region"}, {"kairos-zero-saisie"}, {"ouiform"}, {"intercarif", "tally"}):
        assert view(kafka, topics, sources) == expected, sources
    everyone = {"kairos", "region", "kairos-zero-saisie", "ouiform", "intercarif", "tally"}
    assert view(kafka, topics, everyone) == expected
