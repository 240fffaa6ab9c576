"""While `make dev` watches, the next call runs what was just written, and a deployment ends that."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
        """The first line with these words that has not been asked for yet; it is waited for."""

        def first() -> str | None:
            assert self.process.poll() is None or any(words in line for line in self.lines), self.lines
            return next((line for line in self.lines if words in line), None)

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


def test_a_change_runs_without_a_deployment_until_one_takes_it_back(
    machine: Emulator, shop: DeployedShop, tmp_path: Path
) -> None:
    sources = copied(tmp_path / "sources")
    (sources / ".local").mkdir()
    shutil.copy(tokens.KEY_FILE, sources / ".local")
    api = sources / "functions" / "catalog" / "api.py"

    def answered() -> int:
        return shop.operator.call("GET", "/catalog/products/nobody-sells-this").status

    assert answered() == 404
    try:
        with watching(sources, machine.state) as watch:
            watch.said("Watching functions/")
            change_every_answer(api)
            assert watch.said("reloaded").startswith("catalog: reloaded, ")
            assert answered() == CHANGED_STATUS

            whole = api.read_text()
            rewrite(api, whole + "def broken(:\n")
            assert "catalog as before: functions/catalog/api.py:" in watch.said("SyntaxError")
            assert answered() == CHANGED_STATUS

            errors = sources / "functions" / "kernel" / "errors.py"
            rewrite(errors, errors.read_text() + "\n")
            assert "SyntaxError" in watch.said("Not reloaded, acquirer, ")
            rewrite(api, whole)
            watch.said("storefront: reloaded")
            assert answered() == CHANGED_STATUS

            (sources / "app.py").touch()
            assert watch.said("app.py") == "app.py has changed: that needs a deployment (make demo)."
            os.kill(watch.process.pid, signal.SIGINT)
            assert watch.process.wait() == 0
            watch.said("Watching has ended")
    finally:
        deploy.deploy(machine.endpoint, Path(machine.state))
    assert answered() == 404
