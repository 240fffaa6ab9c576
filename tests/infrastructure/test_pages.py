"""Each alarm has its page, each page its alarm, and a page names only routes and pages that exist."""

import re
from pathlib import Path

import pytest

from infrastructure.manifest import manifest
from tests.infrastructure.synthesis import ROOT, Assembly

OPS = ROOT / "ops"
PAGES = sorted((OPS / "pages").glob("*.md"))
SECTIONS = ("**It means**", "**The customer sees**", "**Look.**", "**Do.**", "**It is over**")


def named(text: str) -> set[str]:
    return set(re.findall(r"See ops/pages/([\w-]+\.md)\.$", text))


def test_every_alarm_names_a_page_and_every_page_has_its_alarm(cloud_assembly: Assembly) -> None:
    alarms = list(cloud_assembly.resources("AWS::CloudWatch::Alarm"))
    pages = {name: named(alarm["AlarmDescription"]) for _, name, alarm in alarms}
    assert [name for name, found in pages.items() if len(found) != 1] == []
    assert {page for found in pages.values() for page in found} == {path.name for path in PAGES}


def test_the_index_links_every_page() -> None:
    linked = re.findall(r"\]\(pages/([\w-]+\.md)\)", (OPS / "README.md").read_text())
    assert sorted(linked) == [path.name for path in PAGES]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_answers_the_five_questions_in_order(page: Path) -> None:
    places = [page.read_text().find(section) for section in SECTIONS]
    assert -1 not in places
    assert places == sorted(places)


@pytest.mark.parametrize("page", [*PAGES, OPS / "README.md"], ids=lambda page: page.stem)
def test_a_page_asks_only_for_routes_and_pages_that_exist(page: Path) -> None:
    text = page.read_text()
    declared = [(route["method"], route["path"]) for route in manifest()["routes"]]
    known = {(method, re.sub(r"{\w+}", "{}", path)) for method, path in declared}
    asked = re.findall(r"`(GET|POST) (/[^`?\s]*)", text)
    concrete = {(method, re.sub(r"{[\w]+}(\.outbox)?", "{}", path)) for method, path in asked}
    assert concrete - known == set()
    links = re.findall(r"\]\(([\w/-]+\.md)\)", text)
    assert [link for link in links if not (page.parent / link).exists()] == []
