"""What ``beffroi partner certify`` does: run the sheet and seal what came, or open a certificate."""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from beffroi import compose, kit
from beffroi.kit import seal
from beffroi.settings import load
from schemas.clock import system_clock
from schemas.topics import SANDBOX_SOURCES


def issue(name: str, form: str, where: tuple[str, str], output: Path, key: Path | None) -> bool:
    """Run the sheet and write its result; gives whether every step held.

    Args:
        name: The partner.
        form: Format or contract.
        where: Address of the gateway, and token.
        output: The certificate's place.
        key: That signs; the data folder's when left out.

    Raises:
        BeffroiError: The gateway does not answer, or something cannot be read or written.
    """
    settings, address = load(), where[0]
    path = key or settings.data_dir / "certificate.key"
    signer = seal.signing_key(path)
    matter = kit.matter_of(
        kit.form_named(form), SANDBOX_SOURCES + name, compose.offline_intake(settings), secrets.token_hex(6)
    )
    began = system_clock().isoformat()
    taken = kit.certify(kit.Gateway(*where), matter, lambda one: _tell(one.as_json()))
    told = kit.certificate(name, matter, address, taken, began, system_clock)
    seal.write(output, seal.sealed(told, signer))
    _conclude(told)
    typer.echo(f"written: {output}; who holds {seal.public_path(path)} checks it with --verify {output} --key PUB")
    return bool(told["passed"])


def show(file: Path, public: Path) -> bool:
    """Say what a certificate says, once its seal holds; gives whether every step held."""
    told = seal.opened(file, public)
    for one in told["steps"]:
        _tell(one)
    typer.echo(f"sealed by {public}: {told['partner']}, {told['format']} at {told['gateway']}, {told['ended_at']}")
    _conclude(told)
    return bool(told["passed"])


def _tell(one: Mapping[str, Any]) -> None:
    typer.echo(
        f"{'ok    ' if one['holds'] else 'FAILED'} {one['step']:<16} expected {one['expected']}; came {one['came']}"
    )


def _conclude(told: Mapping[str, Any]) -> None:
    held = sum(1 for one in told["steps"] if one["holds"])
    typer.echo(f"{held} of {len(told['steps'])} steps hold: {'passed' if told['passed'] else 'NOT passed'}")
