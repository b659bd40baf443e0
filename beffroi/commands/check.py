"""``beffroi check``: what would become of a partner's file, without a bus, an account or a key."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from beffroi.commands.publish import instant
from schemas.errors import SettingsError

if TYPE_CHECKING:
    from beffroi.kit import Checked


def _list(wanted: bool) -> None:  # noqa: FBT001  # as typer calls it
    if not wanted:
        return
    from beffroi.kit.check import headline, known

    for form in known().values():
        typer.echo(f"{form.name:<44} {headline(form)}")
    raise typer.Exit


def check(  # noqa: PLR0913, PLR0917  # the options of a command
    format_name: Annotated[
        str, typer.Argument(metavar="FORMAT", help="How the file is written: a format, or a contract.")
    ],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file that would be sent.")],
    form: Annotated[
        Literal["text", "json", "html"],
        typer.Option("--format", help="For people; for programs, as the gateway answers; or one page."),
    ] = "text",
    output: Annotated[Path | None, typer.Option(help="Write the answer there.")] = None,
    source: Annotated[str | None, typer.Option(help="The feed it belongs to; the format's own if left out.")] = None,
    as_of: Annotated[
        str | None, typer.Option(help="The data's instant, ISO 8601 or now, when the file's name does not say it.")
    ] = None,
    xsd: Annotated[Path | None, typer.Option(help="Check an XML file against this XML Schema, too.")] = None,
    *,
    lang: Annotated[Literal["en", "fr"], typer.Option(help="Language of the page's own words.")] = "en",
    snapshot: Annotated[bool, typer.Option("--snapshot", help="The file is the source's whole truth.")] = False,
    _: Annotated[
        bool, typer.Option("--list", callback=_list, is_eager=True, help="Tell all formats and contracts.")
    ] = False,
) -> None:
    """Say what would become of each record of a file. Needs no Kafka, no account and no key; publishes nothing.

    Event ids of what speaks of persons are not those of the bus, for the pseudonyms' key is thrown away afterwards.

    Exit code 0 when every record would be taken, 4 when some would be refused or --xsd is not met, 65 when the file
    would be refused whole.
    """
    from beffroi import compose, kit
    from beffroi.kit.html import as_html
    from beffroi.settings import load
    from connectors.inputs import Input

    written = kit.form_named(format_name)
    intake = compose.offline_intake(load())
    with Input.of_path(file) as data:
        checked = kit.check(intake, data, written, xsd, source=source, as_of=instant(as_of), snapshot=snapshot)
    if form == "text":
        answer = _text(checked)
    else:
        answer = checked.as_json() if form == "json" else as_html(checked, lang).encode()
    _write(answer, output)
    raise typer.Exit(checked.exit_code)


def _text(checked: "Checked") -> bytes:
    """The report of `beffroi publish`; raises what that raises when the file is refused whole."""
    from connectors.report import listed, render

    if checked.refusal is not None:
        raise checked.refusal
    assert checked.report is not None  # noqa: S101  # one of both is there
    lines = [render(checked.report), *listed("not as the XML Schema says", checked.misfits or ())]
    return "\n".join([*lines, *(["it fits the XML Schema"] if checked.misfits == () else [])]).encode()


def _write(answer: bytes, output: Path | None) -> None:
    if output is None:
        sys.stdout.buffer.write(answer + b"\n")
        return
    try:
        output.write_bytes(answer + b"\n")
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise SettingsError(f"{output} cannot be written: {reason}", fix="check the path given as --output") from None
