"""What is generated from the contracts: the pydantic models, and the ids of new schemas."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from schemas.contracts import relock, sources
from schemas.errors import SettingsError
from schemas.jsonschema import json_schema

SCHEMAS: Final = Path(__file__).parents[2] / "schemas"
LOCK: Final = SCHEMAS / "lock.json"
MODELS: Final = SCHEMAS / "models"
_HEADER: Final = '"""Generated from schemas/avro by `beffroi contracts generate`: never edit."""'
#: --strict-nullable: a field with a default is not optional for that; formatters named, so that output is stable.
_OPTIONS: Final = (
    "--input-file-type", "jsonschema", "--output-model-type", "pydantic_v2.BaseModel", "--strict-nullable",
    "--capitalise-enum-members", "--target-python-version", "3.11", "--use-standard-collections",
    "--use-union-operator", "--field-constraints", "--disable-timestamp", "--formatters", "ruff-format",
    "--use-double-quotes", "--set-default-enum-member", "--use-schema-description",
    "--output-datetime-class", "AwareDatetime", "--use-decimal-for-multiple-of",
)  # fmt: skip


def generate(*, check: bool) -> list[str]:
    """Bring models and lock file up to date with ``schemas/avro``.

    Args:
        check: Write nothing.

    Returns:
        The files that were stale, by name.

    Raises:
        SettingsError: The generator is not installed.
    """
    wanted = {LOCK: _lock(), **dict(_models())}
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text]
    for path in stale if not check else ():
        path.parent.mkdir(exist_ok=True)
        path.write_text(wanted[path], "utf-8")
    return [str(path.relative_to(SCHEMAS.parent)) for path in stale]


def _lock() -> str:
    entries = json.loads(LOCK.read_text("utf-8"))["schemas"] if LOCK.exists() else []
    return json.dumps({"schemas": relock(entries, sources())}, ensure_ascii=False, indent=1) + "\n"


def _models() -> Iterator[tuple[Path, str]]:
    yield MODELS / "__init__.py", f"{_HEADER}\n"
    for domain in sorted(path for path in (SCHEMAS / "avro").iterdir() if path.is_dir()):
        yield MODELS / domain.name / "__init__.py", f"{_HEADER}\n"
        with ThreadPoolExecutor() as pool:
            texts = pool.map(_model, paths := sorted(domain.glob("*.avsc")))
        yield from (
            (MODELS / domain.name / f"{_snake(path.stem)}.py", text) for path, text in zip(paths, texts, strict=True)
        )


def _model(path: Path) -> str:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / f"{path.stem}.json"
        source.write_text(json.dumps(json_schema(json.loads(path.read_text("utf-8")))), "utf-8")
        _run(source, Path(folder) / "out.py")
        return _body((Path(folder) / "out.py").read_text("utf-8"))


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


def _body(text: str) -> str:
    """The module under a header of ours: the generator's own names a file of a temporary folder."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return "\n".join([_HEADER, "", *lines]).replace("\n\n\n\nfrom", "\n\nfrom").rstrip() + "\n"


def _run(source: Path, out: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "datamodel_code_generator",
        "--input",
        str(source),
        "--output",
        str(out),
        *_OPTIONS,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # our own command line
    if done.returncode:
        raise SettingsError(
            f"the model of {source.stem} cannot be generated: {done.stderr.strip().splitlines()[-1:]}",
            fix="install the development requirements: make test does",
        )
