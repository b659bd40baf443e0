"""Contracts: what travels on the bus, and the words it is written in."""
