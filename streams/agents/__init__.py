"""Wiring: the engine and the release on a real Kafka."""
