"""What every format must do, stated once and run against all that are found; :mod:`tests.connectors.cases` feeds it."""

import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.formats import formats, page, sample
from connectors.formats.base import Context, Notes, Refused
from connectors.inputs import Input
from connectors.intake import Intake
from connectors.ledger import Ledger
from connectors.privacy import Pseudonymiser
from connectors.quarantine import mended
from connectors.report import Report, render
from schemas.clock import system_clock
from schemas.codec import Codec
from schemas.errors import FileRefused, QuarantineError
from schemas.fields import fields
from schemas.registers import sources_register
from tests.connectors.cases import PLANTED, Case, changed
from tests.reading import CONTEXT, TERRITORY

EARLY, LATE = "data_2026-11-20", "data_2026-11-21"
NIR = "1 84 12 76 451 089 46"
INTAKE = Intake(None, prefix="", pseudonyms=Pseudonymiser(b"k"), territory=TERRITORY, clock=system_clock)


def check(case: Case, content: bytes, ledger: Ledger | None = None, name: str = EARLY) -> Report:
    report = INTAKE.check(Input.of_bytes(content, name), case.format, ledger)
    counts = report.counts()
    assert counts["received"] == counts["accepted"] + counts["duplicate"] + counts["refused"]
    statuses = [one.status for one in report.verdicts()]
    assert [statuses.count(word) for word in ("accepted", "duplicate", "refused")] == [
        counts["accepted"], counts["duplicate"], counts["refused"],
    ]  # fmt: skip
    assert len(statuses) == counts["received"]
    return report


def held(ledger: Ledger) -> dict[tuple[str, str], Any]:
    """What is known of each thing, without its version."""
    return {key: (entry.root, entry.digest, entry.withdrawn) for key, entry in ledger.entries.items()}


class Conformance:
    """The suite; a test module inherits it and gives the cases."""

    def test_its_sample_is_accepted_and_fills_what_it_declares(self, case: Case) -> None:
        form, ledger = formats()[case.format], Ledger()
        report = INTAKE.check(Input.of_bytes(sample(form), EARLY), case.format, ledger)
        assert (report.accepted, report.refused, report.warnings) == (report.rows, (), ())
        assert {f"{kind}" for kind, _ in ledger.entries} <= {name.rpartition(".")[2] for name in form.writes}
        assert "personne1" not in render(report)

    def test_it_is_documented_and_declared(self, case: Case) -> None:
        form = formats()[case.format]
        text = page(form)
        assert text.startswith(f"# {form.name}\n")
        for contract in form.writes:
            assert f"`{contract.rpartition('.')[2]}`" in text
        (source,) = [one for one in sources_register() if one.format == form.name]
        assert (source.name, source.state) == (form.default_source, "live")
        assert set(form.writes) <= set(source.contracts)

    def test_only_declared_fields_are_filled(self, case: Case) -> None:
        form = formats()[case.format]
        content = case.file([case.record(1)])
        for item in form.read(Input.of_bytes(content), context(form.default_source)):
            for event in getattr(item, "events", ()):
                assert set(event.record) <= form.writes[event.contract]
                assert form.writes[event.contract] <= {
                    one.path for one in fields(Codec().ids.by_name(event.contract).text)
                }

    def test_the_same_twice_is_known(self, case: Case) -> None:
        content, ledger = case.file(case.record(n) for n in range(5)), Ledger()
        assert check(case, content, ledger).accepted == 5
        again = check(case, content, ledger, LATE)
        assert (again.accepted, again.duplicate, again.outdated, again.events) == (0, 5, 0, 0)

    def test_a_record_twice_in_a_file_is_known(self, case: Case) -> None:
        report = check(case, case.file([case.record(1), case.record(2), case.record(1)]))
        assert (report.accepted, report.duplicate, report.contradictions) == (2, 1, ())

    def test_the_order_of_records_changes_nothing(self, case: Case) -> None:
        records = [case.record(n) for n in range(6)] + [changed(case.record(2), case.correction)]
        known = []
        for seed in range(4):
            shuffled, ledger = [*records[seed:], *records[:seed]][:: 1 - 2 * (seed % 2)], Ledger()
            check(case, case.file(shuffled), ledger)
            known.append(held(ledger))
        assert all(one == known[0] for one in known)

    def test_a_correction_in_a_newer_file_wins_and_an_older_file_changes_nothing(self, case: Case) -> None:
        records = [case.record(n) for n in range(3)]
        newer = [changed(records[0], case.correction), *records[1:]]
        known = []
        for files in (((EARLY, records), (LATE, newer)), ((LATE, newer), (EARLY, records))):
            ledger = Ledger()
            reports = [check(case, case.file(content), ledger, name) for name, content in files]
            known.append({key: value[1] for key, value in held(ledger).items()})
        assert known[0] == known[1]
        assert (reports[1].accepted, reports[1].duplicate, reports[1].outdated) == (0, 3, 1)

    def test_a_broken_record_is_refused_with_its_cause_and_its_neighbours_are_taken(self, case: Case) -> None:
        change, pointer, code = case.broken
        report = check(case, case.file([case.record(1), changed(case.record(2), change), case.record(3)]))
        assert (report.accepted, len(report.refused)) == (2, 1)
        verdict = list(report.verdicts())[1]
        assert (verdict.status, verdict.event_id) == ("refused", None)
        (problem,) = verdict.problems
        assert (problem.pointer, problem.code) == (pointer, code)
        assert problem.fix
        assert problem.message

    def test_a_broken_record_is_kept_alone_for_its_correction(self, case: Case) -> None:
        change, pointer, code = case.broken
        form, good = formats()[case.format], case.record(2)
        content = case.file([case.record(1), changed(good, change), case.record(3)])
        where = context(form.default_source)
        (kept,) = [item for item in form.read(Input.of_bytes(content), where) if isinstance(item, Refused)]
        assert kept.original
        (again,) = form.read(Input.of_bytes(kept.original), context(form.default_source))
        assert isinstance(again, Refused)
        assert [(one.pointer, one.code) for one in again.problems] == [(pointer, code)]
        if form.suffixes == (".xml",):
            with pytest.raises(QuarantineError, match="--file"):
                mended(kept.original, {pointer: "x"})
            return
        alone, whole = Ledger(), Ledger()
        right = mended(kept.original, {pointer: _value(good, pointer)})
        assert (check(case, right, alone).accepted, check(case, case.file([good]), whole).accepted) == (1, 1)
        assert held(alone) == held(whole)

    def test_a_broken_record_does_not_withdraw_its_thing(self, case: Case) -> None:
        ledger = Ledger()
        people = [case.record(n) for n in range(10)]
        check(case, case.file(people), ledger)
        short = INTAKE.check(Input.of_bytes(case.file(people[1:]), LATE), case.format, ledger, snapshot=True)
        assert short.withdrawn == 1
        held_back = [changed(people[1], case.broken[0]), *people[2:]]
        same = INTAKE.check(Input.of_bytes(case.file(held_back), "data_2026-11-22"), case.format, ledger, snapshot=True)
        assert (same.withdrawn, len(same.refused)) == (0, 1)

    def test_a_file_cut_anywhere_gives_nothing_that_the_whole_does_not(self, case: Case) -> None:
        content, whole = case.file(case.record(n) for n in range(4)), Ledger()
        check(case, content, whole)
        counted = {name.rpartition(".")[2] for name in formats()[case.format].writes} - formats()[case.format].carries
        for at in range(0, len(content), 17):
            ledger = Ledger()
            with suppress(FileRefused):
                INTAKE.check(Input.of_bytes(content[:at], EARLY), case.format, ledger)
            found = {key: entry.digest for key, entry in ledger.entries.items() if key[0] in counted}
            assert found == {key: whole.entries[key].digest for key in found}

    def test_every_encoding_that_its_partners_use_says_the_same(self, case: Case) -> None:
        known = []
        for encoding in case.encodings:
            ledger = Ledger()
            assert check(case, case.file([case.record(1), case.record(2)], encoding), ledger).accepted == 2
            known.append(held(ledger))
        assert all(one == known[0] for one in known)

    @pytest.mark.parametrize("number", [NIR, NIR.replace(" ", ""), "1841276451089", f"voir {NIR} merci"])
    def test_a_nir_is_refused_wherever_it_stands(self, case: Case, number: str) -> None:
        report = check(case, case.file([case.record(1), changed(case.record(2), {case.text: number})]))
        assert (report.accepted, [one.problems[0].code for one in report.refused]) == (1, ["nir"])
        assert "84" not in str(report.refused[0].problems[0])

    def test_a_cell_that_a_spreadsheet_would_run_is_refused(self, case: Case) -> None:
        for text in ('=HYPERLINK("http://x.invalid")', "@SUM(A1)", "+cmd|x!A0"):
            if case.format == "kairos-csv":
                text = text.replace("|", "(")  # noqa: PLW2901  # the separator of that format
            report = check(case, case.file([case.record(1), changed(case.record(2), {case.text: text})]))
            assert (report.accepted, [one.problems[0].code for one in report.refused]) == (1, ["formula"])

    def test_nothing_personal_leaves_the_file(self, case: Case, caplog: pytest.LogCaptureFixture) -> None:
        change, *_ = case.broken
        records = [case.record(1), changed(case.record(2), change), changed(case.record(3), {case.text: NIR})]
        with caplog.at_level(logging.DEBUG):
            report = check(case, case.file(records))
        things = report._delivery.things.values()
        said = [b"".join(thing.content for thing in things), render(report).encode(), caplog.text.encode()]
        said += [repr([*report.verdicts(), report.refused, report.warnings]).encode()]
        assert [value for value in PLANTED if value.encode() in case.file(records)]
        assert not [value for value in (*PLANTED, "06 98 76 54 32", NIR) for one in said if value.encode() in one]

    @given(st.binary(max_size=300))
    @settings(max_examples=60, deadline=None)
    def test_noise_is_refused_and_never_breaks_it(self, case: Case, noise: bytes) -> None:
        whole = case.file([case.record(1), case.record(2)])
        for content in (noise, whole[: len(noise)] + noise, whole.replace(b"2026", noise[:8])):
            with suppress(FileRefused):  # any other exception is a defect
                check(case, content)


def _value(record: Mapping[str, Any], pointer: str) -> str:
    """What stands at a column or JSON pointer, as text."""
    found: Any = record
    for name in [pointer] if pointer in record else pointer.strip("/").split("/"):
        found = found[int(name)] if isinstance(found, list) else found[name]
    return str(found)


def context(source: str) -> Context:
    return replace(CONTEXT, source=source, notes=Notes())
