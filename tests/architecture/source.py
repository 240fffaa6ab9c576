"""The sources as the architecture tests see them: files, syntax trees, names, lines of code."""

import ast
import io
import subprocess
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
FUNCTIONS = ROOT / "functions"
SILENT = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class File:
    """One Python file, by its path below the repository."""

    path: Path

    def __str__(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def tree(self) -> ast.Module:
        return _parsed(self.path)

    @property
    def module(self) -> str:
        """The dotted name under which it is imported (`inventory.store`)."""
        base = FUNCTIONS if FUNCTIONS in self.path.parents else ROOT
        parts = self.path.relative_to(base).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def package(self) -> str:
        return self.module.split(".")[0]

    @property
    def chapter(self) -> str:
        """The file's name inside its service (`store`). A module of a package `store` has it as well."""
        return [*self.module.split("."), ""][1]

    def code_lines(self) -> set[int]:
        """Lines that are not blank, not only a comment and not a docstring."""
        return _code_lines(self.path)

    def functions(self) -> Iterator[Function]:
        return (node for node in ast.walk(self.tree) if isinstance(node, Function))

    def imports(self) -> set[str]:
        """Absolute dotted names: of `from a import b` both `a` and `a.b`."""
        found: set[str] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{self}:{node.lineno} imports relatively"
                found |= {f"{node.module}.{alias.name}" for alias in node.names}
        return found


def files(*places: str) -> list[File]:
    """Python files below the given folders of the repository (or the files themselves), in order."""
    found = [ROOT / place for place in places]
    return [
        File(path)
        for place in found
        for path in (sorted(place.rglob("*.py")) if place.is_dir() else [place])
        if path.exists()
    ]


def shipped() -> list[File]:
    return files("functions")


def packages() -> set[str]:
    return {path.parent.name for path in FUNCTIONS.glob("*/*.py")}


def services() -> list[str]:
    return sorted(packages() - {"kernel"})


def repository() -> list[Path]:
    """Every file that is committed, or that git would add."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    return sorted(path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file())


def lines_of(file: File, function: Function) -> int:
    """Code lines of a function with its signature and the functions inside it, without its decorators."""
    assert function.end_lineno is not None
    return len(file.code_lines() & set(range(function.lineno, function.end_lineno + 1)))


@cache
def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


@cache
def _code_lines(path: Path) -> set[int]:
    text = path.read_text(encoding="utf-8")
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in SILENT:
            lines |= set(range(token.start[0], token.end[0] + 1))
    return lines - _docstrings(_parsed(path))


def _docstrings(tree: ast.Module) -> set[int]:
    lines: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | Function) and ast.get_docstring(node) is not None:
            string = node.body[0]
            lines |= set(range(string.lineno, (string.end_lineno or 0) + 1))
    return lines
