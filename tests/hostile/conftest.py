"""How thorough the cuts are."""

import os

import pytest


@pytest.fixture
def stride() -> int:
    """Bytes from one cut to the next: a prime number in a short run, 1 in ``make fuzz``."""
    return int(os.environ.get("BEFFROI_TEST_STRIDE", "97"))
