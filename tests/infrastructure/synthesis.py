"""Synthesizes app.py as the CDK CLI does, once per target and test run, without AWS and without packages."""

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from infrastructure.packaging import bundle

ROOT = Path(__file__).resolve().parents[2]
TARGETS = ("cloud", "embedded", "localstack")
HOST = "aarch64" if platform.machine().lower() in ("arm64", "aarch64") else "x86_64"
PATIENCE_SECONDS = 300
# Nothing listens there, so a request over the network fails.
NOWHERE = "http://127.0.0.1:9"

Template = dict[str, Any]
Resource = dict[str, Any]


@dataclass(frozen=True)
class Assembly:
    """The result of one synthesis: templates by stack, assets, and its output."""

    folder: Path
    code: int = 0
    said: str = ""

    @cached_property
    def templates(self) -> Mapping[str, Template]:
        found = sorted(self.folder.glob("Settle*.template.json"))
        return {path.name.partition(".")[0]: json.loads(path.read_text()) for path in found}

    @cached_property
    def messages(self) -> list[str]:
        """Warnings and errors on any stack."""
        files = sorted(self.folder.glob("Settle*.metadata.json"))
        entries = [
            entry for file in files for said in json.loads(file.read_text()).values() for entry in said
        ]
        return [entry["data"] for entry in entries if entry["type"] in ("aws:cdk:warning", "aws:cdk:error")]

    def resources(self, kind: str) -> Iterator[tuple[str, str, Resource]]:
        """Stack, logical id and properties of every resource of a type."""
        for stack, template in self.templates.items():
            for name, resource in template["Resources"].items():
                if resource["Type"] == kind:
                    yield stack, name, resource.get("Properties", {})

    def asset(self, stack: str, key: str) -> Path:
        """The folder that an asset's S3 key stands for."""
        files = json.loads((self.folder / f"{stack}.assets.json").read_text())["files"]
        return self.folder / files[key.partition(".")[0]]["source"]["path"]


def synthesize(outdir: Path, **context: str) -> Assembly:
    return synthesize_copy(ROOT, outdir, **context)


def synthesize_copy(root: Path, outdir: Path, **context: str) -> Assembly:
    """Runs app.py with this context on top of cdk.json's. A failed run has an exit code and no templates."""
    flags: dict[str, Any] = json.loads((root / "cdk.json").read_text())["context"]
    environment = {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "HOME": os.environ.get("HOME", str(outdir)),
        "CDK_OUTDIR": str(outdir),
        "CDK_CONTEXT_JSON": json.dumps(flags | context),
        "PYTHONDONTWRITEBYTECODE": "1",
        "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
        "HTTP_PROXY": NOWHERE,
        "HTTPS_PROXY": NOWHERE,
        # The CDK's check of templates is half of a synthesis. It is made once for each target.
        "CDK_VALIDATION": "true" if root == ROOT and "payments" not in context else "false",
    }
    command = [sys.executable, str(root / "app.py")]
    run = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    return Assembly(outdir, run.returncode, run.stderr + run.stdout)


def stand_in_bundle(folder: Path) -> Path:
    """A bundle of a tiny package for all functions, and one for what calls the processor."""
    for machine in ("aarch64", "x86_64"):
        for name, layer in (("package", machine), ("processor", f"{machine}-processor")):
            package = folder / layer / "python" / name
            package.mkdir(parents=True)
            (package / "__init__.py").write_text('"""Stands in for the third-party packages."""\n')
        bundle.record(machine, folder)
    return folder


def once(shared: Path, target: str) -> Assembly:
    """The target's assembly, made by whichever of several test processes asks first."""
    folder = shared / f"assembly-{target}"
    done = folder / "done"
    try:
        folder.mkdir()
    except FileExistsError:
        return _awaited(folder, done)
    made = synthesize(folder, target=target, bundle=str(stand_in_bundle(folder / "bundle")))
    done.write_text(json.dumps([made.code, made.said]))
    return made


def _awaited(folder: Path, done: Path) -> Assembly:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not done.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    return Assembly(folder, *json.loads(done.read_text()))
