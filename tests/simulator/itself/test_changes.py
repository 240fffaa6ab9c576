"""That a change finds its place by name wherever that stands, and says so when it cannot."""

from pathlib import Path

import pytest

from tests.simulator.plays.changes import Change, applied

KEPT = '''"""What is kept."""

from functools import cache

LIMIT, UNUSED = 1, 2


@cache
def table() -> str:
    """Cached."""
    return "table"


def keep(item: str) -> str:
    return table() + item


class Box:
    size = 3

    def keep(self, item: str) -> str:
        if item:
            return item
        return ""


def kept(react):
    def handler(event):
        return react(event)

    return handler
'''
USED = '''"""What uses it."""

from functools import cache

from shop import kept


def use() -> str:
    return kept.keep("a")


def table() -> str:
    return "another"
'''
KEPT_AT, USED_AT = "functions/shop/kept.py", "functions/shop/uses/used.py"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for file, text in {KEPT_AT: KEPT, USED_AT: USED}.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text)
    return tmp_path


def seeded(root: Path, *changes: Change) -> dict[str, str]:
    return applied(changes, root=root)


def test_a_function_is_found_in_whichever_file_of_its_package_it_is(root: Path) -> None:
    change = Change("shop: use", '"a"', '"b"')
    assert seeded(root, change) == {USED_AT: USED.replace('"a"', '"b"')}
    (root / USED_AT).rename(root / "functions/shop/moved.py")
    assert seeded(root, change) == {"functions/shop/moved.py": USED.replace('"a"', '"b"')}


def test_only_the_text_of_the_function_is_searched(root: Path) -> None:
    change = Change("shop: keep", "item: str", "item: int")
    before, after = "\n\ndef keep(item: str)", "\n\ndef keep(item: int)"
    assert seeded(root, change) == {KEPT_AT: KEPT.replace(before, after)}


def test_a_method_is_named_with_its_class(root: Path) -> None:
    change = Change("shop: Box.keep", "if item:\n    return item\n", "")
    gone = "        if item:\n            return item\n"
    assert seeded(root, change) == {KEPT_AT: KEPT.replace(gone, "")}


def test_a_function_within_a_function_is_named_with_it(root: Path) -> None:
    change = Change("shop: kept.handler", "react(event)", "None")
    assert seeded(root, change) == {KEPT_AT: KEPT.replace("react(event)", "None")}


@pytest.mark.parametrize(
    ("name", "find", "replace"), [("LIMIT", "1, 2", "1, 3"), ("UNUSED", "2", "3"), ("Box", "3", "4")]
)
def test_assignments_and_classes_have_names_too(root: Path, name: str, find: str, replace: str) -> None:
    assert seeded(root, Change(f"shop: {name}", find, replace)) == {KEPT_AT: KEPT.replace(find, replace)}


def test_the_decorators_belong_to_the_function(root: Path) -> None:
    change = Change("shop.kept: table", "@cache\n", "")
    assert seeded(root, change) == {KEPT_AT: KEPT.replace("@cache\n", "")}


def test_what_is_nowhere_is_said_to_be(root: Path) -> None:
    with pytest.raises(AssertionError, match=r"^nothing is named shop: lost"):
        seeded(root, Change("shop: lost", "a", "b"))
    with pytest.raises(AssertionError, match=r"^nothing is named shop: handler"):
        seeded(root, Change("shop: handler", "a", "b"))


def test_what_is_at_two_places_is_said_to_be_and_may_be_named_with_its_module(root: Path) -> None:
    with pytest.raises(AssertionError, match=rf"^shop: table is at 2 places: {KEPT_AT}:8, {USED_AT}:12"):
        seeded(root, Change("shop: table", "str", "int"))
    change = Change("shop.uses: table", "str", "int")
    assert seeded(root, change) == {USED_AT: USED.replace("table() -> str", "table() -> int")}


def test_an_asynchronous_function_is_no_place_for_there_is_none(root: Path) -> None:
    (root / KEPT_AT).write_text("async def wait() -> None:\n    return\n")
    with pytest.raises(AssertionError, match=r"^nothing is named shop: wait"):
        seeded(root, Change("shop: wait", "return", "pass"))


@pytest.mark.parametrize(("find", "times"), [("nothing", 0), ("item", 3)])
def test_what_is_to_be_found_stands_there_once(root: Path, find: str, times: int) -> None:
    with pytest.raises(AssertionError, match=rf"^shop: Box.keep holds {times} times: {find}"):
        seeded(root, Change("shop: Box.keep", find, ""))


@pytest.mark.parametrize("indent", ["", "    ", "            "])
def test_it_does_not_matter_how_deep_both_texts_are_indented(root: Path, indent: str) -> None:
    find = f"{indent}if item:\n{indent}    return item\n"
    replace = f"{indent}while item:\n\n{indent}    return 1\n"
    after = KEPT.replace("if item:\n            return item\n", "while item:\n\n            return 1\n")
    assert seeded(root, Change("shop: Box.keep", find, replace)) == {KEPT_AT: after}


def test_it_matters_how_the_lines_stand_to_each_other(root: Path) -> None:
    with pytest.raises(AssertionError, match="holds 0 times"):
        seeded(root, Change("shop: Box.keep", "if item:\nreturn item\n", ""))


def test_what_begins_within_a_line_goes_on_at_the_depth_of_that_line(root: Path) -> None:
    change = Change("shop: Box.keep", "-> str:\n", "-> str:\n    again = 1\n")
    assert seeded(root, change) == {
        KEPT_AT: KEPT.replace(
            "def keep(self, item: str) -> str:\n", "def keep(self, item: str) -> str:\n        again = 1\n"
        )
    }


def test_a_replacement_may_go_on_after_the_function(root: Path) -> None:
    change = Change(
        "shop: keep", "    return ...item\n", "    return item\n\n\ndef more() -> None:\n    pass\n"
    )
    after = KEPT.replace(
        "    return table() + item\n", "    return item\n\n\ndef more() -> None:\n    pass\n"
    )
    assert seeded(root, change) == {KEPT_AT: after}


def test_three_dots_are_as_little_as_there_can_be(root: Path) -> None:
    change = Change("shop: Box.keep", "if ...return", "return")
    after = KEPT.replace("if item:\n            return item", "return item")
    assert seeded(root, change) == {KEPT_AT: after}


def test_later_changes_see_what_earlier_ones_left(root: Path) -> None:
    first = Change("shop: use", "def use()", "def used()")
    assert seeded(root, first, Change("shop: used", '"a"', "str()")) == {
        USED_AT: USED.replace("use()", "used()").replace('"a"', "str()")
    }


def test_a_file_is_a_place_as_well(root: Path) -> None:
    (root / "saga.json").write_text('{\n  "End": true\n}\n')
    change = Change("saga.json", '"End": true\n', '"Next": "End"\n')
    assert seeded(root, change) == {"saga.json": '{\n  "Next": "End"\n}\n'}


def test_imports_go_where_they_belong_and_are_there_once(root: Path) -> None:
    change = Change(
        "shop: use", '"a"', "uuid", ["import uuid", "from functools import cache", "from shop import uses"]
    )
    imports = "import uuid\nfrom functools import cache\n\nfrom shop import kept, uses\n"
    after = USED.replace("from functools import cache\n\nfrom shop import kept\n", imports).replace(
        '"a"', "uuid"
    )
    assert seeded(root, change) == {USED_AT: after}


@pytest.mark.parametrize(
    ("imported", "spelled"),
    [("kept", "kept.keep"), ("kept as keeper", "keeper.keep"), ("kept, uses", "kept.keep")],
)
def test_a_function_is_called_what_the_changed_file_calls_it(root: Path, imported: str, spelled: str) -> None:
    used = USED.replace("import kept\n", f"import {imported}\n")
    (root / USED_AT).write_text(used)
    change = Change("shop: use", 'kept.keep("a")', '<shop: keep>("b")')
    assert seeded(root, change) == {USED_AT: used.replace('kept.keep("a")', f'{spelled}("b")')}


def test_a_function_that_is_imported_itself_is_called_by_its_name(root: Path) -> None:
    used = USED.replace("from shop import kept\n", "from shop.kept import keep as put\n")
    (root / USED_AT).write_text(used)
    change = Change("shop: use", 'kept.keep("a")', '<shop: keep>("b")')
    assert seeded(root, change) == {USED_AT: used.replace('kept.keep("a")', 'put("b")')}


def test_a_function_of_the_same_file_is_called_by_its_name(root: Path) -> None:
    change = Change("shop: keep", "item\n", "<shop: LIMIT>\n")
    assert seeded(root, change) == {KEPT_AT: KEPT.replace("table() + item", "table() + LIMIT")}


def test_a_module_that_is_not_imported_yet_is_then(root: Path) -> None:
    used = USED.replace("from shop import kept\n", "from shop import uses\n")
    (root / USED_AT).write_text(used)
    change = Change("shop: use", 'kept.keep("a")', '<shop: keep>("b")')
    after = used.replace("import uses", "import kept, uses").replace('"a"', '"b"')
    assert seeded(root, change) == {USED_AT: after}
