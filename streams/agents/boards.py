"""A board of this deployment, and what its readers have already."""

from collections.abc import Iterator
from typing import Any

from connectors.kafka.clients import reader
from connectors.kafka.reading import read_to_end
from schemas.codec import Codec
from schemas.territory.areas import Territory
from schemas.territory.trades import Trades
from streams.agents.publisher import TOPICS
from streams.release.board import Board
from streams.release.disclosure import Disclosure
from streams.release.exits import ExitsBoard
from streams.release.sessions import SessionsBoard
from streams.release.wire import RowReader
from streams.settings import StreamSettings


def make_board(settings: StreamSettings, codec: Codec) -> Board:
    """An empty board with the tables of this deployment."""
    territory = Territory.load(settings.region, settings.area_tables)
    trades = Trades.load(settings.trade_table)
    rule = Disclosure(settings.disclosure_base, settings.disclosure_threshold)
    sessions = SessionsBoard(territory, trades, rule, codec, settings.horizon_days)
    return Board(ExitsBoard(territory, trades, rule), sessions, codec)


def published(settings: StreamSettings, codec: Codec) -> Iterator[tuple[str, str, dict[str, Any] | None]]:
    """View, key and row of everything that readers were given, in its order; None for a row that was withdrawn."""
    views = {settings.prefix + topic: view for view, topic in TOPICS.items()}
    consumer, rows = reader(settings.kafka), RowReader(codec)
    try:
        for message in read_to_end(consumer, [(topic, 0) for topic in views]):
            view, key, value = views[message.topic() or ""], (message.key() or b"").decode(), message.value()
            yield view, key, rows.read(view, key, value) if value else None
    finally:
        consumer.close()
