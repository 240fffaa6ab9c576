"""What the processor's books say of a payment, in one look: what precedes comes first."""

import pytest

from kernel.money import Money
from payments import seen
from payments.intents import Dispute, DisputeProgress, Intent, Progress, Reason, Refund, RefundProgress
from payments.seen import Seen
from tests.support.given import folded
from tests.support.payment_histories import EVERY, PART, PART_REFUND, TOTAL

LOST = Dispute("du_1", TOTAL, 1500, DisputeProgress.LOST)
WON = Dispute("du_1", TOTAL, 1500, DisputeProgress.WON)
GIVEN = Refund("re_1", PART_REFUND, PART, RefundProgress.SUCCEEDED)
FAILED = Refund("re_1", PART_REFUND, PART, RefundProgress.FAILED, "unknown")


def looked(*found: Refund | Dispute, progress: Progress = Progress.CAPTURED, amount: Money = TOTAL) -> Seen:
    refunds = [one for one in found if isinstance(one, Refund)]
    disputes = [one for one in found if isinstance(one, Dispute)]
    return Seen(Intent("pi_1", progress, amount, Reason.CARD_DECLINED), refunds, disputes)


@pytest.mark.parametrize(
    ("history", "known", "new"),
    [
        ("PENDING", looked(), ["Captured"]),
        ("PENDING", looked(progress=Progress.DECLINED), ["Declined"]),
        ("PENDING", looked(progress=Progress.PROCESSING), []),
        ("PENDING", looked(progress=Progress.AUTHENTICATION_REQUIRED), []),
        ("PENDING", looked(progress=Progress.CANCELLED), []),
        ("PENDING", looked(LOST), ["Captured", "DisputeOpened", "DisputeLost"]),
        ("DECLINED", looked(), []),
        ("SOLD", looked(), []),
        ("SOLD", looked(WON), ["DisputeOpened", "DisputeWon"]),
        ("REFUND_ASKED", looked(GIVEN), ["SaleRefunded"]),
        ("REFUND_ASKED", looked(FAILED, LOST), ["DisputeOpened", "DisputeLost", "SaleRefundFailed"]),
        ("PART_REFUNDED", looked(FAILED), ["SaleRefundFailed"]),
        ("PART_REFUNDED", looked(GIVEN), []),
        ("SOLD", looked(GIVEN), []),
    ],
)
def test_one_look_puts_on_record_what_is_not_yet(history: str, known: Seen, new: list[str]) -> None:
    decided = [type(entry).__name__ for entry in seen.follow(folded(EVERY[history]), known)]
    assert [name for name in decided if name != "SaleRefundCovered"] == new
    after = folded([*EVERY[history], *seen.follow(folded(EVERY[history]), known)])
    assert seen.follow(after, known) == ()


def test_what_cannot_follow_holds_up_nothing_else() -> None:
    """The dispute is over more than was paid. The refund has failed all the same."""
    much = Dispute("du_1", Money(1251, "EUR"), 1500, DisputeProgress.OPEN)
    decided = seen.follow(folded(EVERY["PART_REFUNDED"]), looked(FAILED, much))
    assert [type(entry).__name__ for entry in decided] == ["SaleRefundFailed"]


def test_a_refund_that_failed_beside_a_lost_dispute_is_covered_in_the_same_look() -> None:
    decided = seen.follow(folded(EVERY["REFUND_ASKED"]), looked(FAILED, LOST))
    assert type(decided[-1]).__name__ == "SaleRefundCovered"


@pytest.mark.parametrize(
    ("known", "owes"),
    [
        (looked(), 1250),
        (looked(progress=Progress.PROCESSING), 0),
        (looked(GIVEN), 950),
        (looked(FAILED), 1250),
        (looked(LOST), -1500),
        (looked(WON), -250),
        (looked(Dispute("du_1", TOTAL, 0, DisputeProgress.OPEN)), 0),
    ],
)
def test_what_the_processor_owes_for_a_payment(known: Seen, owes: int) -> None:
    assert known.owes == Money(owes, "EUR")


@pytest.mark.parametrize(
    ("history", "known", "differs"),
    [
        ("SOLD", looked(), None),
        ("SOLD", looked(GIVEN), Money(-300, "EUR")),
        ("PART_REFUNDED", looked(), Money(300, "EUR")),
        ("CAPTURED", looked(progress=Progress.CANCELLED), Money(-1250, "EUR")),
        ("VOIDED", looked(), Money(1250, "EUR")),
        ("REFUNDING", looked(GIVEN), None),
        ("DISPUTE_LOST", looked(LOST), None),
        ("DISPUTE_LOST", looked(WON), Money(1250, "EUR")),
    ],
)
def test_what_differs_when_all_is_on_record(history: str, known: Seen, differs: Money | None) -> None:
    assert seen.difference(folded(EVERY[history]), known) == differs
