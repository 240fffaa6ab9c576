"""Runs MiniStack as the leader of its own process group, and makes invocations wait for a free process.

`python -m localstack.machine.server STATE [OWNER [capacity]]`. The state directory in the command line is how
`emulator.stop` tells this process from a later one with the same pid. With an OWNER (a process id) the whole
group ends when that process does, however it ends. With `capacity` it writes down what DynamoDB consumes.
"""

import os
import runpy
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from localstack.machine import capacity, statements
from localstack.machine.counting import Counts

ENVIRONMENTS = 2 * max(2, os.cpu_count() or 2)
# MiniStack also drops environments without notice, for example when code has changed. So waiters look again.
RECHECK_SECONDS = 1.0


def _end_with(owner: int) -> None:
    while os.getppid() == owner:
        time.sleep(0.5)
    os.killpg(0, signal.SIGKILL)


def _with_current_code(worker: Any, how: str) -> tuple[Any, str]:
    """The code may have changed while the invocation waited: a new process must start from the new code."""
    if how == "spawn" and (known := lambda_svc._functions.get(worker.func_name)):
        worker.code_zip = known["code_zip"]
    return worker, how


def queue_for_environments(limit: int = ENVIRONMENTS) -> None:
    """Limits each function to `limit` processes. An invocation beyond the limit waits for a free process.

    MiniStack starts a process for every concurrent invocation, so fifty buyers would start hundreds of
    Pythons on two cores. All it offers instead is to throttle. Waiting cannot deadlock: no function calls
    itself, directly or through others.
    """
    acquire, release = lambda_svc.acquire_worker, lambda_svc.release_worker
    freed = threading.Condition()

    def wait_for_worker(*args: Any, **named: Any) -> Any:
        with freed:
            while (leased := acquire(*args, max_concurrency=limit, **named))[0] is None:
                freed.wait(RECHECK_SECONDS)
        return _with_current_code(*leased)

    def free_worker(worker: Any) -> None:
        release(worker)
        with freed:
            freed.notify_all()

    lambda_svc.acquire_worker, lambda_svc.release_worker = wait_for_worker, free_worker


def start_few_at_once(most: int = os.cpu_count() or 2) -> None:
    """Lets `most` functions start at the same time. The others wait for their turn.

    MiniStack gives a process ten seconds to start. Of a hundred Pythons at once, none makes it.
    """
    spawn, turns = lambda_runtime.ProvidedWorker._spawn, threading.BoundedSemaphore(most)

    def spawn_in_turn(worker: Any, *args: Any, **named: Any) -> Any:
        with turns:
            return spawn(worker, *args, **named)

    lambda_runtime.ProvidedWorker._spawn = spawn_in_turn


def answer_in_one_segment() -> None:
    """Makes the Runtime API send the head and the body of a response together.

    MiniStack writes them one after the other, and the body waits until the function's process has
    acknowledged the head. That takes 40 milliseconds of every invocation.
    """
    build = lambda_runtime.ProvidedWorker._build_handler_class

    def build_buffered(*args: Any) -> Any:
        handler = build(*args)
        handler.wbufsize = -1
        handler.disable_nagle_algorithm = True
        return handler

    lambda_runtime.ProvidedWorker._build_handler_class = build_buffered


def main(state: str, owner: str = "", *options: str) -> None:
    if "capacity" in options:
        capacity.count_capacity(Path(state) / capacity.FILE)
    if owner:
        threading.Thread(target=_end_with, args=(int(owner),), daemon=True).start()
    statements.judge_statements()
    queue_for_environments()
    start_few_at_once()
    Counts().install()
    answer_in_one_segment()
    sys.argv = ["ministack"]
    runpy.run_module("ministack", run_name="__main__")


if __name__ == "__main__":
    main(*sys.argv[1:])
