"""Certificates: the whole sheet against a real gateway, each answer signed by it, and nothing of it in any view."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from joserfc import jws
from joserfc.jwk import OKPKey

from beffroi import compose, kit
from beffroi.kit import proof
from beffroi.settings import Settings
from connectors.gateway.witness import attested, key_file, signing_key
from schemas.errors import FileRefused, SettingsError
from schemas.topics import CATALOGUE, SANDBOX
from tests.bus import messages, records
from tests.conftest import PARTITIONS
from tests.gateway.conftest import Site
from tests.gateway.desk import offer

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


def test_a_partner_gets_a_certificate_that_anybody_can_check_and_nothing_of_it_is_real(
    site: Site, tmp_path: Path
) -> None:
    before = real(site)
    code, told = certified(site, tmp_path, "kairos-csv", "sandbox-new")
    assert code == 0, told
    assert "FAILED" not in told
    assert real(site) == before
    tried = records(site.kafka, site.prefix + SANDBOX)
    assert {one["source"] for one in tried} == {"sandbox-new"}
    assert len(tried) > 8
    file = tmp_path / "new.certificate.json"
    code, told = beffroi(tmp_path, "--verify", str(file), GATEWAY=f"http://127.0.0.1:{site.gateway.port}")
    assert (code, "29 of 29 steps hold: passed" in told, told.count("ok ")) == (0, True, 29)
    forged(file, site)


def forged(file: Path, site: Site) -> None:
    """Whatever is changed in a certificate that is real, it is believed no more."""
    honest = json.loads(file.read_bytes())
    key = kit.Gateway(f"http://127.0.0.1:{site.gateway.port}", "").key()
    matter = kit.matter_of(
        kit.form_named("kairos-csv"), "sandbox-new", compose.offline_intake(Settings()), honest["run"]
    )  # fmt: skip
    assert all(one.holds for one in proof.proved(honest, matter, key))
    places = {one["step"]: number for number, one in enumerate(honest["steps"])}

    def refused(change: Callable[[dict[str, Any], list[dict[str, Any]]], object], why: str) -> None:
        told = json.loads(file.read_bytes())
        change(told, told["steps"])
        with pytest.raises(FileRefused, match=why):
            proof.proved(told, matter, key)

    bad, good = places["key-reused"], places["good-file"]
    refused(lambda _, steps: steps[bad].update(answer=steps[good]["answer"]), "was changed after it was signed")
    refused(lambda _, steps: steps.__setitem__(bad, steps[good]), "answer to another request")
    refused(lambda _, steps: steps.pop(), "28 steps, the sheet 29")
    refused(lambda _, steps: steps[good].update(witness=None), "is not signed by that gateway")
    refused(lambda told, _: told.update(partner="somebody"), "answered to another partner")
    theirs = OKPKey.generate_key("Ed25519")
    with pytest.raises(FileRefused, match="is not signed by that gateway"):
        proof.proved(honest, matter, theirs)
    said = orjson.dumps({**attested(honest["steps"][good]["witness"], key), "status": 200})
    own = jws.serialize_compact({"alg": "Ed25519"}, said, theirs, algorithms=["Ed25519"])
    refused(lambda _, steps: steps[good].update(witness=own), "is not signed by that gateway")
    honest["passed"], honest["steps"][bad]["holds"] = False, False  # what it says of itself counts for nothing
    assert all(one.holds for one in proof.proved(honest, matter, key))


def test_a_certificate_is_not_made_under_another_name_and_a_failed_one_says_so(site: Site, tmp_path: Path) -> None:
    token, address = site.gateway.issue("somebody", "sandbox-new"), f"http://127.0.0.1:{site.gateway.port}"
    code, told = beffroi(tmp_path, "new", "--format", "JobOffer", TOKEN=token, GATEWAY=address)
    assert (code, "answered to another partner" in told) == (65, True), told
    assert not list(tmp_path.glob("*.json"))
    code, told = certified(site, tmp_path, "JobOffer", "offres")
    assert (code, "NOT passed" in told) == (4, True), told
    file, public = tmp_path / "new.certificate.json", tmp_path / "gateway.pem"
    public.write_bytes(site.gateway.ask("GET", "/v1/certificate-key").body)
    code, told = beffroi(tmp_path, "--verify", str(file), "--key", str(public))
    assert (code, "NOT passed" in told) == (4, True)
    code, told = beffroi(tmp_path, "--verify", str(file), "--key", str(file))
    assert (code, "gives no Ed25519 key" in told) == (78, True)


def test_the_signing_key_is_private_and_only_who_sends_a_nonce_gets_a_signature(site: Site, tmp_path: Path) -> None:
    plain = site.gateway.offers([offer(9_100)], "?dry_run=true")
    asked = site.gateway.offers([offer(9_100)], "?dry_run=true", Beffroi_Nonce="n")
    assert "beffroi-witness" not in plain.headers
    said = attested(asked.headers["beffroi-witness"], kit.Gateway(f"http://127.0.0.1:{site.gateway.port}", "").key())
    assert (said["nonce"], said["partner"], said["status"]) == ("n", "france-travail", 200)
    assert (
        "beffroi-witness" not in site.gateway.offers([offer(9_100)], "?dry_run=true", Beffroi_Nonce="n" * 200).headers
    )
    key = key_file(tmp_path)
    signing_key(key)
    key.chmod(0o644)
    with pytest.raises(SettingsError, match="may be read by others"):
        signing_key(key)


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
