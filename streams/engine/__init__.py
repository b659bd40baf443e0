"""The engine: exact state of source partitions; knows neither Faust nor a Kafka client."""

from streams.engine.partition import CHECKPOINT_KEY, PARKED_KEY, Domain, Flush, InputRecord, Parked, Partition

__all__ = ["CHECKPOINT_KEY", "PARKED_KEY", "Domain", "Flush", "InputRecord", "Parked", "Partition"]
