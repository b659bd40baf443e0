"""What ``beffroi partner certify`` does: run the sheet and write what came, or judge a certificate."""

import secrets
from collections.abc import Sequence
from pathlib import Path

import typer

from beffroi import compose, kit
from beffroi.kit import proof
from beffroi.settings import load
from connectors.gateway.witness import key_of
from schemas.clock import system_clock
from schemas.topics import SANDBOX_SOURCES


def issue(name: str, form: str, where: tuple[str, str], output: Path) -> bool:
    """Run the sheet and write its result; gives whether every step held.

    Args:
        name: The partner.
        form: Format or contract.
        where: Address of the gateway, and token.
        output: The certificate's place.

    Raises:
        BeffroiError: The gateway does not answer or signs nothing, the token is another partner's, or something
            cannot be read or written.
    """
    matter = _matter(form, SANDBOX_SOURCES + name, secrets.token_hex(6))
    gateway, began = kit.Gateway(*where), system_clock().isoformat()
    key = gateway.key()
    taken = kit.certify(gateway, matter, _tell)
    told = kit.certificate(name, matter, where[0], taken, began, system_clock)
    proof.proved(told, matter, key)  # as whoever gets it will
    proof.write(output, told)
    passed = _conclude(taken)
    typer.echo(f"written: {output}; anybody checks it with --verify {output} --gateway {where[0]}")
    return passed


def show(file: Path, gateway: str, public: Path | None) -> bool:
    """Judge a certificate by the answers that its gateway signed; gives whether every step held.

    Args:
        file: The certificate.
        gateway: Whose key is asked for.
        public: That key, where there is no network.
    """
    told = proof.read(file)
    key = kit.Gateway(gateway, "").key() if public is None else key_of(public, proof.content(public))
    taken = proof.proved(told, _matter(told["format"], told["source"], told["run"]), key)
    for one in taken:
        _tell(one)
    typer.echo(f"signed by {public or gateway}: {told['partner']}, {told['format']}, run {told['run']}")
    return _conclude(taken)


def _matter(form: str, source: str, run: str) -> kit.Matter:
    return kit.matter_of(kit.form_named(form), source, compose.offline_intake(load()), run)


def _tell(one: kit.Taken) -> None:
    typer.echo(
        f"{'ok    ' if one.holds else 'FAILED'} {one.step.name:<16} expected {one.step.expected}; came {one.came}"
    )


def _conclude(taken: Sequence[kit.Taken]) -> bool:
    held = sum(one.holds for one in taken)
    passed = held == len(taken)
    typer.echo(f"{held} of {len(taken)} steps hold: {'passed' if passed else 'NOT passed'}")
    return passed
