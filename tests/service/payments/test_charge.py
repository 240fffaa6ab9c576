"""How payments charges and refunds, by test method, and the charges that are refused."""

import pytest

from kernel.money import Money
from payments import adapters, tasks
from payments.domain import ChargeVoided, PaymentDeclined, UnknownPaymentMethod
from payments.intents import Progress
from payments.payment import BooksDiffer
from tests.support.clock import Clock
from tests.support.payments import (
    PAID,
    TOTAL,
    UNPAID,
    charge,
    events,
    intent_of,
    outcome,
    pending,
    refund,
    register,
)
from tests.support.processor import Account, Processor, delayed

SERVICE = "payments"
pytestmark = pytest.mark.usefixtures("service", "clock", "processor")


@pytest.mark.parametrize(
    ("method", "answers", "books"),
    [
        ("pm_approve", ["CAPTURED", "CAPTURED"], PAID),
        ("pm_approve_slowly", ["CAPTURED", "CAPTURED"], PAID),
        ("pm_decline", ["PaymentDeclined", "PaymentDeclined"], UNPAID),
        ("pm_error_before", ["ProcessorUnavailable", "ProcessorUnavailable"], UNPAID),
        ("pm_error_after", ["ProcessorUnavailable", "CAPTURED"], PAID),
        ("pm_stall", ["StillProcessing", "StillProcessing"], UNPAID),
    ],
)
def test_every_test_method_ends_as_the_processor_says_and_can_be_undone(
    processor: Processor, clock: Clock, method: str, answers: list[str], books: Account
) -> None:
    assert [outcome(lambda: charge(method=method)) for _ in answers] == answers
    assert processor.books("o1") == books
    clock.advance(25)
    assert refund() in {"REFUNDED", "VOIDED", "DECLINED"}
    after = processor.books("o1")
    assert after.captured == after.refunded


def test_a_stalled_payment_is_captured_once_it_settles(processor: Processor, clock: Clock) -> None:
    assert outcome(lambda: charge(method="pm_stall")) == "StillProcessing"
    clock.advance(25)
    assert charge(method="pm_stall") == "CAPTURED"
    assert processor.books("o1") == PAID


def test_a_pending_payment_for_another_amount_is_a_fault(processor: Processor) -> None:
    pending(processor)
    with pytest.raises(BooksDiffer):
        charge(total={"amount": 1, "currency": "EUR"})
    assert processor.books("o1") == UNPAID


def test_a_refund_of_another_amount_is_a_fault_and_is_not_topped_up(processor: Processor) -> None:
    charge()
    adapters.provider().refund(intent_of(), Money(1, "EUR"), refund_id="by-hand", key="by-hand")
    with pytest.raises(BooksDiffer):
        refund()
    assert processor.books("o1") == Account(1, 1, 1250, 1)


def test_a_missing_or_another_customers_method_charges_nothing(processor: Processor) -> None:
    for method in ("unknown", register("pm_approve", customer="mallory")):
        step = {"order_id": "o1", "customer_id": "alice", "payment_method": method, "total": TOTAL}
        with pytest.raises(UnknownPaymentMethod):
            tasks.charge_payment(step, None)
    assert (processor.calls, events()) == ([], [])


def test_a_void_that_comes_first_refuses_every_later_charge(processor: Processor) -> None:
    refund()
    for _ in range(2):
        with pytest.raises(ChargeVoided):
            charge()
    assert processor.books("o1") == Account()


def test_a_zombie_that_confirms_after_the_void_finds_the_payment_cancelled(processor: Processor) -> None:
    processor.disturb("confirm", delayed(refund))
    with pytest.raises(ChargeVoided):
        charge()
    assert (processor.books("o1"), events()) == (UNPAID, ["PaymentVoided"])


def test_a_zombie_that_created_before_the_void_cannot_record_its_id(processor: Processor) -> None:
    processor.disturb("create", delayed(refund))
    assert [outcome(charge), outcome(charge)] == ["ChargeVoided", "ChargeVoided"]
    assert (processor.books("o1"), events()) == (UNPAID, ["PaymentVoided"])


def test_a_late_confirmation_of_a_declined_and_undone_payment_captures_nothing(processor: Processor) -> None:
    assert outcome(lambda: charge(method="pm_decline")) == "PaymentDeclined"
    refund()
    assert adapters.provider().confirm(intent_of(), key="forgotten").progress is Progress.CANCELLED


def test_an_amount_that_the_processor_cannot_take_is_a_decline_and_is_undone_without_it(
    processor: Processor,
) -> None:
    total = {"amount": 49, "currency": "EUR"}
    for _ in range(2):
        with pytest.raises(PaymentDeclined) as refused:
            charge(total=total)
        assert refused.value.data == {"reason": "amount_refused"}
    assert (refund(), events()) == ("VOIDED", ["PaymentDeclined", "PaymentVoided"])
    assert processor.calls == ["create"]
    assert outcome(lambda: charge(total=total)) == "ChargeVoided"
