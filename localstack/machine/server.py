"""Runs MiniStack as the head of its own process group, ends with whoever owns it, and queues for functions.

`python -m localstack.machine.server STATE [OWNER]`: by the state directory in the command line,
`emulator.stop` knows this process from an innocent one that got its number; with an OWNER (a process id) the
whole group ends when that process does, however it went.
"""

import os
import runpy
import signal
import sys
import threading
import time
from typing import Any

from ministack.services import lambda_svc

ENVIRONMENTS = 2 * max(2, os.cpu_count() or 2)


def _end_with(owner: int) -> None:
    while os.getppid() == owner:
        time.sleep(0.5)
    os.killpg(0, signal.SIGKILL)


def queue_for_environments(limit: int = ENVIRONMENTS) -> None:
    """At most `limit` processes per function; an invocation beyond them waits for one.

    MiniStack starts a process for every concurrent invocation, so fifty buyers would start hundreds of
    Pythons on two cores; all it offers instead is to throttle. Waiting cannot lock up: no function calls
    itself, not even through others.
    """
    acquire = lambda_svc.acquire_worker

    def wait_for_worker(*args: Any, **named: Any) -> Any:
        while (leased := acquire(*args, max_concurrency=limit, **named))[0] is None:
            time.sleep(0.01)
        return leased

    lambda_svc.acquire_worker = wait_for_worker


def main(owner: str = "") -> None:
    if owner:
        threading.Thread(target=_end_with, args=(int(owner),), daemon=True).start()
    queue_for_environments()
    sys.argv = ["ministack"]
    runpy.run_module("ministack", run_name="__main__")


if __name__ == "__main__":
    main(*sys.argv[2:])
