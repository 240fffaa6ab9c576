"""A customer's wallet: store credit in several currencies, some of it held for orders that are under way.

Decisions about a wallet alone answer its entries. Decisions about an order that is paid from it answer the
entries of both, which are committed together: the order's has the posting, the wallet's has its mirror.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import assert_never

from kernel.errors import Fault, Refusal
from kernel.events import Event
from kernel.money import Money
from payments import chart, entries, events, sale_refunds
from payments.chart import Posting
from payments.domain import ErasedCustomer, must_be_open
from payments.entries import Entries, Entry
from payments.intents import Reason
from payments.payment import BooksDiffer, Payment, Status, moved
from payments.requests import Request

# The version of `evolve` and of the shape of Wallet: see payment.FOLD.
FOLD = 2
Both = tuple[Entries, Entries]
NOTHING: Both = ((), ())


class InsufficientFunds(Refusal):
    """The wallet has less than that available."""


class CreditHeld(Fault):
    """A part of the wallet is held for an order under way, so the wallet cannot be closed yet."""


@dataclass(frozen=True)
class Balance:
    """Minor units of one currency: `posted` is the customer's, and `pending` of it is held for orders."""

    posted: int = 0
    pending: int = 0

    @property
    def available(self) -> int:
        return self.posted - self.pending


@dataclass(frozen=True)
class Wallet:
    """A wallet, folded from its entries: a balance for each currency, and what is held for which order.

    `closed` is None, or what was paid out when the customer was to be forgotten.
    """

    customer_id: str
    balances: Mapping[str, Balance] = field(default_factory=dict)
    holds: Mapping[str, Money] = field(default_factory=dict)
    closed: tuple[Money, ...] | None = None

    def balance(self, currency: str) -> Balance:
        return self.balances.get(currency, Balance())

    def can_pay(self, amount: Money) -> bool:
        return self.balance(amount.currency).available >= amount.amount


@dataclass(frozen=True)
class Asked(Request):
    """An operator's request about a customer's wallet."""

    customer_id: str
    amount: Money


def evolve(wallet: Wallet, entry: Entry) -> Wallet:
    """The wallet after the entry. Raises PostingRefused when more would be held than there is.

    Raises UnknownEntry for an entry of another kind of stream.
    """
    after = _evolved(wallet, entry)
    if any(one.available < 0 for one in after.balances.values()):
        raise chart.PostingRefused(because="more would be held than the wallet has")
    return after


def _evolved(wallet: Wallet, entry: Entry) -> Wallet:
    match entry:
        case entries.Held():
            return _held(wallet, {**wallet.holds, entry.order_id: entry.amount})
        case entries.HoldPosted() | entries.HoldVoided():
            others = {order_id: held for order_id, held in wallet.holds.items() if order_id != entry.order_id}
            return _held(_posted(wallet, entry.mirror), others)
        case entries.GivenBack():
            return _posted(wallet, entry.mirror)
        case entries.Deposited() | entries.PaidOut():
            return _posted(wallet, entry.postings)
        case entries.WalletClosed():
            return replace(wallet, closed=entry.paid)
    raise entries.UnknownEntry(type=type(entry).__name__)


def facts(wallet: Wallet, entry: Entry) -> Sequence[Event]:
    """After each entry that changes the wallet's balances they are told anew, as a whole."""
    if isinstance(entry, entries.WalletClosed):
        return ()
    after = evolve(wallet, entry)
    told = [
        events.WalletBalance(currency=currency, posted=one.posted, available=one.available)
        for currency, one in sorted(after.balances.items())
    ]
    return (events.WalletChanged(customer_id=wallet.customer_id, balances=tuple(told)),)


def deposit(wallet: Wallet, amount: Money, *, deposit: str) -> Entries:
    """Gives the customer store credit, as goodwill. Raises ErasedCustomer once the wallet is closed."""
    if wallet.closed is not None:
        raise ErasedCustomer
    given = Posting("goodwill", chart.GOODWILL, chart.WALLET, amount.amount, amount.currency)
    return (entries.Deposited(deposit=deposit, postings=(given,)),)


def pay_out(wallet: Wallet, amount: Money, *, payout: str) -> Entries:
    """Pays available store credit out by bank. Raises InsufficientFunds."""
    if not wallet.can_pay(amount):
        raise InsufficientFunds(available=wallet.balance(amount.currency).available)
    return (_paid_out(amount, payout=payout),)


def close(wallet: Wallet, *, payout: str) -> Entries:
    """Pays out all that is in the wallet, and nothing stays in it from then on. Raises CreditHeld."""
    if wallet.closed is not None:
        return ()
    if wallet.holds:
        raise CreditHeld
    balances = sorted(wallet.balances.items())
    left = tuple(Money(one.posted, currency) for currency, one in balances if one.posted)
    paid = [_paid_out(*left, payout=payout)] if left else []
    return (*paid, entries.WalletClosed(paid=left))


def hold(payment: Payment, wallet: Wallet, *, total: Money) -> Both:
    """Holds the total for the order, or declines it when less is available. Raises as `must_be_open`."""
    must_be_open(payment, total)
    if payment.charge is not None:
        return NOTHING
    started = entries.ChargeStarted(customer_id=wallet.customer_id, amount=total, paid_by="wallet")
    if not wallet.can_pay(total):
        return (started, entries.Declined(reason=Reason.INSUFFICIENT_FUNDS)), ()
    return (started,), (entries.Held(order_id=payment.order_id, amount=total),)


def post(payment: Payment, wallet: Wallet) -> Both:
    """Turns what is held into the order's money, once."""
    if payment.status is not Status.PENDING:
        return NOTHING
    _must_hold(payment, wallet)
    paid = moved(payment.started, "wallet", debit=chart.WALLET, credit=chart.ORDER)
    posted = entries.HoldPosted(order_id=payment.order_id, mirror=(paid,))
    return (entries.Captured(postings=(paid,)),), (posted,)


def undo(payment: Payment, wallet: Wallet, *, refund: str) -> Both:
    """Frees what is held for the order, or gives its money back. Raises BooksDiffer for a confirmed order."""
    match payment.status:
        case Status.PENDING:
            _must_hold(payment, wallet)
            return (entries.Voided(),), (entries.HoldVoided(order_id=payment.order_id),)
        case Status.CAPTURED:
            back = moved(payment.started, "refund", debit=chart.ORDER, credit=chart.WALLET)
            given = entries.GivenBack(order_id=payment.order_id, refund=refund, mirror=(back,))
            started = entries.RefundStarted(refund=refund, amount=payment.started.amount)
            return (started, entries.Refunded(refund=refund, postings=(back,))), _received(wallet, given)
        case Status.DECLINED | Status.VOIDED | Status.REFUNDED:
            return NOTHING
        case Status.NONE | Status.REFUNDING | Status.SOLD:
            raise BooksDiffer
        case other:
            assert_never(other)


def give_back(payment: Payment, wallet: Wallet, *, refund: str, amount: Money, at: str) -> Both:
    """Gives a part of a sale back to the wallet that has paid for it. Raises as `sale_refunds.ask`."""
    started = sale_refunds.ask(payment, refund=refund, amount=amount, at=at)
    if not started:
        return NOTHING
    back = Posting("sale_refund", chart.ORDER, chart.WALLET, amount.amount, amount.currency)
    given = entries.GivenBack(order_id=payment.order_id, refund=refund, mirror=(back,))
    return (*started, entries.SaleRefunded(refund=refund, postings=(back,))), _received(wallet, given)


def _received(wallet: Wallet, given: entries.GivenBack) -> Entries:
    """What comes back to the wallet of somebody who was forgotten is paid out at once."""
    if wallet.closed is None:
        return (given,)
    back = Money(given.mirror[0].amount, given.mirror[0].currency)
    return given, _paid_out(back, payout=given.refund)


def _paid_out(*amounts: Money, payout: str) -> Entry:
    postings = [Posting("payout", chart.WALLET, chart.BANK, one.amount, one.currency) for one in amounts]
    return entries.PaidOut(payout=payout, postings=tuple(postings))


def credit(payment: Payment, wallet: Wallet, *, refund: str) -> Both:
    """Gives the money of a refund that failed as store credit. Raises as `sale_refunds.settle`, `deposit`."""
    settled = sale_refunds.settle(payment, refund=refund, by=sale_refunds.Way.WALLET)
    amount = Money(payment.refunds[refund].amount, payment.started.amount.currency)
    return settled, deposit(wallet, amount, deposit=refund)


def _must_hold(payment: Payment, wallet: Wallet) -> None:
    if wallet.holds.get(payment.order_id) != payment.started.amount:
        raise BooksDiffer


def _posted(wallet: Wallet, postings: Sequence[Posting]) -> Wallet:
    balances = dict(wallet.balances)
    for posting in postings:
        known = balances.get(posting.currency, Balance())
        balance = chart.balance(chart.WALLET, [posting], before=known.posted)
        balances[posting.currency] = replace(known, posted=balance)
    return replace(wallet, balances=balances)


def _held(wallet: Wallet, holds: Mapping[str, Money]) -> Wallet:
    pending = dict.fromkeys(wallet.balances, 0)
    for held in holds.values():
        pending[held.currency] += held.amount
    balances = {name: Balance(one.posted, pending[name]) for name, one in wallet.balances.items()}
    return replace(wallet, balances=balances, holds=holds)
