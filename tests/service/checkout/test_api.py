"""Checkout's routes for operators: their commands to other services, their executions, and their answers."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

from checkout import api
from checkout.executions import executions as client
from kernel import identity
from orders.tasks import CancelOrder, Saga
from tests.support import aws
from tests.support.checkout import FakeLambda, executions, idle_executions, run

CARD = "4242 4242 4242 4242"
ORDER = "7f8a2d1e-9c44-5b0e-8a5d-3f1c2b4a6d70"
REQUEST = identity.derive("olga", "key-1")
ASKED = {"order_id": ORDER, "request": REQUEST, "by": "olga", "because": "the cause is gone"}
GRANTED = {"order_id": ORDER, "resumption": REQUEST}
NAME = f"CheckoutRepair:{ORDER}-{REQUEST}"
REPAIR = {"order_id": ORDER, "failure": {"Error": "Interrupted", "Cause": ""}, "stuck": {}, "resumed": True}
PAYMENT = {"order_id": ORDER, "status": "REFUNDED", "undone": True, "held": False}
RESERVATION = {"order_id": ORDER, "status": "RELEASED", "undone": True, "held": False}
PROBLEM = {"error": "NotParked", "message": "No.", "status": "CONFIRMED"}


@pytest.fixture
def cloud() -> Iterator[None]:
    with idle_executions():
        yield


@pytest.fixture(autouse=True)
def functions(cloud: None, monkeypatch: pytest.MonkeyPatch) -> FakeLambda:
    monkeypatch.setenv("SERVICE", "checkout")
    return FakeLambda.install(monkeypatch)


def post(how: str, body: Any = None, *, order_id: str = ORDER, **caller: Any) -> tuple[int, dict[str, Any]]:
    known = {"customer": "olga", "role": "operator", "key": "key-1", **caller}
    return aws.call(api.handler, "POST", f"/ops/checkouts/{order_id}/{how}", body, **known)


def resume(because: str = "the cause is gone", **caller: Any) -> tuple[int, dict[str, Any]]:
    return post("resume", {"because": because}, **caller)


def resolve(to: str = "CANCELLED") -> tuple[int, dict[str, Any]]:
    return post("resolve", {"to": to, "because": "the cause is gone"})


def test_a_resumption_is_recorded_and_then_starts_a_repair_that_says_so(functions: FakeLambda) -> None:
    functions.answers["orders-resume"] = [GRANTED]
    assert resume() == (202, GRANTED)
    assert functions.asked == [("orders-resume", ASKED)]
    assert executions() == {NAME: REPAIR}
    assert len(NAME.partition(":")[2]) <= 80  # all that Step Functions allows


def test_orders_and_checkout_mean_the_same_by_resumed(functions: FakeLambda) -> None:
    functions.answers["orders-resume"] = [GRANTED]
    resume()
    memory = executions()[NAME]
    assert CancelOrder(order_id=ORDER, stuck={}, saga=Saga.model_validate(memory)).is_resumed
    forgotten = Saga.model_validate({**memory, "resumed": False})
    assert not CancelOrder(order_id=ORDER, stuck={}, saga=forgotten).is_resumed


@pytest.mark.parametrize("ended", [False, True])
def test_the_same_resumption_again_starts_nothing_new(ended: bool, functions: FakeLambda) -> None:
    run("CheckoutRepair", f"{ORDER}-{REQUEST}", ended=ended)
    functions.answers["orders-resume"] = [GRANTED]
    assert resume() == (202, GRANTED)
    assert executions() == {NAME: {"from": "before"}}


@pytest.mark.parametrize(
    ("moment", "error", "started"),
    [
        ("before-call", ConnectTimeoutError(endpoint_url="states"), {}),
        ("after-call", ReadTimeoutError(endpoint_url="states"), {NAME: REPAIR}),
    ],
)
def test_a_resumption_whose_start_failed_is_made_up_by_the_same_request(
    moment: str, error: Exception, started: dict[str, Any], functions: FakeLambda
) -> None:
    def fail(**_: Any) -> None:
        raise error

    functions.answers["orders-resume"] = [GRANTED, GRANTED]
    events = client().meta.events
    events.register(f"{moment}.sfn.StartExecution", fail)
    try:
        assert resume()[0] == 500
    finally:
        events.unregister(f"{moment}.sfn.StartExecution", fail)
    assert executions() == started
    assert resume() == (202, GRANTED)
    assert executions() == {NAME: REPAIR}


def test_another_operator_with_the_same_key_makes_a_request_of_their_own(functions: FakeLambda) -> None:
    other = {**GRANTED, "resumption": identity.derive("oscar", "key-1")}
    functions.answers["orders-resume"] = [GRANTED, other]
    resume()
    assert resume(customer="oscar") == (202, other)
    assert functions.asked[1] == ("orders-resume", {**ASKED, "request": other["resumption"], "by": "oscar"})
    assert len(executions()) == 2


@pytest.mark.parametrize("to", ["CANCELLED", "CONFIRMED"])
def test_an_order_is_resolved_by_the_books_of_payments_and_inventory(to: str, functions: FakeLambda) -> None:
    ended = {"order_id": ORDER, "status": to}
    functions.answers = {
        "payments-status": [PAYMENT],
        "stock-status": [RESERVATION],
        "orders-resolve": [ended],
    }
    assert resolve(to) == (200, ended)
    about = {"order_id": ORDER}
    assert functions.asked == [
        ("payments-status", about),
        ("stock-status", about),
        ("orders-resolve", {**ASKED, "to": to, "payment": PAYMENT, "reservation": RESERVATION}),
    ]
    assert executions() == {}


@pytest.mark.parametrize("refused", [404, 409, 422])
def test_a_refusal_of_orders_is_told_as_it_is_and_starts_nothing(refused: int, functions: FakeLambda) -> None:
    said = {"refused": refused, "problem": PROBLEM}
    functions.answers = {
        "payments-status": [PAYMENT],
        "stock-status": [RESERVATION],
        "orders-resolve": [said],
    }
    functions.answers["orders-resume"] = [said]
    assert resolve() == (refused, PROBLEM)
    assert resume() == (refused, PROBLEM)
    assert executions() == {}


@pytest.mark.parametrize("failing", ["payments-status", "stock-status", "orders-resolve", "orders-resume"])
def test_a_command_that_fails_is_no_refusal(failing: str, functions: FakeLambda) -> None:
    answers = {
        "payments-status": PAYMENT,
        "stock-status": RESERVATION,
        "orders-resolve": {"order_id": ORDER, "status": "CANCELLED"},
        "orders-resume": GRANTED,
    }
    functions.answers = {name: [said] for name, said in answers.items()}
    functions.answers[failing] = [{"errorType": "Contended"}]
    status, problem = resume() if failing == "orders-resume" else resolve()
    assert (status, problem["error"]) == (500, "InternalError")
    assert executions() == {}


BAD: dict[str, tuple[str, Any]] = {
    "no reason": ("resume", {}),
    "an empty reason": ("resume", {"because": ""}),
    "a blank reason": ("resume", {"because": " \t"}),
    "a long reason": ("resume", {"because": "x" * 201}),
    "a card number": ("resume", {"because": f"refund {CARD} by hand"}),
    "a target where there is none": ("resume", {"because": "x", "to": "CANCELLED"}),
    "no target": ("resolve", {"because": "x"}),
    "another target": ("resolve", {"because": "x", "to": "PENDING"}),
    "no reason to resolve": ("resolve", {"to": "CANCELLED"}),
    "nothing": ("resolve", ""),
}


@pytest.mark.parametrize(("how", "body"), BAD.values(), ids=BAD)
def test_a_request_that_cannot_be_understood_asks_nobody(how: str, body: Any, functions: FakeLambda) -> None:
    status, problem = post(how, body)
    assert (status, problem["error"]) == (400, "InvalidRequest")
    assert CARD not in str(problem)
    assert functions.asked == []


@pytest.mark.parametrize("how", ["resume", "resolve"])
def test_only_an_operator_with_a_key_may_ask_about_an_order(how: str, functions: FakeLambda) -> None:
    body = {"because": "x"} | ({"to": "CANCELLED"} if how == "resolve" else {})
    assert post(how, body, role="customer")[0] == 403
    assert post(how, body, key=None)[0] == 400
    assert post(how, body, key="k" * 256)[0] == 400
    assert post(how, body, order_id="o%231")[0] == 404
    assert functions.asked == []


def test_two_hundred_characters_are_reason_enough(functions: FakeLambda) -> None:
    functions.answers["orders-resume"] = [GRANTED]
    assert resume("x" * 200)[0] == 202
