"""Looks at running processes and ends process groups, on Linux and macOS."""

import contextlib
import os
import signal
import time
from collections.abc import Iterator

import psutil

GONE = (psutil.NoSuchProcess, psutil.AccessDenied, ProcessLookupError, PermissionError)


def command(pid: int) -> list[str]:
    """The command of a running process, word by word; nothing when there is no such process."""
    with contextlib.suppress(*GONE):
        process = psutil.Process(pid)
        if _runs(process):
            return list(process.cmdline())
    return []


def group_lives(group: int) -> bool:
    return any(True for _ in _running(group))


def end_group(group: int, patience: float = 5.0) -> None:
    """Ends every process of a group: asked first, killed after `patience` seconds. Raises TimeoutError."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(*GONE):
            os.killpg(group, number)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if not group_lives(group):
                return
            time.sleep(0.05)
    raise TimeoutError(f"Processes of group {group} are still there.")


def _running(group: int) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        with contextlib.suppress(*GONE):
            if os.getpgid(process.pid) == group and _runs(process):
                yield process


def _runs(process: psutil.Process) -> bool:
    """Whether it has not ended. An ended process keeps its number until its parent takes notice."""
    return bool(process.status() != psutil.STATUS_ZOMBIE)
