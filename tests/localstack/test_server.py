"""A limited number of processes serves each function of the emulator. Later invocations wait."""

import io
import json
import queue
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from localstack.machine import server


def test_an_invocation_beyond_the_limit_waits_until_an_environment_is_free(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    busy = threading.Event()
    asked: list[int] = []

    def acquire(name: str, *, max_concurrency: int) -> tuple[str | None, str]:
        asked.append(max_concurrency)
        return (name, "reused") if busy.is_set() else (None, "func_cap")

    monkeypatch.setattr(lambda_svc, "acquire_worker", acquire)
    server.queue_for_environments(limit=3)
    leased: list[tuple[str, str]] = []
    waiting = threading.Thread(target=lambda: leased.append(lambda_svc.acquire_worker("reserve")))
    waiting.start()
    waiting.join(0.1)
    assert leased == []
    busy.set()
    waiting.join(5)
    assert leased == [("reserve", "reused")]
    assert set(asked) == {3}


@pytest.fixture
def unchanged(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """MiniStack as it was, once the test is over."""
    for name in ("acquire_worker", "release_worker"):
        monkeypatch.setattr(lambda_svc, name, getattr(lambda_svc, name))
    worker = lambda_runtime.ProvidedWorker
    monkeypatch.setattr(worker, "_build_handler_class", worker._build_handler_class)
    yield
    lambda_runtime.reset()


CONFIG = {
    "FunctionName": "reserve",
    "FunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:reserve",
    "Runtime": "provided.al2023",
}


@pytest.mark.usefixtures("unchanged")
def test_an_environment_that_is_given_back_goes_at_once_to_an_invocation_that_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server, "RECHECK_SECONDS", 3600.0)
    server.queue_for_environments(limit=1)
    first, _ = lambda_svc.acquire_worker("reserve", CONFIG, b"")
    leased: list[Any] = []

    def lease() -> None:
        leased.append(lambda_svc.acquire_worker("reserve", CONFIG, b""))

    waiting = threading.Thread(target=lease, daemon=True)
    waiting.start()
    waiting.join(0.1)
    assert leased == []
    lambda_svc.release_worker(first)
    waiting.join(10)
    assert leased == [(first, "reused")]


@pytest.mark.usefixtures("unchanged")
def test_an_invocation_that_began_before_the_code_changed_starts_no_process_of_the_old(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(lambda_svc._functions, "reserve", {"config": CONFIG, "code_zip": b"new"})
    server.queue_for_environments()
    worker, how = lambda_svc.acquire_worker("reserve", CONFIG, b"old", qualifier="$LATEST")
    assert (worker.code_zip, how) == (b"new", "spawn")


class Sent(io.RawIOBase):
    """A connection that asks for the next invocation and keeps what is sent to it, write by write."""

    def __init__(self) -> None:
        self.segments: list[bytes] = []
        self.options: list[tuple[int, ...]] = []

    def makefile(self, mode: str, size: int) -> io.BufferedIOBase:
        asked = b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n\r\n"
        return io.BytesIO(asked) if mode == "rb" else io.BufferedWriter(self)

    def setsockopt(self, *option: int) -> None:
        self.options.append(option)

    def writable(self) -> bool:
        return True

    def sendall(self, data: bytes) -> None:
        self.segments.append(bytes(data))

    def write(self, data: Any) -> int:
        self.sendall(data)
        return len(data)


@pytest.mark.usefixtures("unchanged")
def test_head_and_body_of_the_next_invocation_are_sent_together() -> None:
    server.answer_in_one_segment()
    worker = lambda_runtime.ProvidedWorker("reserve", CONFIG, b"")
    worker._stopping = False
    events: queue.Queue[Any] = queue.Queue()
    events.put(("request-1", {"sku": "tea"}, 0, None, "arn"))
    sent = Sent()
    worker._build_handler_class(0, events)(sent, ("127.0.0.1", 1), None)
    (segment,) = sent.segments
    head, _, body = segment.partition(b"\r\n\r\n")
    assert b"Lambda-Runtime-Aws-Request-Id: request-1" in head
    assert json.loads(body) == {"sku": "tea"}
    assert len(sent.options) == 1
