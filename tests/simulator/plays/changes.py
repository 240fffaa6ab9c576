"""Small changes to the code, each tied to a name in a package and not to the file that holds it today."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

from tests.simulator.plays.records import REPOSITORY

SORTED = ["check", "--select", "I", "--fix-only", "--no-cache", "--quiet"]
ELSEWHERE = re.compile(r"<([\w.]+: [\w.]+)>")


@dataclass(frozen=True)
class Change:
    """`find` stands once in the text of the place, at any depth of nesting; `...` in it is any text.

    The place is `kernel: commit`: a function, class or assignment of that name somewhere in the package or
    module below functions/. A method is `Reservation.is_open`, an inner function `consumer.handler`. A place
    without a colon is the path of a file. In `replace`, `<kernel: update>` becomes whatever that function
    is called in the changed file, which imports its module when it has to. `imports` are imported as well.
    """

    place: str
    find: str
    replace: str
    imports: Sequence[str] = ()


class Span(NamedTuple):
    """Lines of a file, counted from 0; without an end it goes to the file's."""

    file: str
    first: int
    end: int | None


def applied(changes: Sequence[Change], *, root: Path = REPOSITORY) -> dict[str, str]:
    """The text of every changed file. Each change finds what the changes before it have left."""
    sources = _Sources(root)
    for change in changes:
        sources.change(change)
    return sources.changed


class _Sources:
    """The files of a repository with some changes in them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.changed: dict[str, str] = {}

    def change(self, change: Change) -> None:
        file, first, end = self.find(change.place)
        lines = self.text(file).splitlines(keepends=True)
        replace, imports = self.spelled(change.replace, file)
        edited = _edited("".join(lines[first:end]), change, replace)
        text = "".join(lines[:first]) + edited + ("" if end is None else "".join(lines[end:]))
        self.changed[file] = _importing(text, file, [*change.imports, *imports])

    def find(self, place: str) -> Span:
        """The one place of that name, decorators included."""
        package, colon, name = place.partition(": ")
        if not colon:
            return Span(place, 0, None)
        found = [
            Span(file, _first_line(node) - 1, node.end_lineno)
            for file in self.files(package)
            for known, node in _named(ast.parse(self.text(file)))
            if known == name
        ]
        where = [f"{span.file}:{span.first + 1}" for span in found]
        assert found, f"nothing is named {place}"
        assert len(found) == 1, f"{place} is at {len(found)} places: {', '.join(where)}"
        return found[0]

    def files(self, package: str) -> list[str]:
        """A module's file, or those of a package, in order."""
        base = self.root / "functions" / package.replace(".", "/")
        paths = [base.with_suffix(".py"), *sorted(base.rglob("*.py"))]
        return [path.relative_to(self.root).as_posix() for path in paths if path.is_file()]

    def text(self, file: str) -> str:
        return self.changed.get(file) or (self.root / file).read_text()

    def spelled(self, replace: str, file: str) -> tuple[str, list[str]]:
        """The replacement as it reads in that file, and the imports that it needs there."""
        imports: list[str] = []

        def reached(place: re.Match[str]) -> str:
            name, home = place[1].partition(": ")[2], self.find(place[1]).file
            if home == file:
                return name
            package, _, module = ".".join(Path(home).with_suffix("").parts[1:]).rpartition(".")
            known = _imported(ast.parse(self.text(file)), f"{package}.{module}", name)
            if not known:
                imports.append(f"from {package} import {module}")
            return known or f"{module}.{name}"

        return ELSEWHERE.sub(reached, replace), imports


def _named(tree: ast.AST, inside: tuple[str, ...] = ()) -> Iterator[tuple[str, ast.stmt]]:
    """Functions, classes and assignments by their names from the module down."""
    for node in ast.iter_child_nodes(tree):
        within = inside
        match node:
            case ast.FunctionDef() | ast.ClassDef():
                within = (*inside, node.name)
                yield ".".join(within), node
            case ast.Assign() | ast.AnnAssign():
                yield from ((".".join((*inside, name)), node) for name in _assigned(node))
        yield from _named(node, within)


def _assigned(node: ast.Assign | ast.AnnAssign) -> list[str]:
    names = (each for each in ast.walk(node) if isinstance(each, ast.Name))
    return [name.id for name in names if isinstance(name.ctx, ast.Store)]


def _first_line(node: ast.stmt) -> int:
    return min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", ()))])


def _imported(tree: ast.Module, module: str, name: str) -> str:
    """How a file with such imports spells the name of that module; empty when it does not know either."""
    froms = (node for node in tree.body if isinstance(node, ast.ImportFrom))
    known = {f"{node.module}.{each.name}": each.asname or each.name for node in froms for each in node.names}
    within = f"{known[module]}.{name}" if module in known else ""
    return known.get(f"{module}.{name}", within)


def _edited(text: str, change: Change, replace: str) -> str:
    found = [match for match in _pattern(change.find).finditer(text) if _fits(match, change.find)]
    assert len(found) == 1, f"{change.place} holds {len(found)} times: {change.find}"
    [match] = found
    shift = _depth(match) - _indent(change.find)
    moved = "".join(_shifted(line, shift) for line in replace.splitlines(keepends=True))
    if match["lead"] is None:  # it begins within a line
        moved = moved.lstrip(" ")
    return text[: match.start()] + moved + text[match.end() :]


def _fits(match: re.Match[str], find: str) -> bool:
    """Whether its further lines are moved as far as its first."""
    margin = match.groupdict().get("margin")
    return margin is None or len(margin) == _depth(match) - _indent(dedent(find))


def _depth(match: re.Match[str]) -> int:
    """How far the line in which it begins is indented."""
    return _indent(match.string[match.string.rfind("\n", 0, match.start()) + 1 :])


def _pattern(find: str) -> re.Pattern[str]:
    """What finds the text when all of it is indented more, or less."""
    first, *rest = dedent(find).split("\n")
    margin = "(?P<margin>[ ]*)"
    lines = [f"(?P<lead>^[ ]*)?{re.escape(first.lstrip())}"]
    for line in rest:
        lines.append((margin if line else "") + re.escape(line))
        margin = "(?P=margin)" if line else margin
    return re.compile("\n".join(lines).replace(re.escape("..."), "(?s:.*?)"), re.MULTILINE)


def _shifted(line: str, by: int) -> str:
    if line.isspace():
        return line
    return " " * (_indent(line) + by) + line.lstrip(" ")


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip(" "))


def _importing(text: str, file: str, imports: Sequence[str]) -> str:
    """The text with the imports, each where it belongs and once."""
    if not imports:
        return text
    body = ast.parse(text).body
    first = next(node.lineno for node in body if isinstance(node, (ast.Import, ast.ImportFrom))) - 1
    lines = text.splitlines(keepends=True)
    added = "".join([*lines[:first], *(f"{line}\n" for line in imports), *lines[first:]])
    command = [sys.executable, "-m", "ruff", *SORTED, "--stdin-filename", file, "-"]
    done = subprocess.run(command, cwd=REPOSITORY, input=added, capture_output=True, text=True, check=True)
    return done.stdout
