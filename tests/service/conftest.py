"""The clock and the acquirer behind payments, for the tests that name them."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from kernel.triggers.http import Api
from tests.support import payments
from tests.support.clock import Clock
from tests.support.declared import undeclared
from tests.support.moments import Moments, repeat_until_done
from tests.support.processor import Processor


@pytest.fixture(autouse=True)
def _every_answer_is_declared(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A route that answers or refuses what it does not declare fails the test that saw it."""
    answering, wrong = Api.__call__, []

    def watched(api: Api, event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        answered = answering(api, event, context)
        service = api.routes[0].handle.__module__.partition(".")[0] if api.routes else ""
        wrong.append(undeclared(service, event["httpMethod"], event["path"], answered))
        return answered

    monkeypatch.setattr(Api, "__call__", watched)
    yield
    assert [told for told in wrong if told] == []


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
