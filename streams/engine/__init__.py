"""The engine: exact state of source partitions; knows neither Faust nor a Kafka client."""

from streams.engine.comparing import differing
from streams.engine.partition import Partition
from streams.engine.recount import recounted
from streams.engine.words import (
    CHECKPOINT_KEY,
    PARKED_KEY,
    Applied,
    CellKey,
    CellValue,
    Domain,
    Flush,
    Glance,
    InputRecord,
    Parked,
)

__all__ = [
    "CHECKPOINT_KEY", "PARKED_KEY", "Applied", "CellKey", "CellValue", "Domain", "Flush", "Glance", "InputRecord",
    "Parked", "Partition", "differing", "recounted",
]  # fmt: skip
