"""A table that fails where the circuit is kept stops no charge that would work, and hides no failure."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from kernel import aws as kernel_aws
from payments import breaker
from tests.support.clock import Clock
from tests.support.cut_off import CUT_OFF, UNAVAILABLE, another_environment, charged, opened
from tests.support.payments import PAID, charge
from tests.support.processor import Processor, request_lost

SERVICE = "payments"
pytestmark = pytest.mark.usefixtures("service", "clock", "processor")


class Failing:
    """A client of the table whose calls of that name fail, before their effect or after it."""

    def __init__(self, call: str, error: Exception, *, after: bool) -> None:
        self._client, self._call = kernel_aws.connect("dynamodb", seconds=1), call
        self._error, self._after = error, after

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)
        return self._failing(call) if name == self._call else call

    def _failing(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def failing(**request: Any) -> Any:
            if self._after:
                call(**request)
            raise self._error

        return failing


def with_a_failing_table(patch: pytest.MonkeyPatch, call: str, error: Exception, *, after: bool) -> None:
    """From here on another environment runs, whose breaker cannot make these calls."""
    failing = Failing(call, error, after=after)
    with patch.context() as briefly:
        briefly.setattr(kernel_aws, "connect", lambda *_, **__: failing)
        another_environment(patch)


REFUSED = ClientError({"Error": {"Code": "InternalServerError", "Message": ""}}, "an operation")
SILENT = ReadTimeoutError(endpoint_url="https://dynamodb.invalid")


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("error", [REFUSED, SILENT], ids=["refused", "silent"])
@pytest.mark.parametrize("call", ["get_item", "put_item", "update_item"])
def test_a_table_that_fails_stops_no_charge_that_would_work(
    processor: Processor,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    error: Exception,
    after: bool,
) -> None:
    opened(processor)
    with_a_failing_table(monkeypatch, call, error, after=after)
    clock.advance(breaker.WINDOW)
    assert charge("o1") == "CAPTURED"
    assert charge("o2") == "CAPTURED"
    assert processor.books("o1") == PAID


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_table_that_fails_hides_no_failure_of_the_processor(
    processor: Processor, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    with_a_failing_table(monkeypatch, "put_item", REFUSED, after=after)
    for order_id in "ab":
        processor.disturb("create", request_lost)
        assert charged(order_id) == UNAVAILABLE
    assert charged("o1") == (CUT_OFF if after else "CAPTURED")
