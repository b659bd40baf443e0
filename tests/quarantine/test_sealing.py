"""What is sealed, who can open it, and what is never kept at all."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.alone import Alone, single
from connectors.delivery import ALL_KEPT_BYTES, KEPT_BYTES, Replayed, collect
from connectors.formats import format_named
from connectors.formats.base import Problem, Refused
from connectors.gateway.contracts import contract_formats
from connectors.inputs import Input
from connectors.privacy import may_not_be_kept
from connectors.quarantine import Board, grouped, mended
from connectors.sealing import Keyring, Sealed, add_key, load_or_create_keys
from schemas.codec import Codec
from schemas.contracts import JOB_OFFER, QUARANTINE_OUTCOME, QUARANTINED
from schemas.errors import QuarantineError, SettingsError
from tests.reading import CONTEXT

RING = Keyring([b"k" * 32])
AT = CONTEXT.as_of


@given(st.binary(max_size=200), st.text(max_size=20))
def test_what_is_sealed_opens_with_its_key_and_under_its_name_alone(content: bytes, name: str) -> None:
    sealed = RING.seal(content, name)
    assert RING.open(sealed, name) == content
    assert len(content) < 4 or content not in sealed.content
    assert RING.seal(content, name) != sealed
    for ring, found, under in (
        (Keyring([b"o" * 32]), sealed, name),
        (RING, sealed, f"{name}x"),
        (RING, Sealed(sealed.key_id, sealed.content[:-1] + bytes([sealed.content[-1] ^ 1])), name),
        (RING, Sealed(sealed.key_id, b""), name),
    ):
        with pytest.raises(QuarantineError):
            ring.open(found, under)


def test_a_new_key_seals_and_the_old_one_still_opens(tmp_path: Path) -> None:
    path = tmp_path / "data" / "quarantine.keys"
    first = load_or_create_keys(path)
    sealed, name = first.seal(b"row", "n"), first.name(b"a", b"b")
    second = add_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert second.current != first.current == sealed.key_id
    assert second.open(sealed, "n") == b"row"
    assert load_or_create_keys(path).name(b"a", b"b") == name != first.name(b"ab", b"")
    assert [one.name for one in path.parent.iterdir()] == ["quarantine.keys"]


@pytest.mark.parametrize(("content", "mode", "what"), [("", 0o600, "on each line"), ("k" * 64, 0o644, "by others")])
def test_a_key_file_that_is_none_is_refused(tmp_path: Path, content: str, mode: int, what: str) -> None:
    path = tmp_path / "quarantine.keys"
    path.write_text(content)
    path.chmod(mode)
    with pytest.raises(SettingsError, match=what):
        load_or_create_keys(path)


@pytest.mark.parametrize(
    ("text", "may"),
    [
        ("a;184127645108946;b", True),
        ("1 84 12 76 451 089 46", True),
        ('{"note":"1841276451089"}', True),
        ("x|1841276451089|y", True),
        ('{"version":1763884800000}', False),
        ("00000000000000;7777777001;2026-11-20", False),
    ],
)
def test_a_number_that_must_never_be_kept_is_seen(text: str, may: bool) -> None:  # noqa: FBT001  # a row of the table
    assert may_not_be_kept(text.encode()) is may


def test_little_is_kept_of_a_file_that_is_wrong_throughout() -> None:
    problems = (Problem(1, "a", "b", "c", "d"),)
    items = [Refused(problems, original=bytes(KEPT_BYTES - 1)) for _ in range(70)]
    items.append(Refused(problems, original=bytes(KEPT_BYTES + 1)))
    delivery = collect(items, format_named("region-csv"), CONTEXT, "f", Codec())
    kept = [one for one in delivery.refused if one.original]
    assert len(delivery.refused) == 71
    assert len(kept) == ALL_KEPT_BYTES // (KEPT_BYTES - 1)
    assert not list(single([], format_named("region-csv"), CONTEXT))


@pytest.mark.parametrize(
    ("content", "changes", "expected"),
    [
        (b"A;B\n1;2\n", {"b": "x;y"}, b'A;B\n1;"x;y"\n'),
        ("A;B\né;2\n".encode("cp1252"), {"B": "à"}, "A;B\né;à\n".encode("cp1252")),
        (b'a|b\nit\'s "so"|2\n', {"b": "3"}, b'a|b\nit\'s "so"|3\n'),
        (b'[{"a":{"b":1},"c":"1"}]', {"/a/b": "2", "c": "2", "/d/e": "x"}, b'[{"a":{"b":2},"c":"2","d":{"e":"x"}}]'),
        (b'[{"a":[{"b":null}]}]', {"/a/0/b": "true"}, b'[{"a":[{"b":true}]}]'),
    ],
)
def test_a_field_gets_another_value_and_nothing_else_changes(
    content: bytes, changes: dict[str, str], expected: bytes
) -> None:
    assert mended(content, changes) == expected


@pytest.mark.parametrize(
    ("content", "changes", "what"),
    [
        (b"A;B\n1;2\n", {"C": "x"}, "no column C"),
        (b"A;B\n1;2;3\n", {"A": "x"}, "3 columns, its header 2"),
        (b"a|b\n1|2\n", {"a": "x|y"}, "holds the separator"),
        (b'[{"a":1}]', {"/a/b": "x"}, "no place /a/b"),
        (b'[{"a":[]}]', {"/a/0": "x"}, "no place /a/0"),
        (b"[{]", {"/a": "x"}, "no JSON"),
        (b"<formation/>", {"/a": "x"}, "not corrected by its fields"),
    ],
)
def test_what_cannot_be_mended_by_its_fields_is_said(content: bytes, changes: dict[str, str], what: str) -> None:
    with pytest.raises(QuarantineError, match=what):
        mended(content, changes)


def aside(record_id: str, day: int, **other: Any) -> tuple[str, dict[str, Any]]:
    record = {
        "source": "kairos", "format": "kairos-csv", "file": "f", "line": 2, "pointer": "a", "code": "missing",
        "shape": "", "message": "m", "fix": "f", "received_at": AT + timedelta(days=day), "content": None,
        "record_id": record_id, "data_as_of": AT + timedelta(days=day), "problems": 1, "sealed": None, "key_id": None,
    }  # fmt: skip
    return QUARANTINED, record | other


def outcome(record_id: str) -> tuple[str, dict[str, Any]]:
    return QUARANTINE_OUTCOME, {"record_id": record_id}


def test_a_record_that_comes_again_is_one_that_waits_since_the_first_time() -> None:
    board = Board()
    for told in (aside("1", 1), aside("2", 1), aside("1", 3), aside("1", 2)):
        board.take(*told)
    first = board.open["1"]
    assert (first.times, first.data_as_of) == (3, AT + timedelta(days=3))
    assert (first.first_at, first.last_at) == (AT + timedelta(days=1), AT + timedelta(days=2))
    (group,) = grouped(board.open.values())
    assert (group.count, group.sealed, group.first_at) == (2, 0, AT + timedelta(days=1))


def test_what_was_dealt_with_comes_back_with_newer_data_alone() -> None:
    board = Board()
    for told in (aside("1", 1), outcome("1"), outcome("1"), outcome("unknown"), aside("1", 1)):
        board.take(*told)
    assert not board.open
    board.take(*aside("1", 2))
    assert list(board.open) == ["1"]


def test_what_a_worker_set_aside_is_listed_and_never_mixed_up() -> None:
    board = Board()
    for offset in (7, 8):
        event = {"format": "avro", "file": "training.events.v1/0", "pointer": f"offset {offset}", "data_as_of": None}
        board.take(*aside("", 1, source="training", **event))
    assert len(board.open) == 2
    assert all(one.is_event for one in board.open.values())
    assert [(group.source, group.field, group.count) for group in grouped(board.open.values())] == [("training", "", 2)]


def test_a_record_of_a_contract_that_came_by_the_gateway_is_kept_alone_too() -> None:
    form, codec = contract_formats()[JOB_OFFER], Codec()
    good = {"offer_id": "offres:1", "source_key": "1", "title": "Soudeur"}
    bad = {**good, "offer_id": "kairos:1"}
    context = replace(CONTEXT, source="offres")
    body = "\n".join(json.dumps(one) for one in (good, bad)).encode()
    (kept,) = [item for item in form.read(Input.of_bytes(body), context) if isinstance(item, Refused)]
    assert kept.original
    pointer = kept.problems[0].pointer
    right = Alone(mended(kept.original, {pointer: "offres:1"}), Replayed("0" * 32))
    whole, alone = (
        collect(items, form, context, "f", codec)
        for items in (form.read(Input.of_bytes(json.dumps(good).encode()), context), single([right], form, context))
    )
    assert alone.things == whole.things
