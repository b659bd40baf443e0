"""The sheet that a certificate goes through: what is asked of a gateway, and what must come back. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import orjson

from beffroi.kit.broken import Bad
from beffroi.kit.check import door
from connectors.formats.base import Format

#: More than any gateway takes; it is announced and never sent.
_TOO_LARGE: Final = 1 << 50
_CONFLICT, _OUTDATED = "conflict", "outdated"


@dataclass(frozen=True, slots=True)
class Ask:
    """A request.

    Attributes:
        path: With its query.
        body: Of the request.
        headers: Besides the token.
        whose: The token's: ``ours``, ``wrong`` or ``none``.
        announced: The Content-Length that is told instead of sending the body.
    """

    path: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    whose: str = "ours"
    announced: int | None = None


@dataclass(frozen=True, slots=True)
class Came:
    """An answer: its status, headers in lower case, and body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def told(self) -> dict[str, Any]:
        """The JSON object that it holds; empty for anything else."""
        try:
            found = orjson.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def counts(self) -> tuple[int, int, int]:
        """Records accepted, duplicate, refused; none when it tells no tally."""
        tally = self.told.get("tally", {})
        return tally.get("accepted", 0), tally.get("duplicate", 0), tally.get("refused", 0)

    @property
    def codes(self) -> frozenset[str]:
        """Codes of all problems."""
        verdicts = self.told.get("verdicts", ())
        return frozenset(problem["code"] for one in verdicts for problem in one["problems"])

    @property
    def ids(self) -> tuple[str | None, ...]:
        """Ids of the events."""
        return tuple(one["event_id"] for one in self.told.get("verdicts", ()))

    def __str__(self) -> str:
        if "tally" in self.told:
            accepted, duplicate, refused = self.counts
            codes = f" ({', '.join(sorted(self.codes))})" if self.codes else ""
            return f"{self.status}, {accepted} accepted, {duplicate} duplicate, {refused} refused{codes}"
        return f"{self.status} {self.told.get('type', 'without a problem document')}"


#: Whether an answer is what was expected, beside those to the steps before, by name.
Holds = Callable[[Came, Mapping[str, Came]], bool]


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the sheet.

    Attributes:
        name: Of the step.
        ask: What is sent.
        expected: What must come, for people.
        holds: Whether it came.
    """

    name: str
    ask: Ask
    expected: str
    holds: Holds


@dataclass(frozen=True, slots=True)
class Matter:
    """What is published.

    Attributes:
        source: In the sandbox.
        form: How the partner writes.
        good: A file of it that is taken.
        bad: Files of it that are refused.
        contract: In which single records are sent.
        record: A record of that, without version.
        corrected: The same thing with another content.
        run: Makes keys of this run.
    """

    source: str
    form: Format
    good: bytes
    bad: tuple[Bad, ...]
    contract: Format
    record: Mapping[str, Any]
    corrected: Mapping[str, Any]
    run: str


def sheet(matter: Matter) -> Iterator[Step]:
    """Every step, in order."""
    yield from _strangers(matter)
    yield from _files(matter)
    yield from _bodies(matter)
    yield from _lives(matter)


def _strangers(matter: Matter) -> Iterator[Step]:
    file = _file(matter)
    yield Step("no-token", replace(file, whose="none"), *_problem("unauthorised", 401))
    told, _ = _problem("unauthorised", 401)
    yield Step(
        "wrong-token", replace(file, whose="wrong"), f"{told}, word for word as without a token",
        lambda came, before: (came.status, came.body) == (401, before["no-token"].body),
    )  # fmt: skip
    other = replace(file, path=f"{door(matter.form)}?source=somebody-elses")
    yield Step("wrong-source", other, *_problem("forbidden", 403))
    yield Step("unknown-format", replace(file, path="/v1/formats/no-such-format"), *_problem("unknown-format", 415))
    strange = {"Content-Type": "application/x-msdownload"}
    yield Step("wrong-type", replace(file, headers=strange), *_problem("media-type", 415))
    yield Step("unknown-query", replace(file, path=f"{file.path}&dry-run=true"), *_problem("query", 400))


def _files(matter: Matter) -> Iterator[Step]:
    file = _file(matter)
    keyed = replace(file, headers={**file.headers, "Idempotency-Key": f'"{matter.run}"'})
    dry = replace(file, path=f"{file.path}&dry_run=true")
    yield Step(
        "dry-run", dry, "200, nothing refused, nothing published",
        lambda came, _: _whole(came) and came.told["tally"]["published"] is False,
    )  # fmt: skip
    yield Step("good-file", keyed, "200, nothing refused", lambda came, _: _whole(came))
    yield Step(
        "retry", keyed, "the same answer again, with Idempotency-Replayed",
        lambda came, before: came.body == before["good-file"].body and "idempotency-replayed" in came.headers,
    )  # fmt: skip
    reused = replace(keyed, body=matter.good + b"\n")
    yield Step("key-reused", reused, *_problem("key-reused", 422))
    yield Step(
        "same-file-again", file, "200, every record a duplicate",
        lambda came, _: _whole(came) and came.counts[0] == 0 and came.counts[1] > 0,
    )  # fmt: skip
    for bad in matter.bad:
        yield _refused(bad, replace(file, body=bad.content))


def _refused(bad: Bad, ask: Ask) -> Step:
    if bad.checked.refusal is not None:
        return Step(f"bad-{bad.reason}", ask, *_problem("malformed", 400))
    return Step(
        f"bad-{bad.reason}", ask, f"207 or 422, a record refused with {bad.reason}",
        lambda came, _: came.status in {207, 422} and bad.reason in came.codes,
    )  # fmt: skip


def _bodies(matter: Matter) -> Iterator[Step]:
    file, one = _file(matter), _one(matter, matter.record, 1)
    yield Step("oversized", replace(file, body=b"", announced=_TOO_LARGE), *_problem("too-large", 413))
    packed = replace(file, headers={**file.headers, "Content-Encoding": "gzip"})
    yield Step("not-gzip", packed, *_problem("malformed", 400))
    yield Step("bad-encoding", replace(one, body=one.body.replace(b'":"', b'":"\xff', 1)), *_nothing_taken())
    yield Step("cut", replace(one, body=one.body[:-2]), *_problem("malformed", 400))


def _lives(matter: Matter) -> Iterator[Step]:
    """One thing from its first record to its last, with what comes twice and too late."""
    first = _one(matter, matter.record, 1)
    yield Step("record", first, *_verdict(accepted=1))
    yield Step(
        "duplicate", first, "200, a duplicate with the id of the first",
        lambda came, before: came.counts == (0, 1, 0) and came.ids == before["record"].ids != (None,),
    )  # fmt: skip
    yield Step("conflict", _one(matter, matter.corrected, 1), *_verdict(refused=1, status=409, code=_CONFLICT))
    yield Step("correction", _one(matter, matter.corrected, 3), *_verdict(accepted=1))
    yield Step("late", _one(matter, matter.record, 2), *_verdict(duplicate=1, code=_OUTDATED))
    yield Step("withdrawal", _one(matter, {**matter.corrected, "withdrawn": True}, 5), *_verdict(accepted=1))
    yield Step("late-again", _one(matter, matter.corrected, 4), *_verdict(duplicate=1, code=_OUTDATED))
    yield Step("back", _one(matter, matter.record, 6), *_verdict(accepted=1))
    both = orjson.dumps([{**matter.record, "version": 7}, {**matter.record, "version": 8, "no_such_field": 1}])
    atomic = replace(first, path=f"{first.path}&atomic=true", body=both)
    yield Step("all-or-none", atomic, *_verdict(refused=2, status=422))
    yield Step("after-none", _one(matter, matter.record, 6), *_verdict(duplicate=1))
    end = {**matter.record, "withdrawn": True}
    yield Step("end", _one(matter, end, 9), *_verdict(accepted=1))


def _file(matter: Matter) -> Ask:
    headers = {"Content-Type": matter.form.media_types[0]}
    return Ask(f"{door(matter.form)}?source={matter.source}", matter.good, headers)


def _one(matter: Matter, record: Mapping[str, Any], version: int) -> Ask:
    body = orjson.dumps([{**record, "version": version}])
    path = f"{door(matter.contract)}?source={matter.source}"
    return Ask(path, body, {"Content-Type": "application/json"})


def _whole(came: Came) -> bool:
    accepted, duplicate, refused = came.counts
    return came.status == 200 and refused == 0 and accepted + duplicate > 0  # noqa: PLR2004  # HTTP's own number


def _problem(code: str, status: int) -> tuple[str, Holds]:
    def holds(came: Came, _: Mapping[str, Came]) -> bool:
        return came.status == status and came.told.get("type") == f"/problems/{code}"

    return f"{status} /problems/{code}", holds


def _nothing_taken() -> tuple[str, Holds]:
    return "400 or 422, nothing taken", lambda came, _: came.status in {400, 422} and came.counts[:2] == (0, 0)


def _verdict(
    *, accepted: int = 0, duplicate: int = 0, refused: int = 0, status: int = 200, code: str = ""
) -> tuple[str, Holds]:
    def holds(came: Came, _: Mapping[str, Came]) -> bool:
        right = (came.status, came.counts) == (status, (accepted, duplicate, refused))
        return right and (not code or code in came.codes)

    counts = {"accepted": accepted, "duplicate": duplicate, "refused": refused}
    told = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    return f"{status}, {told}{f' ({code})' if code else ''}", holds
