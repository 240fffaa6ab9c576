"""Payments' part of an erasure: no new methods, and of the known ones a tombstone is all that stays."""

import pytest

from kernel import identity
from payments import adapters, erasure, registrations, store, tasks
from payments.erasure import MethodsRemain
from tests.contracts import samples
from tests.support import aws
from tests.support.faults import FunctionKilled
from tests.support.payments import add_method, charge, outcome, register
from tests.support.processor import Disturbance, Processor, answer_lost, answered, request_lost

SERVICE = "payments"
pytestmark = pytest.mark.usefixtures("service", "processor")
OWN = ("pm_approve__alice_1", "pm_approve__alice_2", "pm_decline__alice")
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


def test_a_customer_who_is_to_be_forgotten_registers_no_method() -> None:
    first = add_method(TOKEN)
    hear("CustomerErasureStarted")
    assert add_method(TOKEN) == first
    assert add_method(TOKEN, key="k2")[1]["error"] == "ErasedCustomer"
    assert add_method(TOKEN, key="k2", customer="bob")[0] == 201
    assert len(rows("method")) == 2


def test_what_a_restored_table_has_of_somebody_erased_goes_again_without_the_processor(
    processor: Processor,
) -> None:
    add_method(TOKEN)
    add_method(TOKEN, customer="bob")
    hear("CustomerErased")
    assert [row["customer_id"] for row in rows("method") if "token" in row] == ["bob"]
    assert add_method(TOKEN)[1]["error"] == "ErasedCustomer"
    assert processor.calls == []


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
            raise FunctionKilled
        forgetting(method)

    monkeypatch.setattr(registrations, "empty", dying)
    with pytest.raises(FunctionKilled):
        forget()
    monkeypatch.setattr(registrations, "empty", forgetting)
    assert forget() == 2


def register_all() -> None:
    for token in OWN:
        register(token)
    assert add_method({"wallet": True}, key="wallet")[0] == 201


def attached(processor: Processor) -> list[str]:
    """The tokens of alice's that the processor still holds for her."""
    gone = {item["pk"].removeprefix("method#") for item in aws.items("acquirer") if "detached_at" in item}
    return [token for token in OWN if token not in gone]


def kept() -> list[str]:
    return [str(row["token"]) for row in rows("method") if "token" in row]


def test_each_method_is_detached_at_the_processor_before_its_token_is_forgotten(
    processor: Processor, monkeypatch: pytest.MonkeyPatch
) -> None:
    register_all()
    emptied = registrations.empty

    def empty(method: registrations.Method) -> None:
        assert method.token not in attached(processor)
        emptied(method)

    monkeypatch.setattr(registrations, "empty", empty)
    assert forget() == 4
    assert (attached(processor), kept()) == ([], [])
    assert processor.calls == ["detach"] * 3


def test_a_method_that_everybody_shares_is_attached_to_nobody_and_forgotten(processor: Processor) -> None:
    add_method(TOKEN)
    add_method(TOKEN, key="k2")
    assert forget() == 2
    assert kept() == []


@pytest.mark.parametrize("mishap", [request_lost, answered(500), answered(429), answered(403)])
@pytest.mark.parametrize("place", [1, 2, 3])
def test_one_method_that_fails_holds_up_no_other_and_keeps_its_token(
    processor: Processor, mishap: Disturbance, place: int
) -> None:
    register_all()
    processor.disturb("detach", *[lambda apply: apply()] * (place - 1), mishap)
    with pytest.raises(MethodsRemain, match="1 of 4 methods remain: Processor"):
        forget()
    assert len(kept()) == 1
    assert attached(processor) == kept()
    assert forget() == 1
    assert (attached(processor), kept()) == ([], [])


def test_a_processor_that_is_down_delays_the_forgetting_and_loses_no_token(processor: Processor) -> None:
    register_all()
    for _ in range(2):
        processor.disturb("detach", *[request_lost] * 3)
        with pytest.raises(MethodsRemain):
            forget()
        assert sorted(kept()) == sorted(attached(processor)) == sorted(OWN)
    assert forget() == 3


def test_a_method_whose_detaching_was_not_heard_of_is_detached_again(processor: Processor) -> None:
    register(OWN[0])
    processor.disturb("detach", answer_lost)
    with pytest.raises(MethodsRemain):
        forget()
    assert (attached(processor)[:1], kept()) == ([OWN[1]], [OWN[0]])
    assert forget() == 1
    assert processor.calls == ["detach", "detach", "method"]
    assert kept() == []


def test_no_log_of_a_failure_names_a_method(processor: Processor, caplog: pytest.LogCaptureFixture) -> None:
    method = register(OWN[0])
    caplog.clear()
    processor.disturb("detach", request_lost)
    with pytest.raises(MethodsRemain) as failed:
        forget()
    written = caplog.text + str(failed.value)
    assert "MethodsRemain" in written
    assert [word for word in (method, OWN[0]) if word in written] == []


def test_a_charge_of_a_detached_method_is_declined_where_its_token_was_kept(processor: Processor) -> None:
    method = register(OWN[0])
    adapters.provider().detach(OWN[0])
    step = {"order_id": "o1", "customer_id": "alice", "payment_method": method}
    total = {"amount": 1250, "currency": "EUR"}
    assert outcome(lambda: tasks.charge_payment(step | {"total": total}, None)) == "PaymentDeclined"
