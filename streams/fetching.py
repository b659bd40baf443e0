"""Fetching whole batches, each of which says where the consumer stood before it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, cast

import aiokafka
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Transport
from faust.types import TP

#: Faust's driver waits 1,500 ms for a fetch to fill; a reader of live views waits 20.
FETCH_WAIT_MS: Final = 20
#: A turn of a partition that has more: 0.1 s of work, in which its state is in the processor's cache.
TURN_RECORDS: Final = 32_000


@dataclass(frozen=True, slots=True)
class Batch:
    """Records of one partition as they were fetched.

    Attributes:
        partition: Number of the partition.
        records: Raw records in the order of their offsets.
        generation: The group's generation at the fetch; a batch of another one is stale.
        since: Offset the consumer stood at before the fetch; None when that is not known.
    """

    partition: int
    records: list[Any]
    generation: int
    since: int | None = 0

    def follows(self, position: int | None) -> bool:
        """Whether nothing is missing between a position (None: the beginning) and this batch."""
        return self.since is not None and self.since <= (position or 0)


class Fetched(list[Any]):
    """Records of one partition and fetch, and the offset that the consumer stood at before."""

    def __init__(self, records: list[Any], since: int | None) -> None:
        super().__init__(records)
        self.since = since


class _Topics(Protocol):
    @property
    def topics(self) -> frozenset[str]: ...


class _Batching(Protocol):
    @property
    def positions(self) -> _Topics: ...


def _as_parsed(_tp: TP, record: Any) -> Any:  # noqa: ANN401  # aiokafka's DefaultRecord: offset, value, timestamp
    return record


class BatchConsumerThread(AIOKafkaConsumerThread):
    """Reads committed records only, with a short fetch wait, and notes where each fetch began.

    Faust drops what was fetched around a rebalance, and may fetch between a new assignment and the seek that follows.
    Only here, where fetches and seeks happen one after the other, can be known whether two batches are neighbours.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # as in Faust
        super().__init__(*args, **kwargs)
        self._turns = Turns()
        self._stands: dict[TP, tuple[object, int]] = {}  # by partition: since a seek in this assignment, the position

    def _create_worker_consumer(self, transport: Transport) -> aiokafka.AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = "read_committed"  # noqa: SLF001  # Faust offers no setting for it outside exactly_once
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS  # noqa: SLF001  # fixed at 1,500 in Faust's driver
        return consumer

    async def _fetch_records(
        self, consumer: Any, active_partitions: set[TP], timeout: float | None = None, max_records: int | None = None,  # noqa: ANN401, ASYNC109  # as in Faust
    ) -> dict[TP, Fetched]:  # fmt: skip
        """Of batched topics the records stay as they were parsed: an object of aiokafka's own for each costs 1.5 µs."""
        topics = cast("_Batching", self.consumer).positions.topics
        for tp, fetched in consumer._fetcher._records.items():  # noqa: SLF001  # what was fetched and not yet asked for
            parsed = getattr(fetched, "_partition_records", None)  # a FetchError has none
            if parsed is not None and tp.topic in topics:
                parsed._consumer_record = _as_parsed  # noqa: SLF001  # what it makes of each record
        found = await super()._fetch_records(consumer, active_partitions, timeout, max_records)
        self._turns.served(consumer._fetcher._records, found)  # noqa: SLF001  # the same
        return {tp: self._follow(_assignment(consumer), tp, records) for tp, records in found.items()}

    def _follow(self, assignment: object, tp: TP, records: list[Any]) -> Fetched:
        known, position = self._stands.get(tp, (None, None))
        if known is not assignment:
            return Fetched(records, None)
        self._stands[tp] = (assignment, records[-1].offset + 1)
        return Fetched(records, position)

    async def _seek_wait(self, consumer: Any, partitions: Mapping[TP, int]) -> None:  # noqa: ANN401  # as in Faust
        self._stands.update({tp: (_assignment(consumer), offset) for tp, offset in partitions.items()})
        try:
            await super()._seek_wait(consumer, partitions)
        except BaseException:
            self._stands.clear()
            raise

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        """Commit, but never while the group rebalances.

        Such a request waits behind the one to join, is answered with an illegal generation, and aiokafka then joins
        once more as a stranger: the next rebalance, with the next commit waiting behind it, for minutes.
        """
        group = self._ensure_consumer()._coordinator  # noqa: SLF001  # aiokafka tells it nowhere else
        if group._performed_join_prepare or group._rejoin_needed_fut.done():  # noqa: SLF001  # the same
            return False
        return bool(await super()._commit(offsets))


class Turns:
    """Serves a partition after all others once its turn is over: what one fetch brought may be 100,000 records."""

    def __init__(self) -> None:
        self._taken: dict[TP, int] = {}

    def served(self, fetched: dict[TP, Any], given: Mapping[TP, Sequence[Any]]) -> None:
        """Note what was given out of what was fetched, which is given out in this order."""
        for tp, records in given.items():
            taken = self._taken.pop(tp, 0) + len(records)
            if tp in fetched and taken < TURN_RECORDS:
                self._taken[tp] = taken
            elif tp in fetched:
                fetched[tp] = fetched.pop(tp)


def _assignment(consumer: Any) -> object:  # noqa: ANN401  # aiokafka has no types
    """The assignment of this generation: another object in the next one, even with the same partitions."""
    return consumer._subscription.subscription.assignment  # noqa: SLF001  # aiokafka tells it nowhere else
