"""Which processes `beffroi up` starts."""

from pathlib import Path

from beffroi.settings import load
from beffroi.stack.cast import roles

REGISTER = '[some-partner]\norganisation = "Some"\nsources = ["offres"]\n'


def test_worker_portal_gateway_and_watch_run_always() -> None:
    assert [role.name for role in roles(load())] == ["worker", "portal", "gateway", "watch"]


def test_the_other_doors_run_where_they_are_opened_each_on_a_port_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "partners.toml").write_text(REGISTER)
    settings = load(
        inbox_dir=tmp_path, partners_register=tmp_path / "partners.toml", poll_sources=("offres", "evenements")
    )
    found = list(roles(settings))
    assert [role.command[0] for role in found[4:]] == ["inbox", "relay", "poll", "poll"]
    assert len({(role.host, role.port) for role in found}) == len(found)
    assert [role.settings.get("BEFFROI_POLL_PORT") for role in found[6:]] == [str(role.port) for role in found[6:]]
