"""Looks at running processes and ends process groups, on Linux and macOS."""

import contextlib
import os
import signal
import time
from collections.abc import Iterator

import psutil

GONE = (psutil.NoSuchProcess, psutil.AccessDenied, ProcessLookupError, PermissionError)


def command(pid: int) -> list[str]:
    """A running process's command line, word by word; empty when there is no such process."""
    with contextlib.suppress(*GONE):
        process = psutil.Process(pid)
        if _runs(process):
            return list(process.cmdline())
    return []


def group_lives(group: int) -> bool:
    return any(True for _ in members(group))


def end_group(group: int, patience: float = 5.0) -> None:
    """Ends a group's processes by SIGTERM, and after `patience` seconds by SIGKILL. Raises TimeoutError."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(*GONE):
            os.killpg(group, number)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if not group_lives(group):
                return
            time.sleep(0.05)
    raise TimeoutError(f"Processes of group {group} are still there.")


def members(group: int) -> Iterator[psutil.Process]:
    """The group's processes that have not ended."""
    for process in psutil.process_iter():
        with contextlib.suppress(*GONE):
            if os.getpgid(process.pid) == group and _runs(process):
                yield process


def _runs(process: psutil.Process) -> bool:
    """Whether the process has not ended. An ended one keeps its pid until its parent has waited for it."""
    return bool(process.status() != psutil.STATUS_ZOMBIE)
