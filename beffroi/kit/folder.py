"""The folder that a partner starts from: good and bad samples, a client, and the commands in their order."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from beffroi.kit.broken import Bad, bad_samples
from beffroi.kit.check import Checked, check, door
from connectors.formats import sample
from connectors.formats.base import Format
from connectors.gateway.contracts import ContractFormat
from connectors.inputs import Input
from connectors.intake import Intake
from schemas.errors import FileRefused, SettingsError
from schemas.examples import examples

#: It becomes a folder's name and stands in commands.
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


@dataclass(frozen=True, slots=True)
class Start:
    """What a partner begins with.

    Attributes:
        form: How it writes.
        source: The feed of its samples.
        good: A file that is taken.
    """

    form: Format
    source: str
    good: bytes

    @property
    def suffix(self) -> str:
        """Of its files."""
        return self.form.suffixes[0]


def start(form: Format) -> Start:
    """The sample of a format, or the examples of a contract."""
    if isinstance(form, ContractFormat):
        valid = examples(form.name).valid
        source = str(valid[0]["source"])
        records = [one for one in valid if one["source"] == source]
        return Start(form, source, json.dumps(records, ensure_ascii=False, indent=1).encode() + b"\n")
    return Start(form, form.default_source, sample(form))


def make_folder(name: str, form: Format, folder: Path, intake: Intake) -> list[Path]:
    """Write the folder; what is bad in it was refused, what is good was taken.

    Args:
        name: The partner's.
        form: How it writes.
        folder: Where; it must not exist, or be empty.
        intake: Checks the samples.

    Returns:
        The files.

    Raises:
        SettingsError: The name is no name, or something is there already.
        FileRefused: The sample itself is not taken.
    """
    if not _NAME.fullmatch(name):
        raise SettingsError("a partner's name has small letters, digits and hyphens", fix="for instance organisme-12")
    _check_free(folder)
    begun = start(form)
    texts = _texts(name, begun, _judge(begun, intake))
    _write(folder, texts)
    return [folder / file for file in texts]


def _check_free(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SettingsError(f"{folder} is there already", fix="choose another place with --dir, or remove it")


def _write(folder: Path, texts: Mapping[str, bytes]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, content in texts.items():
            (folder / file).write_bytes(content)
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise SettingsError(f"{folder} cannot be written: {reason}", fix="choose another place with --dir") from None


def _judge(begun: Start, intake: Intake) -> Callable[[bytes], Checked]:
    def judge(content: bytes) -> Checked:
        return check(intake, Input.of_bytes(content, f"sample{begun.suffix}"), begun.form, source=begun.source)

    return judge


def _texts(name: str, begun: Start, judge: Callable[[bytes], Checked]) -> Mapping[str, bytes]:
    if judge(begun.good).exit_code:
        raise FileRefused(f"the sample of {begun.form.name} is not taken", fix="correct the sample in its folder")
    bad = {f"bad-{one.reason}{begun.suffix}": one for one in bad_samples(begun.good, judge)}
    return {
        f"sample{begun.suffix}": begun.good,
        **{file: one.content for file, one in bad.items()},
        "client.py": (files("beffroi.kit") / "client.py").read_bytes(),
        ".env.example": _page("env.example", name, begun, bad),
        "README.md": _page("README.md", name, begun, bad),
    }


def _page(template: str, name: str, begun: Start, bad: Mapping[str, Bad]) -> bytes:
    pages = Environment(
        loader=PackageLoader("beffroi.kit"), autoescape=False, undefined=StrictUndefined, trim_blocks=True,  # noqa: S701  # Markdown, and nothing of a partner's file goes in
        lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    text = pages.get_template(template).render(
        name=name, form=begun.form, source=begun.source, sample=f"sample{begun.suffix}", bad=bad, door=door(begun.form),
        media=begun.form.media_types[0], contract=isinstance(begun.form, ContractFormat),
        where=_where, cell=_cell, own=f"mine{begun.suffix}",
    )  # fmt: skip
    return text.encode()


def _where(bad: Bad) -> str:
    if bad.problem.pointer:
        return f"`{_cell(bad.problem.pointer)}`"
    return "the file" if bad.checked.refusal is not None else "the record"


def _cell(text: str) -> str:
    """A text that does not end its cell of a Markdown table."""
    return text.replace("|", r"\|")
