"""The committed manifest is what the sources declare, and no declaration is left out."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from contracts import declarations, tables
from contracts.current import declared
from infrastructure import manifest
from tests.architecture.source import FUNCTIONS, ROOT, File, files

COMMITTED = (ROOT / "contracts" / "manifest.json").read_text()
DECLARED: dict[str, list[dict[str, Any]]] = json.loads(COMMITTED)
# The modules that must not import these others, so that declarations do not slow their cold start.
LEAN = {
    "kernel.triggers.relay": ("kernel.triggers.http", "kernel.triggers.tasks", "kernel.triggers.consumers"),
    "authorizer.handler": ("kernel.triggers.http", "kernel.triggers.tasks", "pydantic"),
}
LOADED = "import sys, importlib; importlib.import_module(sys.argv[1]); print(' '.join(sys.modules))"


def test_the_committed_manifest_is_what_the_sources_declare() -> None:
    assert declarations.text(FUNCTIONS) == COMMITTED, "run make contracts"


def test_another_interpreter_makes_the_same_manifest() -> None:
    assert declared(os.environ) == COMMITTED


def test_every_readme_says_what_its_service_declares() -> None:
    stale = [
        str(path) for path, text in tables.readmes(FUNCTIONS, COMMITTED).items() if path.read_text() != text
    ]
    assert stale == [], "run make contracts"


def test_a_synthesis_with_a_manifest_of_other_sources_ends_with_a_plain_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "manifest.json"
    other.write_text(COMMITTED.replace('"/checkout"', '"/chekout"'))
    monkeypatch.setattr(manifest, "COMMITTED", other)
    manifest.manifest.cache_clear()
    try:
        with pytest.raises(SystemExit, match="run `make contracts` first"):
            manifest.manifest()
    finally:
        manifest.manifest.cache_clear()


@pytest.mark.parametrize("kind", declarations.KINDS)
def test_something_is_declared_of_every_kind(kind: str) -> None:
    assert DECLARED[kind]


def test_every_handler_that_infrastructure_deploys_is_declared_or_known_to_declare_nothing() -> None:
    declared = {
        entry["handler"] for kind in declarations.KINDS for entry in DECLARED[kind] if "handler" in entry
    }
    deployed = {name for file in files("infrastructure") for name in handlers_named(file)}
    assert deployed - declared == {
        "authorizer.handler.handler",
        "kernel.triggers.relay.handler",
        "kernel.triggers.relay.republish",
    }
    assert declared <= deployed


def handlers_named(file: File) -> list[str]:
    """The handlers of the functions that a file of infrastructure makes."""
    return re.findall(r'ServiceFunction\(\s*self, "([\w.]+)"', file.text)


@pytest.mark.parametrize("module", LEAN)
def test_a_cold_start_that_needs_no_declarations_imports_none(module: str) -> None:
    command = [sys.executable, "-c", LOADED, module]
    environment = {"PYTHONPATH": str(FUNCTIONS)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) & set(LEAN[module]) == set()


@pytest.mark.parametrize("command", DECLARED["commands"], ids=lambda command: command["name"])
def test_every_command_is_answered_by_a_step_of_its_service(command: dict[str, Any]) -> None:
    steps = {step["name"]: step["handler"] for step in DECLARED["steps"]}
    assert steps[command["name"]].startswith(f"{command['of']}.")


@pytest.mark.parametrize("reader", DECLARED["subscriptions"], ids=lambda reader: reader["handler"])
def test_every_event_that_is_read_is_published_by_its_service(reader: dict[str, Any]) -> None:
    published = {(event["of"], event["type"]) for event in DECLARED["events"]}
    assert {(reader["of"], kind) for kind in reader["types"]} - published == set()
