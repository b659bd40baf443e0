"""The engine: exact state of source partitions; knows neither Faust nor a Kafka client."""

from streams.engine.comparing import differing
from streams.engine.partition import Partition
from streams.engine.recount import recounted
from streams.engine.words import (
    CHECKPOINT_KEY,
    NOTHING,
    PARKED_KEY,
    Applied,
    CellKey,
    CellValue,
    Domain,
    Flush,
    Glance,
    Held,
    InputRecord,
    Parked,
    Shift,
    Weighed,
    thing_key,
)

__all__ = [
    "CHECKPOINT_KEY", "NOTHING", "PARKED_KEY", "Applied", "CellKey", "CellValue", "Domain", "Flush", "Glance", "Held",
    "InputRecord", "Parked", "Partition", "Shift", "Weighed", "differing", "recounted", "thing_key",
]  # fmt: skip
