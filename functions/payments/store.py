"""Payments' table: the ledger's streams, and what is to be looked at. Methods have a file of their own."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from kernel import identity
from kernel.errors import ConditionFailed, Contended, KeyReused
from kernel.money import Money
from kernel.retries import attempts
from kernel.table import inbox, items, open_index, writes
from kernel.table.items import Item, Key
from kernel.table.writes import Write
from payments import facts, ledger, payment, settlement, wallet
from payments.entries import BroughtForward, ChargeStarted, Entries
from payments.ledger import Head, Stream
from payments.payment import Payment, Status, captured_of
from payments.requests import Request
from payments.settlement import Settlement
from payments.wallet import Both, Wallet

OPERATORS = "operators"
WATCH = {"pk": "watch", "sk": "watch"}
PATIENCE = timedelta(hours=1)


def load(order_id: str) -> Head[Payment]:
    """The order's payment as it is now; NONE when nothing is on record."""
    return ledger.load(PAYMENTS, order_id)


def record(
    head: Head[Payment],
    decide: Callable[[Payment], Entries],
    *,
    cause: str,
    hint: str = "",
) -> Head[Payment]:
    """Appends what `decide` answers, and gives the payment as it then stands. Raises as `ledger.record`.

    A `hint` that leads to something is remembered in the same transaction. When it comes again, it may lead
    to more, since the processor's books have gone on.
    """
    once = inbox.once("webhooks", hint)
    beside = [once] if hint and items.load(once.key) is None else []
    return ledger.record(PAYMENTS, head, decide=decide, cause=cause, beside=beside)


def record_both(
    order_id: str, customer_id: str, *, decide: Callable[[Payment, Wallet], Both], cause: str
) -> Head[Payment]:
    """Appends what `decide` answers to the order's payment and to the customer's wallet, both or none.

    Decides again when somebody else wrote to either. Raises Contended in the end, and what `decide` raises.
    """
    for _ in attempts(ledger.ATTEMPTS):
        payment = load(order_id)
        after, both = draft_both(payment, customer_id, decide=decide, cause=cause)
        if not both:
            return payment
        with suppress(ConditionFailed):
            ledger.append(both)
            return after
    raise Contended


def draft_both(
    payment: Head[Payment], customer_id: str, *, decide: Callable[[Payment, Wallet], Both], cause: str
) -> tuple[Head[Payment], list[Write]]:
    """The payment after what is decided of both, and the writes that append it to both."""
    purse = ledger.load(WALLETS, customer_id)
    of_order, of_wallet = decide(payment.state, purse.state)
    after, writes = ledger.drafted(PAYMENTS, payment, decided=of_order, cause=cause)
    return after, writes + ledger.drafted(WALLETS, purse, decided=of_wallet, cause=cause)[1]


def record_wallet(customer_id: str, *, decide: Callable[[Wallet], Entries], cause: str) -> Wallet:
    """Appends what `decide` answers, and gives the wallet as it then stands. Raises as `ledger.record`."""
    purse = ledger.load(WALLETS, customer_id)
    return ledger.record(WALLETS, purse, decide=decide, cause=cause).state


def load_wallet(customer_id: str) -> Wallet:
    """The customer's wallet as it is now."""
    return ledger.load(WALLETS, customer_id).state


def remembers(request: str, fingerprint: str) -> bool:
    """Whether the request was granted before. Raises KeyReused when another request had its id."""
    item = items.load(inbox.once(OPERATORS, request).key)
    if item and item["fingerprint"] != fingerprint:
        raise KeyReused
    return item is not None


def grant(request: Request, draft: Callable[[], Sequence[Write]]) -> None:
    """Writes what `draft` answers, with the memory of the request and its reason, in one transaction.

    Drafts again when somebody else wrote first. Raises KeyReused, Contended, and what `draft` raises.
    """
    beside = [inbox.once(OPERATORS, request.id, fingerprint=request.fingerprint), _reason(request)]
    for _ in attempts(ledger.ATTEMPTS):
        if remembers(request.id, request.fingerprint):
            return
        with suppress(ConditionFailed):
            ledger.append([*draft(), *beside])
            return
    raise Contended


def draft_wallet(customer_id: str, decide: Callable[[Wallet], Entries], *, cause: str) -> list[Write]:
    """The writes that append what `decide` answers to the wallet as it is now."""
    purse = ledger.load(WALLETS, customer_id)
    return ledger.drafted(WALLETS, purse, decided=decide(purse.state), cause=cause)[1]


def _reason(asked: Request) -> Write:
    """The text that a person typed stands in this row only, so that it can be deleted."""
    said = {"at": identity.now().isoformat(), "by": asked.by, "because": asked.because}
    return Write(key={"pk": f"reason#{asked.id}", "sk": "reason"}, sets=said)


def watched_until() -> datetime | None:
    """Until when the commits were looked at by the watch."""
    item = items.load(WATCH)
    return datetime.fromisoformat(item["until"]) if item else None


def watched(until: datetime) -> None:
    writes.update(Write(WATCH, sets={"until": until.isoformat()}))


def list_unsold(order_id: str) -> None:
    """Lists an order that holds money in the index of open items, unless it is listed."""
    listed = open_index.opened(order_id, identity.now())
    with suppress(ConditionFailed):
        writes.update(Write(_unsold_key(order_id), sets=listed, condition="attribute_not_exists(#pk)"))


def unsold(item: Item) -> str:
    """The order that a row of the list is about; "" for a row about something else."""
    kind, _, order_id = str(item["pk"]).partition("#")
    return order_id if kind == "unsold" else ""


def claim_unsold(order_id: str, now: datetime) -> str | None:
    """Puts a listed order off for an hour, and answers its id. None when it holds no money any more.

    Such a row leaves the index, and stays as it is otherwise.
    """
    if not order_id:
        return None
    if load(order_id).state.is_unsold:
        later = {"due_at": (now + PATIENCE).isoformat()}
        writes.update(Write(_unsold_key(order_id), sets=later))
        return order_id
    writes.update(Write(_unsold_key(order_id), removes=open_index.CLOSED))
    return None


def _unsold_key(order_id: str) -> Key:
    return {"pk": f"unsold#{order_id}", "sk": "unsold"}


def _brought(record: Item) -> Entries:
    """A payment's record of the release before, with the posting of the money that it says is captured."""
    status = record["status_before"] if record["status"] == ledger.CLOSED else record["status"]
    if "intent_id" not in record:
        return (BroughtForward(status=status, reason=record["reason"]),)
    charge = ChargeStarted(
        customer_id=record["customer_id"],
        amount=Money(record["amount"], record["currency"]),
        intent_id=record["intent_id"],
    )
    captured = (captured_of(charge),) if status in (Status.CAPTURED, Status.REFUNDING) else ()
    return (BroughtForward(status=status, reason=record["reason"], charge=charge, postings=captured),)


PAYMENTS = Stream(
    kind="payment",
    shape=Payment,
    fold=payment.FOLD,
    initial=Payment,
    evolve=payment.evolve,
    facts=facts.facts,
    brought=_brought,
)
WALLETS = Stream(
    kind="wallet",
    shape=Wallet,
    fold=wallet.FOLD,
    initial=Wallet,
    evolve=wallet.evolve,
    facts=wallet.facts,
    correlation=lambda customer_id: f"wallet/{customer_id}",
)
SETTLEMENTS = Stream(
    kind="settlement",
    shape=Settlement,
    fold=settlement.FOLD,
    initial=Settlement,
    evolve=settlement.evolve,
    facts=settlement.facts,
)
