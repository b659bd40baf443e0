"""Kafka as Beffroi uses it: settings, clients, partitioning, topics."""
