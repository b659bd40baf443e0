"""Data for programs: snapshots and live feeds."""
