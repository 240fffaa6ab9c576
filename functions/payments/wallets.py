"""The use cases of a wallet: orders are paid and undone, operators deposit and pay out, it is closed."""

from collections.abc import Callable, Sequence
from functools import partial

from kernel import identity
from kernel.money import Money
from payments import store, wallet
from payments.entries import Entries
from payments.ledger import Head
from payments.payment import Payment
from payments.wallet import Asked, Wallet


def charge(order_id: str, customer_id: str, *, total: Money, cause: str) -> Head[Payment]:
    """Holds the total in the customer's wallet, then turns it into the order's money. Each happens once."""
    held = partial(wallet.hold, total=total)
    store.record_both(order_id, customer_id, decide=held, cause=cause)
    return store.record_both(order_id, customer_id, decide=wallet.post, cause=cause)


def undo(payment: Payment, *, refund: str, cause: str) -> Head[Payment]:
    """Frees what is held for the order, or gives its money back."""
    undone = partial(wallet.undo, refund=refund)
    return store.record_both(payment.order_id, payment.started.customer_id, decide=undone, cause=cause)


def deposit(asked: Asked, *, cause: str) -> None:
    """Gives the customer store credit, once per request. Raises ErasedCustomer, KeyReused, Contended."""
    _change(asked, partial(wallet.deposit, amount=asked.amount, deposit=asked.id), cause=cause)


def pay_out(asked: Asked, *, cause: str) -> None:
    """Pays available store credit out, once per request. Raises InsufficientFunds, KeyReused, Contended."""
    _change(asked, partial(wallet.pay_out, amount=asked.amount, payout=asked.id), cause=cause)


def close(customer_id: str, *, cause: str) -> Sequence[Money]:
    """Pays out all that is in the customer's wallet, once, and tells what it was, each time the same.

    Raises CreditHeld, Contended.
    """
    payout = identity.derive(customer_id, "erasure")
    closed = store.record_wallet(customer_id, decide=partial(wallet.close, payout=payout), cause=cause)
    return closed.closed or ()


def _change(asked: Asked, decide: Callable[[Wallet], Entries], *, cause: str) -> None:
    store.grant(asked, lambda: store.draft_wallet(asked.customer_id, decide, cause=cause))
