"""The watch sees which services a change concerns, and says in plain words what it cannot do."""

import io
import subprocess
import zipfile
from pathlib import Path

import pytest

from contracts import current
from localstack import dev
from localstack.machine import deploy, environment, reload
from localstack.machine.reload import DeployedFunction, DoesNotLoad

SERVICES = {"orders", "payments"}
KERNEL = "WORD = 1\n"
ORDERS = "from kernel.api import WORD as handler\n"


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a kernel and one service that stands on it."""
    monkeypatch.setattr(environment, "REPOSITORY", tmp_path)
    monkeypatch.setattr(environment, "HOME", tmp_path / "home")
    for name in deploy.SOURCES:
        if "." in name:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text("")
    for package, text in {
        "kernel": "WORD = 1\n",
        "orders": "from kernel.api import WORD as handler\n",
    }.items():
        (tmp_path / "functions" / package).mkdir(parents=True)
        (tmp_path / "functions" / package / "api.py").write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("path", "services"),
    [
        ("functions/orders/api.py", {"orders"}),
        ("functions/kernel/table/items.py", SERVICES),
        ("functions/orders/README.md", set()),
        ("functions/refunds/api.py", set()),
        ("infrastructure/edge.py", set()),
    ],
)
def test_a_change_concerns_its_service_and_one_of_the_kernel_concerns_all(
    path: str, services: set[str]
) -> None:
    assert dev.concerned([path], SERVICES) == services


def test_changes_that_need_a_deployment_are_told_apart() -> None:
    within = ["functions/orders/api.py", "functions/orders/README.md", "functions/kernel/money.py"]
    beyond = ["app.py", "functions/refunds/api.py", "infrastructure/edge.py"]
    assert dev.undeployed([*within, *beyond], SERVICES) == beyond


def test_files_that_are_new_gone_or_other_are_seen(sources: Path) -> None:
    (sources / "functions" / "orders" / "gone.py").write_text("")
    before = dev.look()
    (sources / "functions" / "orders" / "gone.py").unlink()
    (sources / "functions" / "orders" / "new.py").write_text("")
    (sources / "functions" / "orders" / "api.py").write_text("")
    seen = ["functions/orders/api.py", "functions/orders/gone.py", "functions/orders/new.py"]
    assert dev.changed(before, dev.look()) == seen


def test_without_an_emulator_the_sentence_says_how_to_get_one(sources: Path) -> None:
    with pytest.raises(dev.NothingToReload, match=r"No emulator is running: `make demo` starts one"):
        dev.main(sources / "state")


@pytest.mark.parametrize(
    ("package", "text", "told"),
    [
        ("orders", "def handler(:\n", r"functions/orders/api\.py:1: SyntaxError: "),
        ("kernel", "def handler(:\n", r"functions/kernel/api\.py:1: SyntaxError: "),
        ("orders", "\nimport no_such_package\n", r"functions/orders/api\.py:2: ModuleNotFoundError: "),
        ("orders", "", r"AttributeError: module 'orders\.api' has no attribute 'handler'"),
    ],
)
def test_sources_that_do_not_load_are_reported_with_their_place_and_go_nowhere(
    sources: Path, package: str, text: str, told: str
) -> None:
    (sources / "functions" / package / "api.py").write_text(text)
    nowhere = "http://127.0.0.1:9"  # asking it for anything would raise another error
    with pytest.raises(DoesNotLoad, match=told):
        reload.reload([DeployedFunction("OrdersApi", "orders", "orders.api.handler")], nowhere, sources)
    assert reload.noted(sources) == set()


def test_a_package_that_is_gone_is_reported_too(sources: Path) -> None:
    gone = [DeployedFunction("PaymentsApi", "payments", "payments.api.handler")]
    with pytest.raises(DoesNotLoad, match=r"the sources cannot be copied"):
        reload.reload(gone, "http://127.0.0.1:9", sources)


def test_reloaded_code_has_the_sources_and_keeps_what_its_target_added(sources: Path) -> None:
    old = io.BytesIO()
    with zipfile.ZipFile(old, "w") as archive:
        for name in ("bootstrap", "package/__init__.py", "orders/api.py", "orders/gone.py", "kernel/gone.py"):
            archive.writestr(name, "old")
    new = reload.repacked(old.getvalue(), sources / "functions", packages=("orders", "kernel"))
    with zipfile.ZipFile(io.BytesIO(new)) as archive:
        found = {name: archive.read(name).decode() for name in archive.namelist()}
    assert found == {
        "bootstrap": "old",
        "package/__init__.py": "old",
        "orders/api.py": ORDERS,
        "kernel/api.py": KERNEL,
    }


def test_sources_that_break_after_a_reload_are_told_by_the_next_reload_alone(
    sources: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The question whether they declare something anew comes in between, and prints no traceback."""
    monkeypatch.setattr(current, "ROOT", sources)
    assert not reload.declares_anew()
    assert capfd.readouterr() == ("", "")
    with pytest.raises(subprocess.CalledProcessError):
        current.declared({})
    assert "No module named" in capfd.readouterr().err
