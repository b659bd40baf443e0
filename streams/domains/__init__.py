"""Domains: what a root is, and how what sources say of it is merged."""
