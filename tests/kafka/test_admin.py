"""What is asked of the cluster is answered, or an error of ours says that it is not."""

from concurrent.futures import Future

import pytest

from connectors.kafka import admin
from schemas.errors import KafkaUnavailable


def test_a_request_that_nobody_answers_is_an_error_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client's own word for it is a bare TimeoutError, which ended the portal's reading for good."""
    monkeypatch.setattr(admin, "REQUEST_TIMEOUT_S", 0.01)
    monkeypatch.setattr(admin, "_GRACE_S", 0.01)
    with pytest.raises(KafkaUnavailable, match="Kafka does not answer"):
        admin._answer(Future())
