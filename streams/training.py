"""The training domain, whole: how its events are read, merged and counted."""

from schemas.codec import Codec
from schemas.territory.areas import Territory
from schemas.territory.trades import Trades
from streams.domains.claims import Claim, precedence
from streams.domains.facts import TrainingReader
from streams.domains.training import NOBODY, TrainingMerge, TrainingRoot
from streams.engine import Domain
from streams.settings import StreamSettings
from streams.views.training import TrainingViews

TrainingDomain = Domain[TrainingRoot, Claim]


def assemble(reader: TrainingReader, merge: TrainingMerge, views: TrainingViews) -> TrainingDomain:
    """The training domain as the engine wants it."""
    return Domain(
        "training", reader.read, TrainingRoot, merge.absorb, NOBODY, views.move, views.cells, TrainingRoot.still,
        reader.look, reader.is_text, reader.about, merge.key_of,
    )  # fmt: skip


def training_domain(settings: StreamSettings, codec: Codec) -> TrainingDomain:
    """The training domain with the tables and the order of sources of a deployment."""
    reader = TrainingReader(codec)
    merge = TrainingMerge(reader, precedence(settings.sources))
    territory = Territory.load(settings.region, settings.area_tables)
    trades = Trades.load(settings.trade_table)
    return assemble(reader, merge, TrainingViews(territory, trades, codec, merge))
