"""Interrupts payments before and after each processor call and each commit."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from kernel.errors import Fault, Refusal
from payments import ledger
from tests.support.clock import Clock
from tests.support.processor import Processor


class Died(Exception):
    """The function was killed."""


def die() -> None:
    raise Died


class Moments:
    """The moments at which payments can die or be overtaken: before and after each call and commit."""

    def __init__(self, processor: Processor, monkeypatch: pytest.MonkeyPatch) -> None:
        self._left, self._action = 0, die
        monkeypatch.setattr(processor, "send", self._around(processor.send))
        monkeypatch.setattr(ledger, "append", self._around(ledger.append))

    def each(
        self, job: Callable[[str], str], action: Callable[[str], Any], *, given: Any = None
    ) -> Iterator[str]:
        """Runs the job with a new order for each moment, and the action at that moment; yields the orders."""
        for moment in itertools.count(1):
            order_id = f"order-{moment}"
            if given:
                given(order_id)
            self._left, self._action = moment, partial(action, order_id)
            with suppress(Refusal, Fault, Died):
                job(order_id)
            if self._left > 0:
                assert moment > 2, "a job of no calls and commits proves nothing"
                return
            yield order_id

    def _around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def around(*args: Any, **kwargs: Any) -> Any:
            self._pass()
            result = call(*args, **kwargs)
            self._pass()
            return result

        return around

    def _pass(self) -> None:
        self._left -= 1
        if self._left == 0:
            self._action()


def repeat_until_done(job: Callable[[], Any], clock: Clock) -> str:
    """Repeats the job after every fault, as the saga does, and lets time pass in between."""
    for _ in range(6):
        try:
            return str(job())
        except Refusal as refusal:
            return type(refusal).__name__
        except (Fault, Died):
            clock.advance(30)
    return "gave up"
