"""Certificates: the whole sheet against a real gateway, sealed, and nothing of it in any view."""

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from beffroi import compose, kit
from beffroi.kit import seal
from beffroi.settings import Settings
from schemas.errors import FileRefused, SettingsError
from schemas.topics import CATALOGUE, SANDBOX
from tests.bus import messages, records
from tests.conftest import PARTITIONS
from tests.gateway.conftest import Site

pytestmark = pytest.mark.kafka

#: Topics in which what a sandbox published would reach somebody, or look like somebody's.
REAL = [one.name for one in CATALOGUE if ".events." in one.name] + ["heartbeat.v1", "quarantine.v1"]


def beffroi(folder: Path, *arguments: str, **settings: str) -> tuple[int, str]:
    """Exit code and what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "beffroi", "partner", "certify", *arguments], cwd=folder, capture_output=True, text=True,
        env=os.environ | {"BEFFROI_DATA_DIR": str(folder)} | settings, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def certified(site: Site, folder: Path, form: str, *sources: str) -> tuple[int, str]:
    token = site.gateway.issue("new", *sources)
    address = f"http://127.0.0.1:{site.gateway.port}"
    return beffroi(folder, "new", "--format", form, TOKEN=token, GATEWAY=address)


def real(site: Site) -> int:
    count = {one.name: one.partitions or PARTITIONS for one in CATALOGUE}
    return sum(len(messages(site.kafka, site.prefix + name, count[name])) for name in REAL)


def test_a_partner_gets_a_sealed_certificate_and_nothing_of_it_is_real(site: Site, tmp_path: Path) -> None:
    before = real(site)
    code, told = certified(site, tmp_path, "kairos-csv", "sandbox-new")
    assert code == 0, told
    assert "FAILED" not in told
    assert real(site) == before
    tried = records(site.kafka, site.prefix + SANDBOX)
    assert {one["source"] for one in tried} == {"sandbox-new"}
    assert len(tried) > 8
    file, public = tmp_path / "new.certificate.json", tmp_path / "certificate.pub.pem"
    code, told = beffroi(tmp_path, "--verify", str(file), "--key", str(public))
    assert (code, "passed" in told, told.count("ok ")) == (0, True, told.count("came"))


def taken(site: Site, form: str, *sources: str) -> list[kit.Taken]:
    """The sheet in this process."""
    matter = kit.matter_of(kit.form_named(form), "sandbox-new", compose.offline_intake(Settings()), uuid.uuid4().hex)
    gateway = kit.Gateway(f"http://127.0.0.1:{site.gateway.port}", site.gateway.issue("new", *sources))
    return kit.certify(gateway, matter, lambda _: None)


@pytest.mark.parametrize("form", ["intercarif-xml", "TrainingEnrolment"])
def test_the_sheet_holds_for_other_forms_and_not_for_a_token_without_the_sandbox(site: Site, form: str) -> None:
    assert [str(one.came) for one in taken(site, form, "sandbox-new") if not one.holds] == []
    without = {one.step.name for one in taken(site, form, "offres") if not one.holds}
    assert {"good-file", "retry", "record", "correction", "late", "withdrawal", "oversized"} <= without
    assert not {"no-token", "wrong-token", "wrong-source"} & without


def test_a_certificate_that_was_changed_or_that_somebody_else_sealed_is_not_believed(tmp_path: Path) -> None:
    key, other, file = tmp_path / "ours.key", tmp_path / "theirs.key", tmp_path / "certificate.json"
    told = {"passed": False, "steps": []}
    seal.write(file, seal.sealed(told, seal.signing_key(key)))
    seal.signing_key(other)
    assert seal.opened(file, seal.public_path(key)) == told
    with pytest.raises(FileRefused, match="is not by the key"):
        seal.opened(file, seal.public_path(other))
    forged = json.loads(file.read_text())
    forged["certificate"]["passed"] = True
    file.write_text(json.dumps(forged))
    with pytest.raises(FileRefused, match="was changed after it was sealed"):
        seal.opened(file, seal.public_path(key))
    with pytest.raises(SettingsError, match="is no Ed25519 key"):
        seal.opened(file, file)
    key.chmod(0o644)
    with pytest.raises(SettingsError, match="may be read by others"):
        seal.signing_key(key)
