"""``beffroi partner``: who may publish over HTTP, and what they start from."""

from pathlib import Path
from typing import Annotated

import typer

from schemas.clock import system_clock
from schemas.errors import SettingsError

#: Some steps did not hold; as for some records that are refused.
EX_NOT_PASSED = 4

app = typer.Typer(help="Let partners publish over HTTP.", no_args_is_help=True)


@app.command("init")
def init(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The partner.")],
    format_name: Annotated[str, typer.Option("--format", help="How it writes: a format, or a contract.")],
    folder: Annotated[
        Path | None, typer.Option("--dir", help="Where; ./NAME when left out. Nothing is overwritten.")
    ] = None,
) -> None:
    """Write a folder to start from: a good sample, three bad ones, a client, and the commands in their order.

    Needs no Kafka. Its key to the gateway is issued by `beffroi partner token`, which shows it once.
    """
    from beffroi import compose, kit
    from beffroi.settings import load

    form = kit.form_named(format_name)
    place = folder or Path(name)
    for path in kit.make_folder(name, form, place, compose.offline_intake(load())):
        typer.echo(f"written: {path}")
    typer.echo(f"next: read {place / 'README.md'}; its token is shown once by `beffroi partner token`")


@app.command("certify")
def certify(  # noqa: PLR0913  # what it may be told
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="The partner.")] = None,
    *,
    format_name: Annotated[str | None, typer.Option("--format", help="How it writes: a format, or a contract.")] = None,
    gateway: Annotated[str, typer.Option(envvar="GATEWAY", help="Its address.")] = "http://127.0.0.1:8090",
    token: Annotated[str, typer.Option(envvar="TOKEN", help="Of the sandbox; better in the environment.")] = "",
    output: Annotated[Path | None, typer.Option(help="Where the certificate goes; ./NAME.certificate.json")] = None,
    verify: Annotated[Path | None, typer.Option(metavar="FILE", help="Only check a certificate.")] = None,
    key: Annotated[
        Path | None, typer.Option(help="With --verify: the gateway's public key, instead of asking --gateway for it.")
    ] = None,
) -> None:
    """Run the whole sheet against a gateway, as source sandbox-NAME, and write what came, each answer signed by it.

    Nothing of it reaches a view. --verify judges the answers of a certificate anew, once the gateway's key holds for
    each; it believes nothing else in the file. Exit code 0 when every step held, 4 when one did not, 65 when a
    certificate is not to be believed, 69 when the gateway does not answer.
    """
    from beffroi.commands.certifying import issue, show

    if verify is not None:
        passed = show(verify, gateway, key)
    elif name is None or format_name is None or not token:
        raise typer.BadParameter("NAME, --format and a token (in TOKEN) are needed", param_hint="NAME")
    else:
        passed = issue(name, format_name, (gateway, token), output or Path(f"{name}.certificate.json"))
    if not passed:
        raise typer.Exit(EX_NOT_PASSED)


@app.command("token")
def token(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The partner.")],
    source: Annotated[list[str], typer.Option(help="A source it may publish; again for each one.")],
    days: Annotated[int | None, typer.Option(min=1, help="Valid for so long; without end when left out.")] = None,
) -> None:
    """Issue a bearer token. It is shown once: only its hash is kept."""
    from beffroi.settings import load
    from connectors.gateway import TokenFile
    from connectors.gateway.settings import token_file

    text, entry = TokenFile(token_file(load().data_dir)).issue(name, source, system_clock(), days)
    until = f", until {entry.expires}" if entry.expires else ""
    typer.echo(f"token {entry.id} of {name}, for {', '.join(source)}{until}; it is not shown again:", err=True)
    typer.echo(text)


@app.command("tokens")
def tokens() -> None:
    """List the tokens: id, partner, sources, and whether each is valid."""
    from beffroi.settings import load
    from connectors.gateway import TokenFile
    from connectors.gateway.settings import token_file

    for one in TokenFile(token_file(load().data_dir)).all():
        state = "valid" if one.valid(system_clock()) else ("revoked" if one.revoked else "expired")
        typer.echo(f"{one.id}  {state:<7}  {one.partner}  {','.join(one.sources)}  {one.expires or 'without end'}")


@app.command("revoke")
def revoke(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="As `beffroi partner tokens` shows it.")],
) -> None:
    """Make a token invalid, at once and for ever."""
    from beffroi.settings import load
    from connectors.gateway import TokenFile
    from connectors.gateway.settings import token_file

    if not TokenFile(token_file(load().data_dir)).revoke(token_id):
        raise SettingsError(f"there is no token {token_id}", fix="list them with `beffroi partner tokens`")
    typer.echo(f"token {token_id} is revoked")
