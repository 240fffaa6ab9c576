"""Who may import whom: the contracts of .importlinter, and the rules that they cannot express."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.api import read_configuration
from importlinter.application.use_cases import lint_imports

from tests.architecture.source import FUNCTIONS, ROOT, File, packages, services, shipped

CONFIGURATION = str(ROOT / ".importlinter")
# The standard library without clock, chance, environment, disk, network and threads.
PURE = {"abc", "collections", "dataclasses", "datetime", "enum", "functools", "hashlib", "itertools"} | {
    "json",
    "math",
    "operator",
    "re",
    "string",
    "types",
    "typing",
}
DOMAIN_KERNEL = ("kernel.errors", "kernel.money", "kernel.events")
EVENTS_KERNEL = ("kernel.money", "kernel.events")
DOMAIN: tuple[str, ...] = (
    "currencies",
    "methods",
    "moments",
    "refusals",
    "domain",
    "pricing",
    "parked",
    "intents",
    "chart",
    "entries",
    "payment",
    "sale_refunds",
    "disputes",
    "seen",
    "differences",
    "settlement",
    "requests",
    "wallet",
    "statements",
    "closing",
    "seals",
)
# Shapes of what is stored: read and written as JSON, and pure otherwise.
STORED_SHAPES = ("entries",)
TRIGGERS = {"api", "tasks", "consumers", "saga", "repair", "projector", "handler"}
OUTSIDE = {"store", "ledger", "vault", "transport", "executions", "journal", "views"}
NETWORK = ("requests", "httpx", "aiohttp", "socket", "ssl", "http.client", "urllib.request", "subprocess")


def chapters(*names: str) -> list[File]:
    return [file for file in shipped() if file.package in services() and file.chapter in names]


def test_every_contract_about_imports_is_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    kept = lint_imports(CONFIGURATION, cache_dir=None, no_logo=True)
    assert kept, capsys.readouterr().out


def test_the_contracts_speak_of_every_package_there_is() -> None:
    configuration = read_configuration(CONFIGURATION)
    roots = set(configuration["session_options"]["root_packages"])
    assert roots == packages() | {"contracts", "infrastructure", "localstack", "ops"}
    contracts = {contract["id"]: contract for contract in configuration["contracts_options"]}
    independent, below = contracts["services"]["layers"]
    assert (sorted(independent.split(" | ")), below) == (services(), "kernel")
    assert set(contracts["shipped"]["source_modules"]) == packages()
    assert packages() < set(contracts["infrastructure"]["forbidden_modules"])


def test_no_contract_forgives_an_import() -> None:
    contracts = read_configuration(CONFIGURATION)["contracts_options"]
    assert [contract["id"] for contract in contracts if "ignore_imports" in contract] == []


@pytest.mark.parametrize("file", chapters(*DOMAIN), ids=str)
def test_a_domain_knows_only_pure_things_its_own_events_and_three_kernel_modules(file: File) -> None:
    own = [f"{file.package}.{chapter}" for chapter in ("events", *DOMAIN)]
    shapes = ("pydantic",) if file.chapter in STORED_SHAPES else ()
    assert list(strangers(file, *own, *shapes, *DOMAIN_KERNEL)) == []


@pytest.mark.parametrize("file", chapters("events"), ids=str)
def test_events_are_shapes_and_nothing_else(file: File) -> None:
    assert list(strangers(file, f"{file.package}.events", "pydantic", *EVENTS_KERNEL)) == []


def strangers(file: File, *allowed: str) -> Iterator[str]:
    """Imports that are neither pure nor allowed. `from kernel import events` imports the module itself."""
    for name in sorted(file.imports()):
        if name.split(".")[0] not in PURE and not within(name, allowed):
            yield name


def within(name: str, allowed: tuple[str, ...]) -> bool:
    return any(name == one or name.startswith(f"{one}.") for one in allowed)


@pytest.mark.parametrize("file", shipped(), ids=str)
def test_nothing_imports_a_module_that_aws_calls(file: File) -> None:
    triggers = {f"{service}.{chapter}" for service in services() for chapter in TRIGGERS}
    triggers.add("kernel.triggers.relay")
    triggers.discard(file.module)
    assert sorted(name for name in file.imports() if within(name, tuple(triggers))) == []


@pytest.mark.parametrize("file", shipped(), ids=str)
def test_only_the_files_that_may_reach_outside_do(file: File) -> None:
    if file.package == "kernel" or file.chapter in OUTSIDE:
        return
    assert sorted(name for name in file.imports() if within(name, NETWORK)) == []


@pytest.mark.parametrize(
    ("call", "only"), [("put_events", "kernel.triggers.relay"), ("start_execution", "checkout.executions")]
)
def test_one_file_publishes_and_one_file_starts_executions(call: str, only: str) -> None:
    callers = {file.module for file in shipped() for node in ast.walk(file.tree) if named(node) == call}
    assert callers == {only}


def named(node: ast.AST) -> object:
    """The name in an attribute, a name or a literal. A call by `getattr` has it in a literal."""
    match node:
        case ast.Attribute(attr=name) | ast.Name(id=name) | ast.Constant(value=name):
            return name
    return None


NEEDLESS = ("boto3", "s3transfer", "asyncio", "jwt", "cryptography", "aws_lambda_powertools.event_handler")
# What a cold start must not import, by module: each of these would take it over the budget of its import.
LEAN: dict[str, tuple[str, ...]] = {
    "kernel.triggers.relay": (*NEEDLESS, "pydantic"),
    **{f"{service}.api": NEEDLESS for service in services() if service not in ("authorizer", "customers")},
    "customers.api": tuple(sorted({*NEEDLESS} - {"cryptography"})),
    "orders.tasks": NEEDLESS,
    "payments.tasks": (*NEEDLESS, "aws_lambda_powertools.utilities.circuit_breaker"),
    "storefront.projector": NEEDLESS,
}


@pytest.mark.parametrize("module", LEAN)
def test_a_cold_start_imports_nothing_that_it_does_not_use(module: str) -> None:
    """`make bundle-report` tells how long each function imports."""
    told = "import sys, importlib; importlib.import_module(sys.argv[1]); print(*sys.modules)"
    command, seen = [sys.executable, "-c", told, module], {"PYTHONPATH": str(FUNCTIONS)}
    ended = subprocess.run(command, env=seen, capture_output=True, text=True, check=True)
    assert sorted({*ended.stdout.split()} & {*LEAN[module]}) == []


IMPORT_EVERYTHING = """
import importlib, json, sys
reached = []
def listen(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto", "subprocess.Popen", "os.system"):
        reached.append(event)
        raise RuntimeError(f"importing must not reach out: {event}")
sys.addaudithook(listen)
sys.path.insert(0, sys.argv[1])
failed = {}
for module in json.loads(sys.argv[2]):
    try:
        importlib.import_module(module)
    except BaseException as error:
        failed[module] = repr(error)
from kernel import aws
boto3 = [name for name in sys.modules if name.partition(".")[0] in ("boto3", "s3transfer")]
sessions = aws.session.cache_info().currsize
print(json.dumps({"failed": failed, "reached": reached, "sessions": sessions, "boto3": boto3}))
"""


LOADED_LATE = {"payments.breaker"}  # by its name, and not before the card processor has failed


def test_nothing_imports_a_module_that_is_loaded_late() -> None:
    assert {file.module for file in shipped()} > LOADED_LATE
    assert [str(file) for file in shipped() if file.imports() & LOADED_LATE] == []


def test_importing_any_module_needs_no_environment_and_no_network(tmp_path: Path) -> None:
    modules = [file.module for file in shipped() if file.module not in LOADED_LATE]
    command = [sys.executable, "-I", "-B", "-c", IMPORT_EVERYTHING, str(FUNCTIONS), json.dumps(modules)]
    ended = subprocess.run(command, env={}, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout) == {"failed": {}, "reached": [], "sessions": 0, "boto3": []}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("file", shipped(), ids=str)
def test_environment_variables_are_read_inside_functions_only(file: File) -> None:
    inside = {node for function in file.functions() for node in ast.walk(function)}
    reading = [
        node.lineno
        for node in ast.walk(file.tree)
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv") and node not in inside
    ]
    assert reading == []
