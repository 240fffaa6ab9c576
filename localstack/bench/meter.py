"""Reads an emulator's counters: calls of functions, invocations, and the CPU time of its processes."""

import contextlib
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import psutil
import urllib3

from localstack.machine import counting, processes
from localstack.machine.emulator import Emulator


@dataclass(frozen=True)
class Reading:
    """`calls` and `invocations` since the emulator's start, and the CPU seconds of each kind of process."""

    calls: Counter[str]
    invocations: Counter[str]
    cpu: Mapping[str, float]

    def since(self, before: "Reading") -> "Reading":
        cpu = {kind: seconds - before.cpu[kind] for kind, seconds in self.cpu.items()}
        return Reading(self.calls - before.calls, self.invocations - before.invocations, cpu)


def read(emulator: Emulator) -> Reading:
    told = urllib3.request("GET", f"{emulator.endpoint}{counting.PATH}", timeout=10.0).json()
    return Reading(Counter(told["calls"]), Counter(told["invocations"]), _cpu(emulator.pid))


def _cpu(leader: int) -> dict[str, float]:
    """CPU seconds of the emulator, of its functions (also those that have ended), and of this process."""
    own, mine = psutil.Process(leader).cpu_times(), os.times()
    ended = own.children_user + own.children_system
    running = sum(_seconds(process) for process in processes.members(leader) if process.pid != leader)
    return {
        "emulator": own.user + own.system,
        "functions": ended + running,
        "clients": mine.user + mine.system,
    }


def _seconds(process: psutil.Process) -> float:
    with contextlib.suppress(*processes.GONE):
        times = process.cpu_times()
        return float(times.user + times.system)
    return 0.0
