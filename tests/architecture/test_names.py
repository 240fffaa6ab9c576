"""Names and words, where ruff has no rule: one name per thing, and a first sentence for every module."""

import ast
import re

import pytest

from contracts.tables import MARKED
from tests.architecture.source import FUNCTIONS, File, files, services, shipped

EMPTY_WORDS = {
    "manager",
    "helper",
    "helpers",
    "util",
    "utils",
    "utility",
    "processor",
    "misc",
    "common",
    "base",
}
CHAPTERS = {"__init__", "domain", "events", "store", "api", "tasks", "consumers", "views"}
# The chapters that only one service has.
OWN_CHAPTERS = {
    "inventory": {"buckets", "adjustment", "reservations", "stock"},
    "payments": {
        "ledger",
        "ledger_api",
        "books_api",
        "closing",
        "totals",
        "replay",
        "audit",
        "audits",
        "findings",
        "accounts",
        "statements",
        "commits",
        "chart",
        "entries",
        "payment",
        "sales",
        "sale_refunds",
        "refunding",
        "refund_rows",
        "bodies",
        "refunds_api",
        "disputes",
        "facts",
        "seen",
        "looks",
        "hints",
        "webhooks_api",
        "webhook_rows",
        "settlement",
        "reconciliation",
        "differences",
        "difference_rows",
        "differences_api",
        "requests",
        "wallet",
        "wallets",
        "seals",
        "vault",
        "sealing",
        "watch",
        "intents",
        "provider",
        "adapters",
        "circuit",
        "breaker",
        "stripe_provider",
        "shapes",
        "currencies",
        "transport",
        "webhooks",
        "registrations",
        "erasure",
    },
    "customers": {"keys", "sealing", "profiles", "erasure", "commands"},
    "acquirer": {"methods", "moments", "refusals", "forms", "wire", "shapes", "transport", "webhooks"}
    | {"payment_intents", "refunds", "endpoints"},
    "orders": {"checkout", "pricing", "parked", "interventions", "sweep", "fences", "erasure"},
    "checkout": {"saga", "repair", "interventions", "commands", "executions"},
    "storefront": {"journal", "projector", "order_history"},
    "authorizer": {"handler"},
}
EXACT = (
    "domain",
    "currencies",
    "moments",
    "pricing",
    "parked",
    "adjustment",
    "buckets",
    "events",
    "store",
    "ledger",
)


def last_word(name: str) -> str:
    found = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)
    return found[-1].lower() if found else ""


@pytest.mark.parametrize(
    "file", files("functions", "contracts", "infrastructure", "localstack", "ops", "app.py"), ids=str
)
def test_a_name_says_what_a_thing_is(file: File) -> None:
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    names = [node.name for node in ast.walk(file.tree) if isinstance(node, kinds)] + file.module.split(".")
    assert [name for name in names if last_word(name) in EMPTY_WORDS] == []


@pytest.mark.parametrize("service", services())
def test_a_service_has_the_chapters_that_every_service_has(service: str) -> None:
    found = {path.stem for path in (FUNCTIONS / service).glob("*.py")}
    found |= {path.parent.name for path in (FUNCTIONS / service).glob("*/__init__.py")}
    assert found <= CHAPTERS | OWN_CHAPTERS.get(service, set())


@pytest.mark.parametrize("service", services())
def test_a_service_says_what_it_is_in_its_docstring_and_its_readme(service: str) -> None:
    initial = File(FUNCTIONS / service / "__init__.py")
    assert initial.path.exists()
    assert len(initial.tree.body) == 1
    assert ast.get_docstring(initial.tree)
    readme = FUNCTIONS / service / "README.md"
    assert readme.exists(), f"{service} has no README.md"
    by_hand = MARKED.sub("", readme.read_text(encoding="utf-8"))
    assert 5 <= len(by_hand.splitlines()) <= 40


@pytest.mark.parametrize(
    "file", files("functions", "contracts", "infrastructure", "localstack", "ops", "tests", "app.py"), ids=str
)
def test_a_module_opens_with_a_sentence(file: File) -> None:
    said = ast.get_docstring(file.tree) or ""
    assert re.match(r"[A-Z0-9].*?[.:?]( |\n|$)", said, re.DOTALL), f"{file} does not say what it is for"


@pytest.mark.parametrize("file", files("functions", "infrastructure"), ids=str)
def test_an_error_says_its_one_sentence(file: File) -> None:
    for node in ast.walk(file.tree):
        if isinstance(node, ast.ClassDef) and any(
            ast.unparse(base).endswith(("Refusal", "Fault")) for base in node.bases
        ):
            assert re.fullmatch(r"[A-Z][^.]*\.", ast.get_docstring(node) or ""), node.name


@pytest.mark.parametrize("file", [file for file in shipped() if file.package != "kernel"], ids=str)
def test_money_is_never_a_fraction(file: File) -> None:
    for node in ast.walk(file.tree):
        assert not (isinstance(node, ast.Name) and node.id in ("float", "Decimal", "round")), node.lineno
        assert not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)), node.lineno
        if isinstance(node, ast.Constant) and file.chapter in EXACT:
            assert not isinstance(node.value, float), node.lineno


@pytest.mark.parametrize("file", [file for file in shipped() if file.package != "kernel"], ids=str)
def test_only_the_kernel_catches_everything(file: File) -> None:
    """Ruff (BLE001) allows a broad handler that raises again. A service has not even those."""
    broad = [
        handler.lineno
        for handler in ast.walk(file.tree)
        if isinstance(handler, ast.ExceptHandler)
        and (
            handler.type is None
            or {"Exception", "BaseException"} & {*re.findall(r"\w+", ast.unparse(handler.type))}
        )
    ]
    assert broad == []


@pytest.mark.parametrize("file", [file for file in shipped() if file.package != "kernel"], ids=str)
def test_a_service_excuses_itself_from_no_rule(file: File) -> None:
    assert "noqa" not in file.text


@pytest.mark.parametrize("file", files("tests/unit", "tests/service", "tests/saga", "tests/support"), ids=str)
def test_fakes_are_written_and_nothing_is_mocked(file: File) -> None:
    assert [
        name for name in file.imports() if name.startswith(("unittest.mock", "mock", "pytest_mock"))
    ] == []
    assert "mocker" not in {argument.arg for function in file.functions() for argument in function.args.args}


@pytest.mark.parametrize("file", files("tests"), ids=str)
def test_the_name_of_a_test_is_a_sentence(file: File) -> None:
    names = [function.name for function in file.functions() if function.name.startswith("test")]
    assert [name for name in names if len(name.split("_")) < 4] == []
