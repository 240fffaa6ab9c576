"""What happens to an order's payment, by hand: each entry with its postings, and the way to each status."""

from collections.abc import Mapping

from kernel.money import Money
from payments import entries
from payments.chart import Posting
from payments.entries import Entries
from payments.payment import Charge

TOTAL, OTHER = Money(1250, "EUR"), Money(1251, "EUR")
CHARGE = Charge("alice", TOTAL, "pi_1")
REFUND = "refund-1"

# By hand, from the table of postings: the processor owes us what it captured, and we owe it to the order.
CAPTURE = Posting("capture", "processor_receivable", "order", 1250, "EUR", "pi_1")
GIVEN_BACK = Posting("refund", "order", "processor_receivable", 1250, "EUR", "pi_1")
SALE = Posting("sale", "order", "revenue", 1250, "EUR", "pi_1")

STARTED = entries.ChargeStarted(customer_id="alice", amount=TOTAL, intent_id="pi_1")
CAPTURED = entries.Captured(postings=(CAPTURE,))
DECLINED = entries.Declined(reason="expired_card")
VOIDED = entries.Voided()
REFUND_STARTED = entries.RefundStarted(refund=REFUND, amount=TOTAL)
REFUNDED = entries.Refunded(refund=REFUND, postings=(GIVEN_BACK,))
SOLD = entries.SalePosted(postings=(SALE,))

# A part of the sale goes back: decided, given, and taken back by a bank.
PART, PART_REFUND, AT = Money(300, "EUR"), "refund-2", "2026-03-01T12:00:00+00:00"
DECIDED = Posting("sale_refund", "refunds", "order", 300, "EUR")
PART_GIVEN = Posting("sale_refund", "order", "processor_receivable", 300, "EUR", "re_1")
PART_BACK = Posting(
    "sale_refund_failed", "processor_receivable", "order", 300, "EUR", "re_1", reverses="sale_refund re_1"
)
PART_STARTED = entries.SaleRefundStarted(refund=PART_REFUND, amount=PART, at=AT, postings=(DECIDED,))
KEY_CHANGED = entries.SaleRefundKeyChanged(refund=PART_REFUND, key=2, at=AT)
PART_REFUNDED = entries.SaleRefunded(refund=PART_REFUND, postings=(PART_GIVEN,))
PART_FAILED = entries.SaleRefundFailed(
    refund=PART_REFUND, reason="expired_or_canceled_card", postings=(PART_BACK,)
)
# A failure at once has no posting: the money never left.
PART_REFUSED = entries.SaleRefundFailed(refund=PART_REFUND, reason="expired_or_canceled_card")
PART_RETRIED = entries.SaleRefundRetried(refund=PART_REFUND, attempt=2, at=AT)
BY_BANK = Posting("sale_refund", "order", "bank", 300, "EUR")
PART_SETTLED = entries.SaleRefundSettled(refund=PART_REFUND, by="bank", postings=(BY_BANK,))
SALE_REFUND = (PART_STARTED, KEY_CHANGED, PART_REFUNDED, PART_FAILED, PART_RETRIED, PART_SETTLED)

WAS_SOLD: Entries = (STARTED, CAPTURED, SOLD)
# After the sale: a part goes back, has gone back, or is owed still. The order stays sold.
AFTER_SALE: Mapping[str, Entries] = {
    "REFUND_ASKED": (*WAS_SOLD, PART_STARTED),
    "REFUND_KEY_CHANGED": (*WAS_SOLD, PART_STARTED, KEY_CHANGED),
    "PART_REFUNDED": (*WAS_SOLD, PART_STARTED, PART_REFUNDED),
    "REFUND_FAILED": (*WAS_SOLD, PART_STARTED, PART_REFUSED),
    "REFUND_FAILED_LATE": (*WAS_SOLD, PART_STARTED, PART_REFUNDED, PART_FAILED),
    "REFUND_RETRIED": (*WAS_SOLD, PART_STARTED, PART_REFUNDED, PART_FAILED, PART_RETRIED),
}

# A dispute: the bank takes what has not gone back yet, and the processor its fee; then the bank decides.
TAKEN = Posting("dispute", "disputes_held", "processor_receivable", 1250, "EUR", "du_1")
FEE = Posting("dispute_fee", "dispute_fees", "processor_receivable", 1500, "EUR", "du_1")
WON_BACK = Posting("dispute_won", "processor_receivable", "disputes_held", 1250, "EUR", "du_1")
LOSS = Posting("dispute_lost", "dispute_loss", "disputes_held", 1250, "EUR", "du_1")
COVER = Posting("dispute_cover", "order", "dispute_loss", 300, "EUR", "du_1")
DISPUTE_OPENED = entries.DisputeOpened(dispute="du_1", amount=TOTAL, fee=1500, postings=(TAKEN, FEE))
DISPUTE_WON = entries.DisputeWon(dispute="du_1", postings=(WON_BACK,))
DISPUTE_LOST = entries.DisputeLost(dispute="du_1", postings=(LOSS,))
COVERED = entries.SaleRefundCovered(refund=PART_REFUND, dispute="du_1", postings=(COVER,))
DISPUTE = (DISPUTE_OPENED, DISPUTE_WON, DISPUTE_LOST, COVERED)
SETTLED_BY_HAND = {"REFUND_SETTLED": (*WAS_SOLD, PART_STARTED, PART_REFUSED, PART_SETTLED)}
DISPUTED: Mapping[str, Entries] = {
    "DISPUTED": (*WAS_SOLD, DISPUTE_OPENED),
    "DISPUTE_WON": (*WAS_SOLD, DISPUTE_OPENED, DISPUTE_WON),
    "DISPUTE_LOST": (*WAS_SOLD, DISPUTE_OPENED, DISPUTE_LOST),
    "REFUND_COVERED": (*WAS_SOLD, PART_STARTED, PART_REFUSED, DISPUTE_OPENED, DISPUTE_LOST, COVERED),
    "DISPUTED_UNSOLD": (STARTED, CAPTURED, REFUND_STARTED, DISPUTE_OPENED),
    "LOST_UNSOLD": (STARTED, CAPTURED, REFUND_STARTED, DISPUTE_OPENED, DISPUTE_LOST),
}

HISTORIES: Mapping[str, Entries] = {
    "NONE": (),
    "PENDING": (STARTED,),
    "CAPTURED": (STARTED, CAPTURED),
    "DECLINED": (STARTED, DECLINED),
    "VOIDED": (STARTED, VOIDED),
    "TOMBSTONE": (VOIDED,),
    "REFUNDING": (STARTED, CAPTURED, REFUND_STARTED),
    "REFUNDED": (STARTED, CAPTURED, REFUND_STARTED, REFUNDED),
    "SOLD": WAS_SOLD,
    **AFTER_SALE,
}
EVERY: Mapping[str, Entries] = {**HISTORIES, **DISPUTED, **SETTLED_BY_HAND}

# A wallet: what an operator gave and paid out, and what an order of the customer held, took and gave back.
GOODWILL = Posting("goodwill", "goodwill", "wallet", 2000, "EUR")
PAYOUT = Posting("payout", "wallet", "bank", 500, "EUR")
SPENT = Posting("wallet", "wallet", "order", 1250, "EUR")
BACK = Posting("refund", "order", "wallet", 1250, "EUR")
DEPOSITED = entries.Deposited(deposit="deposit-1", postings=(GOODWILL,))
PAID_OUT = entries.PaidOut(payout="payout-1", postings=(PAYOUT,))
WALLET_CLOSED = entries.WalletClosed(paid=(Money(750, "EUR"),))
HELD = entries.Held(order_id="o1", amount=TOTAL)
HOLD_POSTED = entries.HoldPosted(order_id="o1", mirror=(SPENT,))
HOLD_VOIDED = entries.HoldVoided(order_id="o1")
GIVEN = entries.GivenBack(order_id="o1", refund=REFUND, mirror=(BACK,))
WALLET: Entries = (DEPOSITED, PAID_OUT, HELD, HOLD_POSTED, HOLD_VOIDED, GIVEN, WALLET_CLOSED)

# What the processor kept and paid out.
FEES = Posting("fees", "processor_fees", "processor_receivable", 49, "EUR")
TO_BANK = Posting("payout", "bank", "processor_receivable", 1201, "EUR", "txn_1")
SETTLED = entries.Settled(
    since="2026-03-01T00:00:00+00:00", until="2026-03-02T00:00:00+00:00", postings=(FEES, TO_BANK)
)
