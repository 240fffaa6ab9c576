"""A synthesis ships the sources as they are now, whatever an earlier one left in its folder."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from infrastructure.packaging.assets import clear, stage
from infrastructure.target import Target
from tests.infrastructure.synthesis import Assembly, stand_in_bundle, synthesize, synthesize_copy
from tests.support.sources import copied

Files = dict[str, bytes]


@dataclass(frozen=True)
class FunctionAsset:
    """The service of a function, the key of its asset, and the files of that asset."""

    service: str
    key: str
    files: Files


@dataclass(frozen=True)
class Twice:
    """Two syntheses into one folder, and the sources of the second."""

    sources: Path
    first: dict[str, FunctionAsset]
    second: dict[str, FunctionAsset]


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> Twice:
    """Between the two, source files are changed, added and removed, and one copied file is deleted."""
    sources = copied(tmp_path_factory.mktemp("sources"))
    folder = tmp_path_factory.mktemp("assembly")
    functions = sources / "functions"
    (functions / "orders" / "removed.py").write_text('"""Goes before the second synthesis."""\n')
    first = functions_of(synthesize_copy(sources, folder, target="embedded"))
    (functions / "orders" / "removed.py").unlink()
    (functions / "orders" / "added.py").write_text('"""Comes before the second synthesis."""\n')
    for name in ("orders/api.py", "kernel/errors.py"):
        (functions / name).write_text((functions / name).read_text() + "\nCHANGED = True\n")
    for lost in folder.glob("source/payments/payments/store.py"):
        lost.unlink()
    return Twice(sources, first, functions_of(synthesize_copy(sources, folder, target="embedded")))


def functions_of(assembly: Assembly) -> dict[str, FunctionAsset]:
    assert assembly.code == 0, assembly.said
    found = {}
    for stack, name, function in assembly.resources("AWS::Lambda::Function"):
        service = function["Environment"]["Variables"]["SERVICE"]
        key = function["Code"]["S3Key"]
        found[name] = FunctionAsset(service, key, files(assembly.asset(stack, key)))
    return found


def files(folder: Path) -> Files:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def shipped(sources: Path, service: str) -> Files:
    """The files that a function of the service has to hold, by the sources."""
    functions = sources / "functions"
    found = (path for package in (service, "kernel") for path in (functions / package).rglob("*.py"))
    return {str(path.relative_to(functions)): path.read_bytes() for path in found}


def test_a_second_synthesis_ships_the_sources_as_they_are_then(twice: Twice) -> None:
    for name, function in twice.second.items():
        held = {path: text for path, text in function.files.items() if "/" in path}
        assert held == shipped(twice.sources, function.service), name
    assert any("orders/added.py" in function.files for function in twice.second.values())


def test_a_change_of_the_kernel_is_another_asset_for_every_function(twice: Twice) -> None:
    assert twice.first.keys() == twice.second.keys()
    before = {function.key for function in twice.first.values()}
    assert before & {function.key for function in twice.second.values()} == set()


def test_a_removed_package_of_localstack_is_not_shipped_again(tmp_path: Path) -> None:
    target = Target("localstack", None, "x86_64", "", stand_in_bundle(tmp_path), "", "express", {})  # type: ignore[arg-type]
    first = stage("orders", target, into=tmp_path / "out" / "source")
    assert (first / "package" / "__init__.py").exists()
    (tmp_path / "x86_64" / "python" / "package").rename(tmp_path / "x86_64" / "python" / "other")
    clear(tmp_path / "out")
    second = stage("orders", target, into=tmp_path / "out" / "source")
    assert {path.name for path in second.iterdir()} == {"orders", "kernel", "other"}


def test_a_folder_that_is_there_already_is_never_taken_for_the_sources(tmp_path: Path) -> None:
    target = Target("cloud", None, "aarch64", "", tmp_path, "", "express", {})  # type: ignore[arg-type]
    (tmp_path / "source" / "orders" / "orders").mkdir(parents=True)
    with pytest.raises(FileExistsError):
        stage("orders", target, into=tmp_path / "source")


def test_clearing_removes_all_that_a_synthesis_makes_and_nothing_else(
    assembly: Assembly, tmp_path: Path
) -> None:
    folder = shutil.copytree(assembly.folder, tmp_path / "copy")
    (folder / "synth.lock").write_text("held by the CDK CLI")
    clear(folder)
    assert {path.name for path in folder.iterdir()} == {"synth.lock", "bundle", "done"}


def test_a_synthesis_that_is_refused_leaves_nothing_to_deploy(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{}")
    (tmp_path / "SettleOrders.template.json").write_text("{}")
    failed = synthesize(tmp_path, target="azure")
    assert failed.code != 0
    assert list(tmp_path.iterdir()) == []
