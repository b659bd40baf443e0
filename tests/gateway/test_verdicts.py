"""What partners publish over HTTP, and the verdicts they get."""

import gzip
import io
import json
from itertools import count
from typing import Any

import fastavro
import pytest

from connectors.formats import formats, sample
from schemas.contracts import TRAINING_ENROLMENT, lock_file
from schemas.examples import examples
from schemas.validation import take
from tests.bus import CODEC, messages, records
from tests.conftest import PARTITIONS
from tests.gateway.conftest import Site
from tests.gateway.desk import OFFER, Gateway, offer

pytestmark = pytest.mark.kafka
#: Each test has records of its own.
NEW = count(1_000_000, 1_000)


def on_the_bus(site: Site, *numbers: int) -> list[dict[str, Any]]:
    wanted = {f"offres:{number}" for number in numbers}
    found = records(site.kafka, site.prefix + "offers.events.v1", PARTITIONS)
    return [one for one in found if one["offer_id"] in wanted]


def codec_form(record: dict[str, Any]) -> dict[str, Any]:
    taken = take(lock_file().by_name(OFFER).text, record)
    assert not taken.problems
    return dict(taken.record)


def test_a_record_is_accepted_then_a_duplicate_under_the_same_id(site: Site) -> None:
    n = next(NEW)
    first, again = site.gateway.offers([offer(n)]), site.gateway.offers([offer(n)])
    assert (first.status, first.counts) == (200, (1, 0, 0))
    assert (again.status, again.counts) == (200, (0, 1, 0))
    ids = {reply.json["verdicts"][0]["event_id"] for reply in (first, again)}
    assert len(ids) == 1
    (found,) = on_the_bus(site, n)
    assert (found["version"], found["source"]) == (1, "offres")
    assert found["occurred_at"] == codec_form(offer(n))["occurred_at"]


def test_a_mixed_request_takes_the_good_and_says_what_to_write_instead_of_the_bad(site: Site) -> None:
    n = next(NEW)
    bad = {**offer(n + 1), "titel": "x"}
    reply = site.gateway.offers([offer(n), bad, offer(n + 2, offer_id="kairos:9"), offer(n + 3, source="kairos")])
    assert (reply.status, reply.counts) == (207, (1, 0, 3))
    verdicts = reply.json["verdicts"]
    assert [one["index"] for one in verdicts] == [0, 1, 2, 3]
    assert [one["problems"][0]["pointer"] for one in verdicts[1:]] == ["/titel", "/offer_id", "/source"]
    assert verdicts[1]["problems"][0]["fix"] == "write title"
    assert len(on_the_bus(site, n, n + 1, n + 2, n + 3)) == 1


def test_atomic_takes_all_or_none_and_a_dry_run_takes_nothing(site: Site) -> None:
    n = next(NEW)
    mixed = [offer(n), {**offer(n + 1), "titel": "x"}]
    assert site.gateway.offers(mixed, "?atomic=true").status == 422
    trial = site.gateway.offers(mixed, "?dry_run=true")
    assert (trial.status, trial.counts, trial.json["tally"]["published"]) == (207, (1, 0, 1), False)
    assert on_the_bus(site, n, n + 1) == []
    assert site.gateway.offers([offer(n), offer(n + 1)], "?atomic=true").counts == (2, 0, 0)


def test_the_same_id_with_another_content_is_a_conflict_and_a_newer_version_is_not(site: Site) -> None:
    n = next(NEW)
    site.gateway.offers([offer(n)])
    clash = site.gateway.offers([offer(n, title="Soudeur")])
    assert (clash.status, clash.json["verdicts"][0]["http_status"]) == (409, 409)
    assert clash.json["verdicts"][0]["problems"][0]["code"] == "conflict"
    beside = site.gateway.offers([offer(n, title="Soudeur"), offer(n + 1)])
    assert (beside.status, beside.counts) == (207, (1, 0, 1))
    assert site.gateway.offers([offer(n, title="Soudeur", version=2)]).counts == (1, 0, 0)
    assert [one["version"] for one in on_the_bus(site, n)] == [1, 2]


def test_the_same_key_gives_the_same_answer_and_never_another_content(site: Site) -> None:
    n = next(NEW)
    first = site.gateway.offers([offer(n)], Idempotency_Key=f'"k{n}"')
    again = site.gateway.offers([offer(n)], Idempotency_Key=f'"k{n}"')
    assert (again.status, again.body) == (first.status, first.body)
    assert again.headers["idempotency-replayed"] == "true"
    other = site.gateway.offers([offer(n + 1)], Idempotency_Key=f'"k{n}"')
    assert (other.status, other.json["type"]) == (422, "/problems/key-reused")
    assert on_the_bus(site, n + 1) == []
    stranger = site.gateway.post(
        "/v1/contracts/JobOffer?source=offres", [offer(n + 2)], {"Idempotency-Key": f'"k{n}"'},
        site.gateway.issue("other", "offres"),
    )  # fmt: skip
    assert stranger.counts == (1, 0, 0)


def test_ndjson_comes_and_goes_line_by_line(gateway: Gateway) -> None:
    n = next(NEW)
    lines = "\n".join(json.dumps(one) for one in (offer(n), offer(n + 1), {"offer_id": 3})).encode()
    reply = gateway.post(
        "/v1/contracts/JobOffer", lines, {"Content-Type": "application/x-ndjson", "Accept": "application/x-ndjson"}
    )
    answers = [json.loads(line) for line in reply.body.splitlines()]
    assert (reply.status, reply.headers["content-type"]) == (207, "application/x-ndjson")
    assert [one["status"] for one in answers[:-1]] == ["accepted", "accepted", "refused"]
    assert answers[-1]["tally"]["received"] == 3


def test_avro_is_taken_as_a_container_and_as_wire_records(site: Site) -> None:
    n = next(NEW)
    forms = [codec_form(offer(n + i)) for i in range(4)]
    wire = b"".join(CODEC.encode(OFFER, one) for one in forms[:2])
    container = io.BytesIO()
    fastavro.writer(container, lock_file().by_name(OFFER).schema, forms[1:])
    avro = {"Content-Type": "application/vnd.apache.avro"}
    assert site.gateway.post("/v1/contracts/JobOffer", wire, avro).counts == (2, 0, 0)
    assert site.gateway.post("/v1/contracts/JobOffer", container.getvalue(), avro).counts == (2, 1, 0)
    for broken in (
        wire[:-3],
        container.getvalue()[:-20],
        b"\x00\x00\x00\x00\x01x",
        b"\x00\xff\xff\xff\xff",
        b"Obj\x01",
    ):
        reply = site.gateway.post("/v1/contracts/JobOffer", broken, avro)
        assert (reply.status, reply.json["type"]) == (400, "/problems/malformed")
    assert len(on_the_bus(site, *range(n, n + 4))) == 4


def test_a_container_of_another_schema_is_not_read(gateway: Gateway) -> None:
    schema = {"type": "record", "name": "X", "fields": [{"name": "a", "type": {"type": "array", "items": "null"}}]}
    container = io.BytesIO()
    fastavro.writer(container, schema, [{"a": [None] * 1_000_000}])
    reply = gateway.post("/v1/contracts/JobOffer", container.getvalue(), {"Content-Type": "avro/binary"})
    assert reply.status == 400


def test_a_partners_pseudonym_is_keyed_again_so_that_it_does_not_reach_the_bus(site: Site) -> None:
    given = "0123456789abcdef" * 2
    record = {
        **examples(TRAINING_ENROLMENT).valid[0], "source": "kairos", "session_id": "kairos:S1", "person": given,
        "source_key": f"S1/{given}",
    }  # fmt: skip
    token = site.gateway.issue("kairos", "kairos")
    reply = site.gateway.post("/v1/contracts/TrainingEnrolment", [record], token=token)
    assert (reply.status, reply.counts) == (200, (1, 0, 0))
    written = b"".join(
        one.value() or b"" for one in messages(site.kafka, site.prefix + "training.events.v1", PARTITIONS)
    )
    assert b"kairos:S1" in written
    assert given.encode() not in written


def test_every_format_is_taken_as_the_partner_has_it(gateway: Gateway) -> None:
    for form in formats().values():
        token = gateway.issue("all", form.default_source)
        body = gzip.compress(sample(form))
        headers = {"Content-Type": form.media_types[0], "Content-Encoding": "gzip"}
        query = "?as_of=2026-11-20T08:00:00"
        reply = gateway.post(f"/v1/formats/{form.name}{query}", body, headers, token)
        assert (reply.status, reply.json["tally"]["refused"]) == (200, 0), (form.name, reply)
        again = gateway.post(f"/v1/formats/{form.name}{query}", body, headers, token)
        assert again.json["tally"]["duplicate"] == reply.json["tally"]["received"]


def test_ten_thousand_records_get_ten_thousand_verdicts(site: Site) -> None:
    n = next(NEW) * 1_000
    small = {k: offer(0)[k] for k in ("source", "version", "title")}
    many = [{**small, "offer_id": f"offres:{n + i}", "source_key": str(n + i)} for i in range(10_000)]
    need = {k: v for k, v in offer(0).items() if k not in small and k not in {"offer_id", "source_key"}}
    probe = site.gateway.offers([many[0]], "?dry_run=true").json["verdicts"][0]["problems"]
    lacking = {one["pointer"][1:] for one in probe}
    many = [{**one, **{name: need[name] for name in lacking}} for one in many]
    reply = site.gateway.offers(many)
    assert (reply.status, reply.counts) == (200, (10_000, 0, 0))
    assert [one["index"] for one in reply.json["verdicts"]] == list(range(10_000))
