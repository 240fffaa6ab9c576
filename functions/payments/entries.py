"""The ledger's internal entries: what happened to the money, with the postings. None is ever published.

A stored entry is read by an open shape: fields that it has beside are ignored, and a field that it lacks has
a default. A change of meaning is a new `version`, and UPCASTERS bring an older entry to the newest shape when
it is read. Stored bytes are never rewritten. An entry of an unknown type or of a later version is a fault.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from kernel.errors import Fault
from kernel.money import Money
from payments.chart import Posting


class UnknownEntry(Fault):
    """A stored entry is of a type, a version or a shape that this code does not know."""


class Entry(BaseModel):
    """One thing that happened in a stream of the ledger."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    version: ClassVar[int] = 1
    postings: tuple[Posting, ...] = ()

    @property
    def moved(self) -> Money:
        """What the postings move in all."""
        amounts = [Money(posting.amount, posting.currency) for posting in self.postings]
        return sum(amounts[1:], amounts[0])


Entries = tuple[Entry, ...]
PaidBy = Literal["card", "wallet"]


class ChargeStarted(Entry):
    """The processor has a payment that is not confirmed; or it is the customer's wallet that is to pay.

    `intent_id` is the payment's id at the processor. Version 1 said only by its absence that a wallet pays.
    """

    version: ClassVar[int] = 2
    customer_id: str
    amount: Money
    intent_id: str = ""
    paid_by: PaidBy = "card"


class Captured(Entry):
    """The processor has the customer's money."""


class Declined(Entry):
    """The processor will not take the customer's money."""

    reason: str


class Voided(Entry):
    """The processor cannot capture anything for the order, now and for ever."""


class RefundStarted(Entry):
    """All that was captured is to go back, under our own id `refund`."""

    refund: str
    amount: Money


class Refunded(Entry):
    """The processor has given the money back."""

    refund: str


class SalePosted(Entry):
    """The order is confirmed: its money is revenue."""


class OfSaleRefund(Entry):
    """Something about a refund after the sale, under our own id `refund`."""

    refund: str


class SaleRefundStarted(OfSaleRefund):
    """An operator has decided to give a part of a sale back. `at` is the time (RFC 3339)."""

    amount: Money
    at: str


class SaleRefundKeyChanged(OfSaleRefund):
    """From here on the processor is asked under the refund's `key`th key, since the time `at`."""

    key: int
    at: str


class SaleRefunded(OfSaleRefund):
    """The money has gone back."""


class SaleRefundFailed(OfSaleRefund):
    """The processor could not give the money back, perhaps days after it had said so: we owe it."""

    reason: str


class SaleRefundRetried(OfSaleRefund):
    """An operator has the refund that failed asked for anew, for the `attempt`th time, at the time `at`."""

    attempt: int
    at: str


class SaleRefundCovered(OfSaleRefund):
    """A refund that failed is owed no more: in a `dispute` that we lost the bank has given its money back."""

    by: ClassVar[str] = "dispute"
    dispute: str


class SaleRefundSettled(OfSaleRefund):
    """An operator has given the money of a refund that failed `by` bank, or as store credit."""

    by: str


class OfDispute(Entry):
    """Something about a dispute. `dispute` is the processor's id."""

    dispute: str


class DisputeOpened(OfDispute):
    """The customer's bank has taken the money back for as long as it looks into the payment.

    `fee` in minor units is what the processor takes for it.
    """

    amount: Money
    fee: int = 0


class DisputeWon(OfDispute):
    """The money is ours again, and the fee if the processor has given it back."""


class DisputeLost(OfDispute):
    """The money stays with the customer."""


class Deposited(Entry):
    """An operator gave the customer store credit. `deposit` is the request's id."""

    deposit: str


class PaidOut(Entry):
    """Store credit was paid out by bank. `payout` is the id of what asked for it."""

    payout: str


class WalletClosed(Entry):
    """The customer is to be forgotten: all that was in the wallet, `paid`, is paid out."""

    paid: tuple[Money, ...] = ()


class Held(Entry):
    """A part of the wallet is held for an order."""

    order_id: str
    amount: Money


class Mirrored(Entry):
    """The wallet's half of a commit whose posting stands in the order's half. Totals skip the mirror."""

    order_id: str
    mirror: tuple[Posting, ...] = ()


class HoldPosted(Mirrored):
    """What was held for the order is the order's money."""


class HoldVoided(Mirrored):
    """What was held for the order is available again."""


class GivenBack(Mirrored):
    """The order's money came back, under our own id `refund`."""

    refund: str


class Settled(Entry):
    """What the processor kept and paid out from the time `since` until just before the time `until`."""

    since: str
    until: str


class BroughtForward(Entry):
    """A payment as the release before the ledger kept it, in a record of its own."""

    status: str
    reason: str = ""
    charge: ChargeStarted | None = None


TYPES: Mapping[str, type[Entry]] = {
    shape.__name__: shape
    for shape in (
        ChargeStarted,
        Captured,
        Declined,
        Voided,
        RefundStarted,
        Refunded,
        SalePosted,
        SaleRefundStarted,
        SaleRefundKeyChanged,
        SaleRefunded,
        SaleRefundFailed,
        SaleRefundRetried,
        SaleRefundCovered,
        SaleRefundSettled,
        DisputeOpened,
        DisputeWon,
        DisputeLost,
        Deposited,
        PaidOut,
        WalletClosed,
        Held,
        HoldPosted,
        HoldVoided,
        GivenBack,
        Settled,
        BroughtForward,
    )
}
Raw = dict[str, Any]
# By type and version: brings the stored fields of an entry to the version after it.
UPCASTERS: Mapping[tuple[str, int], Callable[[Raw], Raw]] = {
    ("ChargeStarted", 1): lambda raw: {**raw, "paid_by": "card" if raw.get("intent_id") else "wallet"},
}


def dumped(entries: Sequence[Entry]) -> str:
    """The entries as the ledger stores them."""
    said = [
        {
            "type": type(entry).__name__,
            "v": entry.version,
            **entry.model_dump(mode="json", exclude_defaults=True),
        }
        for entry in entries
    ]
    return json.dumps(said, separators=(",", ":"), ensure_ascii=False)


def loaded(text: str) -> Entries:
    """The entries that the ledger has stored, in their newest shape. Raises UnknownEntry."""
    return tuple(_entry(raw) for raw in json.loads(text))


def _entry(raw: Raw) -> Entry:
    name, version = raw.get("type"), raw.get("v", 0)
    shape = TYPES.get(str(name))
    if shape is None:
        raise UnknownEntry(type=name, version=version)
    while version < shape.version and (str(name), version) in UPCASTERS:
        raw, version = UPCASTERS[str(name), version](raw), version + 1
    if version != shape.version:
        raise UnknownEntry(type=name, version=version)
    try:
        return shape.model_validate(raw)
    except ValidationError as error:
        raise UnknownEntry(type=name, version=version) from error
