"""Owns the emulator's life: one MiniStack per state directory, recorded there, ended with its workers.

`python -m localstack.machine.emulator start|stop|status`. The record (`emulator.json`) holds pid, port and
endpoint.
"""

import json
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import urllib3

from localstack.machine import environment, processes

STATE = environment.LOCAL / "emulator"
SERVER = "localstack.machine.server"
PATIENCE_SECONDS = 60.0


class EmulatorFailed(SystemExit):
    """The emulator did not come up; its log says why."""


@dataclass(frozen=True)
class Emulator:
    """A running emulator; its pid is also the number of its process group, workers included."""

    pid: int
    port: int
    endpoint: str
    state: str

    def healthy(self) -> bool:
        try:
            url = f"{self.endpoint}/_ministack/ready"
            return urllib3.request("GET", url, timeout=2.0, retries=False).status == 200
        except urllib3.exceptions.HTTPError:
            return False

    def is_ours(self) -> bool:
        """Whether the process with this pid is this emulator, and not a later one with the same pid."""
        return {SERVER, self.state} <= set(processes.command(self.pid))


def _record(state: Path) -> Path:
    return state / "emulator.json"


def recorded(state: Path = STATE) -> Emulator | None:
    """The emulator this state directory names, if its process is still that emulator."""
    try:
        found = Emulator(**json.loads(_record(state).read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return found if found.is_ours() else None


def running(state: Path = STATE) -> Emulator | None:
    found = recorded(state)
    return found if found and found.healthy() else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _environment(state: Path, port: int) -> dict[str, str]:
    """MiniStack's settings. Two emulators share nothing, and none reaches the user's Docker:
    at its start MiniStack removes containers that it takes for its own."""
    endpoint = f"http://127.0.0.1:{port}"
    settings = {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "AUTH": "true",
        "MINISTACK_REGION": environment.REGION,
        "STATE_DIR": str(state / "data"),
        "S3_DATA_DIR": str(state / "data" / "s3"),
        "DOCKER_HOST": f"unix://{state}/no-docker.sock",
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "LAMBDA_WARM_TTL_SECONDS": "60",
        "LOG_LEVEL": "INFO",
    }
    return environment.child(state / "home", endpoint) | settings


def _spawn(state: Path, owner: int | None, *options: str) -> Emulator:
    port = _free_port()
    command = [sys.executable, "-m", SERVER, str(state), *([str(owner), *options] if owner else [])]
    with (state / "emulator.log").open("ab") as log:
        process = subprocess.Popen(
            command,
            cwd=environment.REPOSITORY,
            env=_environment(state, port),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    process.returncode = 0  # the process outlives this object, which would warn about that
    emulator = Emulator(process.pid, port, f"http://127.0.0.1:{port}", str(state))
    _record(state).write_text(json.dumps(asdict(emulator)))
    return emulator


def _await_ready(emulator: Emulator, patience: float) -> bool:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline and processes.command(emulator.pid):
        if emulator.healthy():
            return True
        time.sleep(0.1)
    return False


def start(state: Path = STATE, owner: int | None = None, *options: str, attempts: int = 3) -> Emulator:
    """Starts the emulator of this state directory, unless it is running. With an `owner` (a process id) the
    emulator ends when that process does, and takes the server's `options`. Raises EmulatorFailed."""
    state = state.resolve()
    if found := running(state):
        return found
    stop(state)
    for _ in range(attempts):  # another process may take the free port before MiniStack binds it
        shutil.rmtree(state, ignore_errors=True)
        state.mkdir(parents=True)
        emulator = _spawn(state, owner, *options)
        if _await_ready(emulator, PATIENCE_SECONDS):
            return emulator
        processes.end_group(emulator.pid)
    raise EmulatorFailed(f"The emulator did not start; see {state / 'emulator.log'}")


def stop(state: Path = STATE) -> bool:
    """Ends the recorded emulator and its workers, no other process; false when none was running."""
    found = recorded(state.resolve())
    if found:
        processes.end_group(found.pid)
    _record(state).unlink(missing_ok=True)
    return found is not None


def main(command: str) -> None:
    match command:
        case "start":
            print(start().endpoint)
        case "stop":
            print("The emulator is stopped." if stop() else "No emulator was running.")
        case _:
            found = running()
            print(f"{found.endpoint} (pid {found.pid})" if found else "No emulator is running.")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "status")
