"""One request: who asks, may they, take the body, hand it to the pipeline, answer with verdicts."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from tempfile import SpooledTemporaryFile
from typing import IO, Final, cast

import orjson
from confluent_kafka import KafkaException
from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from connectors.failures import REFUSED
from connectors.formats.base import Format
from connectors.gateway.answers import JSON, NDJSON, as_json, as_lines, status
from connectors.gateway.auth import Authenticator, Caller
from connectors.gateway.bodies import receive
from connectors.gateway.limits import WORKERS, Lanes, Quotas
from connectors.gateway.memory import Answer, Memory, key_of
from connectors.gateway.problems import Rejected, refused_whole
from connectors.gateway.rights import contracts_of, named, source_for
from connectors.gateway.settings import GatewaySettings
from connectors.inputs import Input
from connectors.intake import Intake
from connectors.kafka.link import Link
from connectors.report import Report
from monitoring.gateway import GatewayMetrics
from schemas.clock import PARIS, Clock
from schemas.errors import FencedError, FileRefused, KafkaUnavailable, TopicPlanRefused
from schemas.registers import sources_register

#: A body up to this size stays in memory.
_SPOOL_BYTES: Final = 1 << 20
#: Types that say nothing: the format decides by itself.
_ANY_TYPE: Final = frozenset({"", "application/octet-stream"})
#: What is wrong with a body before anybody reads it.
_UNREADABLE: Final = frozenset({"malformed", "media-type", "slow", "too-large"})


class Ask(BaseModel):
    """What the query says; a name that is not here is refused, for it may be one of these, misspelt."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str | None = Field(None, description="one of your sources; needed when your token has several")
    as_of: datetime | None = Field(None, description="instant of the data, when the content does not tell it")
    snapshot: bool = Field(default=False, description="this is the source's whole truth: what it lacks is withdrawn")
    confirm: bool = Field(default=False, description="take a snapshot that was held because it lost many records")
    atomic: bool = Field(default=False, description="take all records or none")
    dry_run: bool = Field(default=False, description="say what would happen; publish nothing")


class Door:
    """Takes requests.

    Args:
        settings: Of the gateway.
        intake: The one pipeline.
        metrics: Told what happened.
        clock: Decides about expiry.
        monotonic: Seconds that never go back.
    """

    def __init__(
        self,
        settings: GatewaySettings,
        intake: Intake,
        metrics: GatewayMetrics,
        clock: Clock,
        monotonic: Callable[[], float],
    ) -> None:
        self.link = Link(settings.kafka, metrics.kafka_up.set)
        self._settings = settings
        self._intake = intake
        self._metrics = metrics
        self._monotonic = monotonic
        self._auth = Authenticator(settings, clock, monotonic)
        self._quotas = Quotas(settings.per_minute, settings.burst, monotonic)
        self._lanes = Lanes()
        self._memory = Memory(settings.data_dir / "gateway-answers.sqlite", clock)
        self._workers = ThreadPoolExecutor(WORKERS, "publication")
        self._contracts = contracts_of(sources_register(settings.sources_register))

    def start(self) -> None:
        """Begin to watch Kafka."""
        self.link.start()

    def stop(self) -> None:
        """End what runs; publications under way are finished first."""
        self._workers.shutdown()
        self.link.stop()
        self._intake.close()
        self._memory.close()

    async def take(self, request: Request, name: str, known: Mapping[str, Format], ask: Ask) -> Response:
        """The answer to a delivery; raises Rejected for every other answer than verdicts."""
        caller = await self._auth.caller(request.headers.getlist("authorization"))
        request.state.partner = caller.partner
        headers = self._quotas.spend(caller.partner)
        try:
            response = await self._admitted(request, caller, named(name, known), ask)
        except Rejected as error:
            error.headers = {**headers, **error.headers}
            raise
        response.headers.update(headers)
        return response

    async def _admitted(self, request: Request, caller: Caller, form: Format, ask: Ask) -> Response:
        request.state.format = form.name
        source = source_for(caller.sources, form, ask.source, self._contracts)
        async with self._noting(source):
            _check_media(request, form)
            return await self._received(request, caller, form, source, ask)

    async def _received(self, request: Request, caller: Caller, form: Format, source: str, ask: Ask) -> Response:
        key = key_of(request.headers.get("idempotency-key"))
        self._check_link()
        async with self._lanes.place(caller.partner):
            self._check_link()  # it may have waited behind a publication that Kafka did not answer
            with self._memory.claimed(caller.partner, key), SpooledTemporaryFile(_SPOOL_BYTES) as spool:
                data = cast("IO[bytes]", spool)
                content = await receive(
                    request, data, self._settings.max_bytes, self._settings.body_timeout_s, self._monotonic
                )
                self._metrics.bytes.inc(spool.tell() or data.seek(0, 2))
                job = _Job(form, source, ask, Input(f"{form.name} over HTTP", data), NDJSON in _accept(request))
                async with self._lanes.work():
                    return await asyncio.get_running_loop().run_in_executor(
                        self._workers, self._work, request, caller, _Keyed(key, _request(request, content)), job
                    )

    @asynccontextmanager
    async def _noting(self, source: str) -> AsyncIterator[None]:
        """Tell what never came so far as the pipeline, which tells the rest itself."""
        try:
            yield
        except Rejected as error:
            if error.code in _UNREADABLE and self.link.up:
                await asyncio.to_thread(self._intake.note, source, REFUSED)
            raise

    def _check_link(self) -> None:
        if not self.link.up:
            raise Rejected("away", "nothing was taken")

    def _work(self, request: Request, caller: Caller, keyed: "_Keyed", job: "_Job") -> Response:
        if keyed.key is not None and (held := self._memory.recall(caller.partner, keyed.key, keyed.request)):
            return Response(held.body, held.status, {"Idempotency-Replayed": "true"}, media_type=held.media)
        report = _explained(lambda: self._publish(job))
        request.state.report = report
        self._count(report)
        code, media = status(report), NDJSON if job.lines else JSON
        if keyed.key is None and job.lines:
            return StreamingResponse(as_lines(report, job.form.name), code, media_type=media)
        body = b"".join(_body(report, job))
        if keyed.key is not None and not job.ask.dry_run:
            self._memory.keep(caller.partner, keyed.key, keyed.request, Answer(code, media, body))
        return Response(body, code, media_type=media)

    def _publish(self, job: "_Job") -> Report:
        ask = job.ask
        as_of = ask.as_of.replace(tzinfo=PARIS) if ask.as_of and not ask.as_of.tzinfo else ask.as_of
        return self._intake.publish(
            job.data, job.form, source=job.source, as_of=as_of, snapshot=ask.snapshot, confirm=ask.confirm,
            atomic=ask.atomic, dry_run=ask.dry_run, refuse_conflicts=True,
        )  # fmt: skip

    def _count(self, report: Report) -> None:
        if report.published:
            self._metrics.records.labels("accepted").inc(report.accepted)
            self._metrics.records.labels("duplicate").inc(report.duplicate)
            self._metrics.records.labels("refused").inc(len(report.refused))


@dataclass(frozen=True, slots=True)
class _Job:
    form: Format
    source: str
    ask: Ask
    data: Input
    lines: bool


@dataclass(frozen=True, slots=True)
class _Keyed:
    key: str | None
    request: str


def _check_media(request: Request, form: Format) -> None:
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in _ANY_TYPE and media not in form.media_types:
        raise Rejected("media-type", f"{form.name} has another Content-Type", known=list(form.media_types))


def _accept(request: Request) -> str:
    return request.headers.get("accept", "").lower()


def _request(request: Request, content: str) -> str:
    """What makes two requests the same: address, terms, form of the answer, content."""
    terms = orjson.dumps([request.url.path, sorted(request.query_params.multi_items()), _accept(request), content])
    return sha256(terms).hexdigest()


def _body(report: Report, job: _Job) -> Iterator[bytes]:
    if job.lines:
        yield from as_lines(report, job.form.name)
    else:
        yield as_json(report, job.form.name)


def _explained(publish: Callable[[], Report]) -> Report:
    """A report, or the answer that an error of the pipeline gets."""
    try:
        return publish()
    except FileRefused as error:
        raise refused_whole(error) from error
    except (KafkaUnavailable, FencedError) as error:
        raise Rejected("away", error.message) from error
    except TopicPlanRefused as error:
        raise Rejected("away", "the bus is not ready") from error
    except KafkaException as error:
        raise Rejected("away", "Kafka failed") from error
