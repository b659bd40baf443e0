"""Doors of the bus: partners' formats in, Kafka clients."""
