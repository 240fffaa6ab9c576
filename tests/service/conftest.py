"""The clock and the acquirer behind payments, for the tests that name them."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support import payments
from tests.support.clock import Clock
from tests.support.moments import Moments, repeat_until_done
from tests.support.processor import Processor


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock.install(monkeypatch)


@pytest.fixture
def processor(cloud: None, monkeypatch: pytest.MonkeyPatch) -> Processor:
    payments.register.cache_clear()
    return Processor.install(monkeypatch)


@pytest.fixture
def moments(processor: Processor, monkeypatch: pytest.MonkeyPatch) -> Moments:
    return Moments(processor, monkeypatch)


@pytest.fixture
def until_done(clock: Clock) -> Callable[[Callable[[], Any]], str]:
    return lambda job: repeat_until_done(job, clock)
