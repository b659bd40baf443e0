"""The partners' APIs for one test, and pollers of them."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.pollers.apis import Apis, serving


@pytest.fixture
def apis() -> Iterator[Apis]:
    """Small pages and a low ceiling, so that few records show what thousands would."""
    with serving(Apis(page=5, ceiling=20)) as running:
        yield running


@pytest.fixture
def skewed() -> Iterator[Apis]:
    """The same with a clock that is three hours ahead."""
    with serving(Apis(page=5, ceiling=20, ahead=timedelta(hours=3))) as running:
        yield running
