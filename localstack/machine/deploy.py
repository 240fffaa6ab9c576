"""Deploys every stack to an emulator with the same `cdk deploy` that goes to AWS.

`python -m localstack.machine.deploy [embedded|localstack]`. A deployment records its
outputs and the fingerprint of its sources in the emulator's state directory. So a second deployment of the
same sources does nothing. A deployment that fails leaves no record: nobody knows then which sources run.
"""

import hashlib
import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from localstack.machine import emulator, environment, tokens
from localstack.machine.reload import noted, reload_noted

CDK = environment.REPOSITORY / "node_modules" / ".bin" / "cdk"
SOURCES = (
    "app.py",
    "cdk.json",
    "requirements.txt",
    "contracts/manifest.json",
    "functions",
    "infrastructure",
    "localstack/machine/runtime.py",
)
LOCALSTACK = "http://127.0.0.1:4566"
# LocalStack's functions run in containers and reach it by this name. The name also works on this machine.
LOCALSTACK_INSIDE = "http://localhost.localstack.cloud:4566"
Say = Callable[[str], None]


class DeployFailed(SystemExit):
    """A CDK command failed; its last lines are in the message."""


@dataclass(frozen=True)
class EmulatorDeployment:
    """A Settle that is deployed to an emulator: the emulator's endpoint, and each stack's outputs."""

    endpoint: str
    outputs: dict[str, dict[str, str]]

    def address(self, stack: str, output: str) -> str:
        """A URL among the outputs, as seen from this machine, without a trailing slash."""
        return self.outputs[stack][output].rstrip("/").replace(LOCALSTACK_INSIDE, self.endpoint)

    @property
    def api(self) -> str:
        return self.address("SettleEdge", "ApiUrl")


def files() -> Iterator[Path]:
    """Every file that a deployment is made of."""
    for name in SOURCES:
        path = environment.REPOSITORY / name
        found = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (file for file in found if file.is_file() and "__pycache__" not in file.parts)


def fingerprint(*settings: str) -> str:
    """One digest of the files and the settings of a deployment."""
    digest = hashlib.sha256("\0".join(settings).encode())
    for file in files():
        name = file.relative_to(environment.REPOSITORY).as_posix()
        digest.update(f"{name}\0".encode() + file.read_bytes())
    return digest.hexdigest()


def context(target: str, endpoint: str) -> dict[str, str]:
    """The CDK context for app.py. `endpoint` is the emulator's address on this machine."""
    return {
        "target": target,
        "endpoint": LOCALSTACK_INSIDE if target == "localstack" else environment.loopback(endpoint),
        "issuer": tokens.ISSUER,
        "audience": tokens.AUDIENCE,
        "jwks": tokens.key_set(),
        "python": sys.executable,
    }


class Cdk:
    """Runs CDK commands for one emulator. They log to a file and get a clean environment."""

    def __init__(self, state: Path, endpoint: str) -> None:
        self.state = state
        self.log = state / "deploy.log"
        self.log.unlink(missing_ok=True)
        # The CDK's check of templates takes half of a synthesis. The tests have it done, for every target.
        self.environment = environment.child(environment.HOME, endpoint) | {"CDK_VALIDATION": "false"}

    def begin(self, *arguments: str, cwd: Path | None = None) -> subprocess.Popen[bytes]:
        """Starts a command in `cwd`, or in the repository."""
        command = [str(CDK), *arguments, "--no-notices", "--no-color", "--ci"]
        where = cwd or environment.REPOSITORY
        with self.log.open("ab") as log:
            return subprocess.Popen(command, cwd=where, env=self.environment, stdout=log, stderr=log)

    def finish(self, process: subprocess.Popen[bytes]) -> None:
        """Waits until a command has succeeded. Raises DeployFailed."""
        if process.wait() != 0:
            lines = self.log.read_text(errors="replace").splitlines()
            telling = [line for line in lines if "FAILED" in line] or lines
            words = "\n".join(telling[-20:])
            raise DeployFailed(f"{words}\n\nDeploying failed; the whole log is {self.log}")


def _settings(target: str, endpoint: str) -> list[str]:
    return [part for pair in context(target, endpoint).items() for part in ("-c", "=".join(pair))]


def _run(cdk: Cdk, target: str, endpoint: str, say: Say) -> Path:
    assembly, outputs = cdk.state / "cdk.out", cdk.state / "outputs.json"
    outputs.unlink(missing_ok=True)
    app = f"{shlex.quote(sys.executable)} app.py"
    say("synthesizing and bootstrapping")
    synth = cdk.begin(
        "synth", "--quiet", "--app", app, "--output", str(assembly), *_settings(target, endpoint)
    )
    place = f"aws://{environment.ACCOUNT}/{environment.REGION}"
    bootstrap = cdk.begin(
        "bootstrap", place, cwd=cdk.state
    )  # a folder without an app, so that none is synthesized
    cdk.finish(bootstrap)
    cdk.finish(synth)
    say("deploying all stacks")
    how = ("--require-approval", "never", "--method", "direct", "--concurrency", "6")
    cdk.finish(cdk.begin("deploy", "--all", "--app", str(assembly), *how, "--outputs-file", str(outputs)))
    return outputs


def recorded(endpoint: str, state: Path, target: str = "embedded") -> EmulatorDeployment | None:
    """The deployment on record, if it is of exactly these sources and no service was reloaded since."""
    record = state / "deployed.json"
    if record.exists() and not noted(state):
        known = json.loads(record.read_text())
        if known["fingerprint"] == fingerprint(*context(target, endpoint).values()):
            return EmulatorDeployment(endpoint, known["outputs"])
    return None


def deploy(
    endpoint: str, state: Path, target: str = "embedded", say: Say = lambda _: None
) -> EmulatorDeployment:
    """Deploys the sources, unless the emulator runs them already. Raises DeployFailed."""
    if known := recorded(endpoint, state, target):
        say("already deployed")
        return known
    state.mkdir(parents=True, exist_ok=True)
    (state / "deployed.json").unlink(missing_ok=True)
    print_now = fingerprint(*context(target, endpoint).values())
    outputs = json.loads(_run(Cdk(state, endpoint), target, endpoint, say).read_text())
    reload_noted(endpoint, state)
    (state / "deployed.json").write_text(json.dumps({"fingerprint": print_now, "outputs": outputs}))
    return EmulatorDeployment(endpoint, outputs)


def main(target: str = "embedded") -> None:
    if target == "localstack":
        state = environment.LOCAL / "localstack"
        (state / "deployed.json").unlink(missing_ok=True)  # a new container has none of the last one's stacks
        made = deploy(LOCALSTACK, state, target, print)
    else:
        made = deploy(emulator.start().endpoint, emulator.STATE, target, print)
    print(made.api)


if __name__ == "__main__":
    main(*sys.argv[1:])
