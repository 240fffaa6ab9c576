"""Resuming parked orders together: the orders that were selected first, each once, whatever fails."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError

from checkout import api
from checkout.executions import executions as client
from kernel import identity
from tests.support import aws
from tests.support.checkout import FakeLambda, executions, idle_executions

BECAUSE = "the processor is well again"
REQUEST = identity.derive("olga", "key-1")
SELECTED = {"order_ids": ["o1", "o2", "o3"], "more": True}


@pytest.fixture
def cloud() -> Iterator[None]:
    with idle_executions():
        yield


@pytest.fixture(autouse=True)
def functions(cloud: None, monkeypatch: pytest.MonkeyPatch) -> FakeLambda:
    return FakeLambda.install(monkeypatch)


def ask(**body: Any) -> tuple[int, dict[str, Any]]:
    asked = {"because": BECAUSE, **body}
    path = "/ops/checkouts/resume"
    return aws.call(api.handler, "POST", path, asked, customer="olga", role="operator", key="key-1")


def granted(order_id: str) -> dict[str, str]:
    return {"order_id": order_id, "resumption": identity.derive(REQUEST, order_id)}


def named(order_id: str) -> str:
    return f"CheckoutRepair:{order_id}-{identity.derive(REQUEST, order_id)}"


def test_every_selected_order_is_resumed_under_a_request_of_its_own(functions: FakeLambda) -> None:
    functions.answers = {"orders-select": [SELECTED], "orders-resume": [granted(f"o{n}") for n in (1, 2, 3)]}
    assert ask(reason="PaymentDeclined", most=3) == (202, SELECTED)
    (_, selection), *resumed = functions.asked
    assert selection == {
        "request": REQUEST,
        "by": "olga",
        "because": BECAUSE,
        "reason": "PaymentDeclined",
        "most": 3,
        "dry_run": False,
    }
    assert [one["request"] for _, one in resumed] == [granted(f"o{n}")["resumption"] for n in (1, 2, 3)]
    assert sorted(executions()) == sorted(named(f"o{n}") for n in (1, 2, 3))


def test_a_dry_run_resumes_nothing(functions: FakeLambda) -> None:
    functions.answers = {"orders-select": [SELECTED]}
    assert ask(dry_run=True) == (200, SELECTED)
    assert functions.asked[0][1]["dry_run"] is True
    assert executions() == {}


def test_an_order_that_is_no_longer_parked_is_left_alone(functions: FakeLambda) -> None:
    gone = {"refused": 409, "problem": {"error": "NotParked", "message": "x", "status": "CANCELLED"}}
    functions.answers = {
        "orders-select": [SELECTED],
        "orders-resume": [granted("o1"), gone, granted("o3")],
    }
    assert ask() == (202, SELECTED)
    assert sorted(executions()) == sorted([named("o1"), named("o3")])


def test_an_order_that_fails_does_not_hold_up_the_others_and_the_same_request_makes_up_for_it(
    functions: FakeLambda,
) -> None:
    def refuse(params: Any, **_: Any) -> None:
        if "o2-" in str(params["body"]):
            raise ConnectTimeoutError(endpoint_url="states")

    all_three = [granted(f"o{n}") for n in (1, 2, 3)]
    functions.answers = {"orders-select": [SELECTED] * 2, "orders-resume": [*all_three, *all_three]}
    events = client().meta.events
    events.register("before-call.sfn.StartExecution", refuse)
    try:
        status, problem = ask()
    finally:
        events.unregister("before-call.sfn.StartExecution", refuse)
    assert (status, "message" in problem) == (500, True)
    assert sorted(executions()) == sorted([named("o1"), named("o3")])
    assert ask() == (202, SELECTED)
    assert len(executions()) == 3


def test_a_key_that_was_used_for_another_request_is_refused(functions: FakeLambda) -> None:
    refused = {"refused": 422, "problem": {"error": "KeyReused", "message": "x"}}
    functions.answers = {"orders-select": [refused]}
    assert ask() == (422, refused["problem"])


@pytest.mark.parametrize("wrong", [{"most": 0}, {"most": 101}, {"state": "PENDING"}, {"reason": ""}])
def test_a_filter_that_cannot_be_is_refused_before_anything_is_asked(
    wrong: dict[str, Any], functions: FakeLambda
) -> None:
    assert ask(**wrong)[0] == 400
    assert functions.asked == []
