"""The emulator's functions are served by a bounded number of processes, and who comes later waits."""

import threading

import pytest
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
