"""The Markdown files: links lead somewhere, tables fit, decisions are complete, the glossary is in use."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.architecture.source import FUNCTIONS, ROOT, files, packages, repository

LONGEST_ROW = 120
DOCUMENTS = [path for path in repository() if path.suffix == ".md"]
DECISIONS = ROOT / "docs" / "decisions"
PAGES = sorted(DECISIONS.glob("[0-9]*.md"))
PARTS = ("What", "Why", "What it costs", "What would change our mind")
LONGEST_PAGE = 60
GLOSSARY = ROOT / "docs" / "glossary.md"
ENTRY = re.compile(r"^- \*\*([\w ]+)\*\* \(`([^`]+)`\): ", re.MULTILINE)
CODE = ("functions", "contracts", "infrastructure", "localstack", "ops", "tests")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
# A path from the root of the repository. A path with a placeholder or a choice does not match.
PLACE = re.compile(r"`([\w.-]+/[\w./-]*)`")


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def text_of(path: Path) -> str:
    """The text without its fenced blocks, which are pictures or code."""
    return FENCED.sub("", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_a_link_leads_to_a_file_that_is_committed(path: Path) -> None:
    local = [link for link in LINK.findall(text_of(path)) if not re.match(r"https?://|mailto:", link)]
    committed = {*repository(), *(folder for file in repository() for folder in file.parents)}
    targets = {link: (path.parent / link.partition("#")[0]).resolve() for link in local}
    assert [link for link, target in targets.items() if target not in committed] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_a_path_that_a_document_names_is_there(path: Path) -> None:
    tops = {file.relative_to(ROOT).parts[0] for file in repository()}
    places = [place for place in PLACE.findall(text_of(path)) if place.split("/")[0] in tops]
    assert [place for place in places if not (ROOT / place).exists()] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_a_row_of_a_table_fits_on_a_screen(path: Path) -> None:
    rows = [line for line in text_of(path).splitlines() if line.startswith("|")]
    assert [row for row in rows if len(row) > LONGEST_ROW] == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_a_decision_says_what_why_what_it_costs_and_what_would_change_it(page: Path) -> None:
    assert tuple(re.findall("^## (.+)$", text_of(page), re.MULTILINE)) == PARTS
    assert len(text_of(page).splitlines()) <= LONGEST_PAGE
    assert all(part.strip() for part in re.split("^## .+$", text_of(page), flags=re.MULTILINE))


def test_the_index_lists_every_decision_once_and_in_order() -> None:
    listed = re.findall(r"\]\(([\w.-]+\.md)\)", text_of(DECISIONS / "README.md"))
    assert listed == [page.name for page in PAGES]
    assert [int(page.name[:4]) for page in PAGES] == list(range(1, len(PAGES) + 1))


def test_the_glossary_explains_a_word_once_and_names_its_place() -> None:
    words = [word.lower() for word, _ in ENTRY.findall(text_of(GLOSSARY))]
    assert len(words) == len(set(words)) == text_of(GLOSSARY).count("\n- ")
    assert len(words) > 30


@pytest.mark.parametrize(("word", "place"), ENTRY.findall(text_of(GLOSSARY)))
def test_a_word_of_the_glossary_is_used_in_the_code(word: str, place: str) -> None:
    assert re.search(r"[ _-]?".join(word.split()), code(), re.IGNORECASE)
    where, _, name = place.partition(": ")
    folder = FUNCTIONS / where if where in packages() else ROOT / where
    assert folder.exists()
    assert not name or name in defined(folder)


@cache
def code() -> str:
    return "\n".join(file.text for file in files(*CODE) if file.path != Path(__file__))


@cache
def defined(folder: Path) -> set[str]:
    """Names of the functions, classes and assignments in the folder's files, at any depth."""
    nodes = [node for file in files(named(folder)) for node in ast.walk(file.tree)]
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    targets = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return targets | {node.name for node in nodes if isinstance(node, kinds)}
