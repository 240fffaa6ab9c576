"""What happens to a wallet and to an order that it pays, by hand; and both, folded from their entries."""

from payments import entries
from payments.chart import Posting
from payments.payment import Payment
from payments.payment import evolve as after
from payments.wallet import Wallet, evolve
from tests.support.payment_histories import (
    CAPTURED,
    DEPOSITED,
    HELD,
    HOLD_POSTED,
    PART_REFUND,
    TOTAL,
    VOIDED,
)

# An order that the customer's wallet pays, and what the wallet says once it has.
BY_WALLET = entries.ChargeStarted(customer_id="alice", amount=TOTAL, paid_by="wallet")
PENDING, PAID, TOMBSTONE = (BY_WALLET,), (BY_WALLET, CAPTURED), (VOIDED,)
SPENT = (DEPOSITED, HELD, HOLD_POSTED)
# By hand: a part of a sale goes from the order's account to the wallet, and the processor has no part in it.
PART_TO_WALLET = Posting("sale_refund", "order", "wallet", 300, "EUR")
PART_IN_WALLET = entries.GivenBack(order_id="o1", refund=PART_REFUND, mirror=(PART_TO_WALLET,))


def purse(*entries_: object) -> Wallet:
    found = Wallet("alice")
    for entry in entries_:
        found = evolve(found, entry)  # type: ignore[arg-type]
    return found


def order(*entries_: object) -> Payment:
    found = Payment("o1")
    for entry in entries_:
        found = after(found, entry)  # type: ignore[arg-type]
    return found
