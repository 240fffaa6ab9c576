"""Payments' part of an erasure: no new methods, and of the known ones a tombstone is all that stays."""

import pytest

from kernel import identity
from kernel.errors import Contended
from payments import erasure, registrations, store, tasks
from tests.contracts import samples
from tests.support import aws
from tests.support.payments import add_method, charge, outcome, register
from tests.support.processor import Processor

SERVICE = "payments"
pytestmark = pytest.mark.usefixtures("service")
TOKEN = {"token": "pm_approve", "label": "my blue card"}


@pytest.fixture(autouse=True)
def _nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "pause", lambda seconds: None)
    register.cache_clear()


def hear(kind: str, customer: str = "alice") -> None:
    event = samples.envelope(f"customers.{kind}.v1").model_copy(update={"data": {"customer_id": customer}})
    assert erasure.handler(aws.batch([event, event]), None) == {"batchItemFailures": []}


def forget(customer: str = "alice") -> int:
    return int(erasure.forget_methods({"customer_id": customer}, None)["forgotten"])


def rows(kind: str) -> list[dict[str, object]]:
    return [
        item for item in aws.items("payments") if item["pk"].startswith(f"{kind}#") and item["sk"] == kind
    ]


@pytest.mark.parametrize("kind", ["CustomerErasureStarted", "CustomerErased"])
def test_a_customer_who_is_to_be_forgotten_registers_no_method(kind: str) -> None:
    first = add_method(TOKEN)
    hear(kind)
    assert add_method(TOKEN) == first
    assert add_method(TOKEN, key="k2")[1]["error"] == "ErasedCustomer"
    assert add_method(TOKEN, key="k2", customer="bob")[0] == 201
    assert len(rows("method")) == 2


def test_forgetting_leaves_of_each_method_an_id_and_a_time(processor: Processor) -> None:
    add_method(TOKEN)
    add_method({"token": "pm_decline", "label": None}, key="k2")
    add_method(TOKEN, customer="bob")
    assert forget() == 2
    mine = [row for row in rows("method") if row["customer_id"] == "alice"]
    assert [set(row) for row in mine] == [{"pk", "sk", "customer_id", "forgotten_at"}] * 2
    written = str([item for item in aws.items("payments") if "bob" not in str(item)])
    assert [word for word in ("pm_approve", "pm_decline", "blue") if word in written] == []
    assert forget() == 0
    assert forget("bob") == 1


def test_a_forgotten_method_pays_nothing_and_its_id_is_never_given_again(processor: Processor) -> None:
    method = register("pm_approve")
    forget()
    step = {"order_id": "o1", "customer_id": "alice", "payment_method": method}
    total = {"amount": 1250, "currency": "EUR"}
    assert outcome(lambda: tasks.charge_payment(step | {"total": total}, None)) == "UnknownPaymentMethod"
    assert add_method({"token": "pm_approve"}, key="pm_approve")[1]["error"] == "ErasedCustomer"


def test_what_was_paid_before_stays_paid(processor: Processor) -> None:
    charge()
    forget()
    assert store.load("o1").state.status == "CAPTURED"


def test_forgetting_fences_by_itself_when_no_event_came() -> None:
    assert forget() == 0
    assert add_method(TOKEN)[1]["error"] == "ErasedCustomer"


def test_many_methods_are_forgotten_in_one_run() -> None:
    for number in range(30):
        add_method(TOKEN, key=f"k{number}")
    (counted,) = rows("customer")
    assert counted["methods"] == 30
    assert forget() == 30


def test_a_run_that_died_half_way_is_gone_on_with(monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        add_method(TOKEN, key=f"k{number}")
    forgetting, calls = registrations.empty, list[str]()

    def dying(method: registrations.Method) -> None:
        calls.append(method.id)
        if len(calls) == 2:
            raise Contended
        forgetting(method)

    monkeypatch.setattr(registrations, "empty", dying)
    with pytest.raises(Contended):
        forget()
    monkeypatch.setattr(registrations, "empty", forgetting)
    assert forget() == 2
