"""Pseudonyms, the detector of national numbers, and shapes."""

import re
import stat
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.privacy import Pseudonymiser, has_nir, load_or_create_key, may_hold_nir
from schemas.errors import SettingsError
from schemas.shape import shape

#: The digits of a national number without its key.
WITHOUT_KEY = r"[1-478][0-9]{2}(?:0[1-9]|1[0-2]|[2-9][0-9])(?:[0-9]{2}|2[ABab])[0-9]{6}"


def nir(number: int) -> str:
    return f"{number}{97 - number % 97:02d}"


@given(st.integers(1_000_000_000_000, 2_999_999_999_999))
def test_a_right_key_is_needed_and_enough_for_a_plausible_number(number: int) -> None:
    month = number // 10_000_000_0 % 100
    plausible = 1 <= month <= 12 or month >= 20
    assert has_nir(f"x|{nir(number)}|y".encode()) is plausible
    assert not has_nir(f"{number}{(98 - number % 97) % 97:02d}".encode())


@pytest.mark.parametrize("text", ["2 85 05 2A 123 456 ", "2.85.05.2B.123.456."])
def test_corsicans_are_found_too(text: str) -> None:
    digits = text.replace(" ", "").replace(".", "").replace("2A", "19").replace("2B", "18")
    assert has_nir(f"{text}{97 - int(digits) % 97:02d}".encode())


@pytest.mark.parametrize("text", ["14000000000000008098", "82436343601230", "SE_0000160070", "2018-05-22 00:00:00.0"])
def test_numbers_of_real_files_are_no_nir(text: str) -> None:
    assert not has_nir(text.encode())


BETWEEN = st.sampled_from(["", "", " ", ".", "\xa0", "\u202f"])
AROUND = st.text(st.characters(codec="utf-8"), max_size=20)


@given(st.from_regex(WITHOUT_KEY, fullmatch=True), st.lists(BETWEEN, min_size=6, max_size=6), AROUND, AROUND)
def test_the_quick_look_passes_over_no_number_whatever_stands_in_it_and_around(
    digits: str, between: list[str], before: str, after: str
) -> None:
    ends = (1, 3, 5, 7, 10, 13)
    groups = [digits[start:end] for start, end in pairwise((0, *ends))]
    written = "".join(f"{group}{space}" for group, space in zip(groups, between, strict=True))
    assert may_hold_nir(f"{before}{digits}{after}".encode())
    assert may_hold_nir(f"{before}{written}01{after}".encode())
    in_windows = written.replace("\u202f", "\xa0")  # which has no narrow space
    assert may_hold_nir(f"{before}{in_windows}01{after}".encode("cp1252", "replace"))


@given(st.binary(max_size=60))
def test_what_the_quick_look_passes_over_holds_no_number(text: bytes) -> None:
    if not may_hold_nir(text):
        assert not re.search(WITHOUT_KEY.encode(), re.sub(rb"[ .\xa0]|\xc2\xa0|\xe2\x80\xaf", b"", text))


def test_a_person_keeps_the_pseudonym_of_the_national_identifier_in_every_source() -> None:
    pseudonyms = Pseudonymiser(b"key")
    one = pseudonyms.person(national=b"1111111111", source="kairos", local=b"A")
    assert one == pseudonyms.person(national=b"1111111111", source="ouiform", local=b"B")
    assert one != pseudonyms.person(national=None, source="kairos", local=b"1111111111")
    assert pseudonyms.person(national=None, source="a", local=b"1") != pseudonyms.person(
        national=None, source="b", local=b"1"
    )
    assert one != Pseudonymiser(b"other").person(national=b"1111111111", source="kairos", local=None)
    assert len(one) == 32


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "pseudonym.key"
    key = load_or_create_key(path)
    assert len(key) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_or_create_key(path) == key


def test_a_key_that_others_may_read_or_that_is_broken_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pseudonym.key"
    load_or_create_key(path)
    path.chmod(0o644)
    with pytest.raises(SettingsError, match="may be read by others"):
        load_or_create_key(path)
    path.chmod(0o600)
    path.write_text("short")
    with pytest.raises(SettingsError, match="does not hold 32 bytes"):
        load_or_create_key(path)


@pytest.mark.parametrize(
    ("value", "looks"), [("18/12/2026", "99/99/9999"), ("Élan 4", "AAAA 9"), ("x" * 50, "A" * 40 + "…")]
)
def test_a_shape_tells_the_form_and_never_the_value(value: str, looks: str) -> None:
    assert shape(value) == looks
