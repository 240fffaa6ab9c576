"""Looks at and ends process groups with what Linux and macOS share: `ps`, signals and groups."""

import contextlib
import os
import signal
import subprocess
import time


def command_line(pid: int) -> str:
    """The command line of a running process, or nothing when there is none."""
    asked = ["ps", "-ww", "-o", "stat=,command=", "-p", str(pid)]
    answer = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    return "" if answer.startswith("Z") else answer.partition(" ")[2].strip()


def _reap(pid: int) -> None:
    """Our own ended child stays in its group until it is waited for; another's is not ours to wait for."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def group_lives(group: int) -> bool:
    _reap(group)
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _signal(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def end_group(group: int, patience: float = 5.0) -> None:
    """Ends every process of a group: asked first, killed after `patience` seconds. Raises TimeoutError."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        _signal(group, number)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if not group_lives(group):
                return
            time.sleep(0.05)
    raise TimeoutError(f"Processes of group {group} are still there.")
