"""The house figures: sizes, complexity, annotations, docstrings, cycles, mocks, waits."""

import ast
import re
import statistics
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
ROOMS = ("schemas", "monitoring", "connectors", "streams", "portal", "beffroi")
FILE_MAX, FILE_MEDIAN = 500, 120
FUNCTION_MAX, FUNCTION_MEDIAN = 60, 9
COMPLEXITY_MAX = 8
MOCKS_PER_KLOC = 2
_BRANCHES = (
    ast.If,
    ast.For,
    ast.While,
    ast.AsyncFor,
    ast.ExceptHandler,
    ast.BoolOp,
    ast.IfExp,
    ast.comprehension,
    ast.match_case,
)
#: Spelt apart, so that this file does not hold what it looks for.
_DOT, _SLASH = re.escape("."), "/"
Function = ast.FunctionDef | ast.AsyncFunctionDef


class Source(NamedTuple):
    """One file."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def module(self) -> str:
        return ".".join(self.path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def sources() -> tuple[Source, ...]:
    """Every Python file that git knows or would take, generated ones left out."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    texts = {ROOT / name: (ROOT / name).read_text("utf-8") for name in listed.stdout.split() if (ROOT / name).exists()}
    return tuple(
        Source(path, text, ast.parse(text)) for path, text in texts.items() if "generated" not in text[:100].lower()
    )


def product() -> list[Source]:
    return [source for source in sources() if source.path.relative_to(ROOT).parts[0] != "tests"]


def checks() -> list[Source]:
    return [source for source in sources() if source.path.relative_to(ROOT).parts[0] == "tests"]


def functions(files: list[Source]) -> Iterator[tuple[str, Function]]:
    for source in files:
        for node in ast.walk(source.tree):
            if isinstance(node, Function):
                yield f"{source.path.relative_to(ROOT)}:{node.lineno} {node.name}", node


def lines(node: Function) -> int:
    """Lines without the docstring."""
    doc = node.body[0] if ast.get_docstring(node) else None
    return (node.end_lineno or 0) - node.lineno + 1 - ((doc.end_lineno or 0) - doc.lineno + 1 if doc else 0)


def complexity(node: Function) -> int:
    return 1 + sum(isinstance(inner, _BRANCHES) for inner in ast.walk(node))


def test_files_are_short() -> None:
    sizes = {str(source.path): source.text.count("\n") for source in product()}
    assert {path: size for path, size in sizes.items() if size > FILE_MAX} == {}
    assert statistics.median(sizes.values()) <= FILE_MEDIAN


def test_functions_are_short_and_simple() -> None:
    found = list(functions(product()))
    assert [name for name, node in found if lines(node) > FUNCTION_MAX or complexity(node) > COMPLEXITY_MAX] == []
    assert statistics.median(lines(node) for _, node in found) <= FUNCTION_MEDIAN


def test_every_public_function_class_and_module_is_documented() -> None:
    missing = [source.module for source in product() if not ast.get_docstring(source.tree)]
    for source in product():
        for node in source.tree.body:
            public = isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_")
            if public and not ast.get_docstring(node):  # type: ignore[arg-type]  # one of the two above
                missing.append(f"{source.module}.{node.name}")  # type: ignore[attr-defined]  # the same
    assert missing == []


def test_every_function_is_annotated() -> None:
    bare = [
        name
        for name, node in functions(list(sources()))
        if node.returns is None
        or any(
            arg.annotation is None for arg in [*node.args.args, *node.args.kwonlyargs] if arg.arg not in {"self", "cls"}
        )
    ]
    assert bare == []


def test_modules_import_each_other_without_cycles() -> None:
    files = {source.module: source for source in product()}
    graph = {name: set(imported(source, files.keys())) - {name} for name, source in files.items()}
    while leaves := {name for name, found in graph.items() if not found & graph.keys()}:
        graph = {name: found for name, found in graph.items() if name not in leaves}
    assert sorted(graph) == []


def imported(source: Source, known: object) -> Iterator[str]:
    for node in source.tree.body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)  # type: ignore[operator]  # a keys view
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            inner = [name for name in names if name in known]  # type: ignore[operator]  # a keys view
            yield from inner or ([node.module] if node.module in known else [])  # type: ignore[operator]  # a keys view


def test_tests_use_real_parts() -> None:
    mocks = sum(
        len(re.findall(r"\b(?:Magic|Async)?Mock\(|\bpatch(?:\.\w+)?\(|\bmocker\.", source.text)) for source in checks()
    )
    assert mocks <= MOCKS_PER_KLOC * sum(source.text.count("\n") for source in checks()) / 1000


def test_tests_wait_for_conditions_and_are_never_skipped() -> None:
    this = Path(__file__)
    for source in checks():
        if source.path != this:
            assert not re.search(r"\bsleep\(|mark\.skip|pytest\.skip|importorskip", source.text), source.path


def test_every_rule_switched_off_has_its_reason() -> None:
    bare = [
        f"{source.path.relative_to(ROOT)}:{number}"
        for source in sources()
        for number, line in enumerate(source.text.splitlines(), 1)
        if re.search(r"# (noqa|type: ignore)", line)
        and not re.search(r"# (noqa: [A-Z0-9, ]+|type: ignore\[[\w, -]+\])  # \S", line)
        and source.path != Path(__file__)
    ]
    assert bare == []


def test_no_file_names_this_machine_or_a_registry() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    hosts = (rf"pypi{_DOT}org", rf"registry{_DOT}npmjs", rf"repo1?{_DOT}maven")
    unwanted = re.compile("|".join((rf"{_SLASH}work{_SLASH}", rf"{_SLASH}root{_SLASH}", *hosts)))
    found = []
    for name in listed.stdout.split():
        path = ROOT / name
        if path.is_file() and path.suffix != ".gz" and unwanted.search(path.read_text("utf-8", "replace")):
            found.append(name)
    assert found == []
