"""Refunds after the sale that fail, at once or days later: a person asks anew, or settles them."""

import pytest

from payments import store, tasks, wallets
from payments.domain import RefundFailed
from tests.support.clock import Clock
from tests.support.payments import events
from tests.support.processor import Processor
from tests.support.sale_refunds import ask, operate, retry, see_to, settle, shown, sold, waiting

SERVICE = "payments"
pytestmark = pytest.mark.usefixtures("service", "processor")

HOUR, DAY = 3600, 86_400
STARTED, DONE, FAILED = "SaleRefundStarted", "SaleRefunded", "SaleRefundFailed"


@pytest.fixture(autouse=True)
def _time(clock: Clock) -> None:
    """The clock of a test moves only when the test says so."""


def test_a_refund_that_fails_waits_for_a_person_who_has_it_asked_for_anew(
    processor: Processor, clock: Clock
) -> None:
    sold("pm_refund_fails_once")
    refund = ask(300)[1]["id"]
    assert see_to(clock) == [RefundFailed.__name__]
    assert (shown(), waiting()) == (([(300, "FAILED", 1)], 950), [refund])
    assert see_to(clock, after=2 * HOUR) == []
    assert retry(refund) == (202, {"id": refund, "order_id": "o1"}) == retry(refund)
    assert waiting() == []
    assert see_to(clock) == []
    assert (shown(), processor.books("o1").refunded) == (([(300, "SUCCEEDED", 2)], 950), 300)
    assert retry(refund, key="once-more")[1]["error"] == "RefundNotFailed"
    assert retry("unknown", key="once-more")[1]["error"] == "NotFound"


def test_a_refund_that_fails_days_later_is_owed_again(clock: Clock) -> None:
    """The account is open again, and the order is not."""
    sold("pm_refund_fails_later")
    refund = ask(300)[1]["id"]
    assert see_to(clock) == []
    assert shown() == ([(300, "SUCCEEDED", 1)], 950)
    assert [see_to(clock, after=DAY) for _ in range(4)] == [[], [], [], ["RefundFailed"]]
    assert (shown(), waiting()) == (([(300, "FAILED", 1)], 950), [refund])
    assert events()[-3:] == [STARTED, DONE, FAILED]
    assert balance() == 300
    assert tasks.payment_status({"order_id": "o1"}, None)["status"] == "SOLD"


def balance() -> int:
    """What the order's account holds, in minor units."""
    query = {"at": "2027-01-01T00:00:00Z"}
    told = operate("GET", "/ledger/orders/o1/statement", query=query)[1]
    return int(told["closing"][0]["amount"]) if told["closing"] else 0


@pytest.mark.parametrize(("by", "credit"), [("bank", []), ("wallet", [300])])
def test_a_refund_that_failed_may_go_back_otherwise(
    clock: Clock, processor: Processor, by: str, credit: list[int]
) -> None:
    sold("pm_refund_fails")
    refund = ask(300)[1]["id"]
    assert settle(refund, by)[1]["error"] == "RefundNotFailed"
    assert see_to(clock) == ["RefundFailed"]
    assert settle(refund, by) == (200, {"id": refund, "order_id": "o1"})
    assert settle(refund, by)[0] == 200
    assert settle(refund, by, key="once-more")[1]["error"] == "RefundNotFailed"
    assert settle(refund, "bank" if credit else "wallet")[1]["error"] == "KeyReused"
    assert (waiting(), retry(refund)[1]["error"]) == ([], "RefundNotFailed")
    (shown,) = operate("GET", "/payments/o1/refunds")[1]["refunds"]
    assert (shown["progress"], shown["ended_by"]) == ("FAILED", by)
    purse = operate("GET", "/wallets/alice")[1]["balances"]
    assert ([one["available"] for one in purse], store.load("o1").state.held) == (credit, 0)
    assert (events()[-1], processor.books("o1").refunded) == (DONE, 0)
    assert see_to(clock, after=DAY) == []


def test_store_credit_for_a_refund_that_failed_is_given_with_it_or_not_at_all(clock: Clock) -> None:
    sold("pm_refund_fails")
    refund = ask(300)[1]["id"]
    see_to(clock)
    wallets.close("alice", cause="erased")
    assert settle(refund, "wallet")[1]["error"] == "ErasedCustomer"
    assert waiting() == [refund]
    assert settle(refund, "bank", key="by-bank")[0] == 200
