"""While `make dev` watches, the next call runs the changed sources. A deployment ends that."""

import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from localstack.machine import deploy, environment, tokens
from localstack.machine.emulator import Emulator
from localstack.shop.deployed import DeployedShop, wait_for
from tests.support.sources import CHANGED_STATUS, change_every_answer, copied, rewrite


class Watching:
    """A running watch over a copy of the sources, and the lines that it has said."""

    def __init__(self, sources: Path, state: str) -> None:
        command = [sys.executable, "-m", "localstack.dev", state]
        seen = environment.child(sources / ".local" / "home")
        self.process = subprocess.Popen(
            command, cwd=sources, env=seen, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.lines: list[str] = []
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        self.lines.extend(iter(self.process.stdout.readline, ""))

    def said(self, words: str) -> str:
        """Waits for the next line with these words, and returns it."""

        def first() -> str | None:
            if ended := self.process.poll() is not None:
                self.reader.join()
            found = next((line for line in self.lines if words in line), None)
            assert found or not ended, self.lines
            return found

        found = wait_for(first, bool)
        assert found
        del self.lines[: self.lines.index(found) + 1]
        return found.strip()


@contextmanager
def watching(sources: Path, state: str) -> Iterator[Watching]:
    watch = Watching(sources, state)
    try:
        yield watch
    finally:
        watch.process.kill()
        watch.reader.join()
        watch.process.communicate()


@pytest.fixture
def sources(machine: Emulator, shop: DeployedShop, tmp_path: Path) -> Iterator[Path]:
    """A copy of the deployed sources. Afterwards a deployment puts the emulator back as it was."""
    copy = copied(tmp_path / "sources")
    (copy / ".local").mkdir()
    shutil.copy(tokens.KEY_FILE, copy / ".local")
    assert answered(shop) == 404
    yield copy
    deploy.deploy(machine.endpoint, Path(machine.state))
    assert answered(shop) == 404


def answered(shop: DeployedShop) -> int:
    return shop.operator.call("GET", "/catalog/products/nobody-sells-this").status


def test_a_change_runs_without_a_deployment_and_one_that_does_not_load_changes_nothing(
    machine: Emulator, shop: DeployedShop, sources: Path
) -> None:
    api, errors = (sources / "functions" / name for name in ("catalog/api.py", "kernel/errors.py"))
    with watching(sources, machine.state) as watch:
        watch.said("Watching functions/")
        change_every_answer(api)
        assert watch.said("reloaded").startswith("catalog: reloaded, ")
        assert answered(shop) == CHANGED_STATUS

        whole = api.read_text()
        rewrite(api, whole + "def broken(:\n")
        assert "catalog as before: functions/catalog/api.py:" in watch.said("SyntaxError")
        assert answered(shop) == CHANGED_STATUS

        rewrite(errors, errors.read_text() + "\n")
        assert "SyntaxError" in watch.said("Not reloaded, acquirer, ")
        rewrite(api, whole)
        watch.said("storefront: reloaded")
        assert answered(shop) == CHANGED_STATUS

        rewrite(api, whole.replace('"/catalog/products/<sku>/price"', '"/catalog/products/<sku>/cost"'))
        watch.said("Something is declared anew")
        (sources / "app.py").touch()
        assert watch.said("app.py") == "app.py has changed: that needs a deployment (make demo)."
        watch.process.send_signal(signal.SIGINT)
        watch.said("Watching has ended")
        assert watch.process.wait() == 0
