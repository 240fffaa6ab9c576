"""Limits of size: for a file, for a function, for its parameters, and for the kernel."""

from statistics import median

import pytest

from tests.architecture.source import File, Function, files, lines_of, packages

HELD = ("functions", "contracts", "infrastructure", "localstack", "ops", "tests", "app.py")
FILE, FUNCTION, TYPICAL_FUNCTION, POSITIONAL = 200, 30, 6, 2
# Code lines of each storey of the kernel.
STOREYS = {"words": 210, "table": 340, "triggers": 535}
INFRASTRUCTURE_LINES = 8  # per function, in the services' constructs; a relay is two functions
# The files and functions that are over a limit, each with the reason.
LONGER_FILES: dict[str, str] = {}
LONGER_FUNCTIONS: dict[str, str] = {}


def functions(*places: str) -> list[tuple[File, Function]]:
    return [(file, function) for file in files(*places) for function in file.functions()]


def positional(function: Function) -> list[str]:
    named = [*function.args.posonlyargs, *function.args.args]
    return [argument.arg for argument in named if argument.arg not in ("self", "cls")]


@pytest.mark.parametrize("file", files(*HELD), ids=str)
def test_a_file_can_be_read_in_one_sitting(file: File) -> None:
    assert len(file.code_lines()) <= FILE or str(file) in LONGER_FILES


@pytest.mark.parametrize("file", files(*HELD), ids=str)
def test_a_function_can_be_seen_at_once(file: File) -> None:
    lengths = {f"{file}:{function.name}": lines_of(file, function) for function in file.functions()}
    assert {
        name: lines for name, lines in lengths.items() if lines > FUNCTION and name not in LONGER_FUNCTIONS
    } == {}


@pytest.mark.parametrize(
    "place", ["functions", "functions/kernel", "contracts", "infrastructure", "localstack", "ops"]
)
def test_a_function_is_typically_a_few_lines(place: str) -> None:
    lengths = [lines_of(file, function) for file, function in functions(place)]
    limit = TYPICAL_FUNCTION + 1 if place == "infrastructure" else TYPICAL_FUNCTION
    assert median(lengths) <= limit


@pytest.mark.parametrize("file", files("functions", "infrastructure", "ops"), ids=str)
def test_a_public_function_takes_no_third_parameter_without_its_name(file: File) -> None:
    crowded = [
        function.name
        for function in file.functions()
        if not function.name.startswith("_") or function.name == "__init__"
        if len(positional(function)) > POSITIONAL
    ]
    assert crowded == []


def storey(file: File) -> str:
    folder = file.path.parent.name
    return "words" if folder == "kernel" else folder


@pytest.mark.parametrize("name", STOREYS)
def test_each_storey_of_the_kernel_stays_small(name: str) -> None:
    lines = [len(file.code_lines()) for file in files("functions/kernel") if storey(file) == name]
    assert 0 < sum(lines) <= STOREYS[name]


def test_the_kernel_has_three_storeys() -> None:
    assert {storey(file) for file in files("functions/kernel")} == set(STOREYS)


def test_a_function_costs_few_lines_of_infrastructure() -> None:
    constructs = files("infrastructure/services")
    defined = sum(
        file.text.count("ServiceFunction(self") + 2 * file.text.count(" Relay(") for file in constructs
    )
    assert defined > 20
    assert sum(len(file.code_lines()) for file in constructs) <= INFRASTRUCTURE_LINES * defined


@pytest.mark.parametrize("package", sorted(packages()))
def test_a_package_is_flat(package: str) -> None:
    deeper = [str(file) for file in files(f"functions/{package}") if file.module.count(".") > 2]
    assert deeper == []


def test_every_exception_is_still_needed_and_has_its_reason() -> None:
    lengths = {f"{file}:{function.name}": lines_of(file, function) for file, function in functions(*HELD)}
    sizes = {str(file): len(file.code_lines()) for file in files(*HELD)}
    idle = [
        *(name for name in LONGER_FILES if sizes.get(name, 0) <= FILE),
        *(name for name in LONGER_FUNCTIONS if lengths.get(name, 0) <= FUNCTION),
    ]
    assert idle == []
    assert all([*LONGER_FILES.values(), *LONGER_FUNCTIONS.values()])
