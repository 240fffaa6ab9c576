"""The reconciliation: every hour, the processor's balance is compared with the ledger, movement by movement.

A payment on which both sides do not agree is looked at: what has one right answer settles itself, and the
rest is a difference, which stays listed until it is none. Orders are compared with the ledger by checkout,
which hears hourly of the money that is held for too long.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from kernel import identity
from kernel.errors import Fault
from kernel.money import Money
from kernel.triggers.observability import noted
from kernel.triggers.schedules import scheduled
from payments import adapters, chart, commits, difference_rows, entries, ledger, looks, settlement, store
from payments.chart import Posting
from payments.commits import Commit
from payments.differences import Difference, Kind
from payments.settlement import Place, Window

CAUSE = "schedule/reconcile"
ACCOUNT = "processor"
PAYMENT = f"{store.PAYMENTS.kind}#"
MOST = 2_000  # of each shard of the open differences in one run


class NotReconciled(Fault):
    """Some payments could not be looked at: each is a difference until it can be."""


@scheduled(minutes=60)
def reconcile(line: dict[str, Any]) -> None:
    """Compares the next window, and looks again at open differences. Raises NotReconciled."""
    failed: dict[str, dict[str, Any]] = {}
    for raised in difference_rows.opened(most=MOST):
        if raised.difference.is_about_a_payment:
            with noted(failed, difference_rows.name_of(raised.difference)):
                _again(raised.difference)
    head = ledger.load(store.SETTLEMENTS, ACCOUNT)
    if window := settlement.window(head.state, identity.now()):
        movements = [*adapters.provider().transactions(window.since, window.until)]
        line["movements"], line["looked"] = len(movements), 0
        for intent_id, amount in settlement.suspects(movements, _ours(window)):
            line["looked"] += 1
            _look(intent_id, amount, failed)
        for difference in settlement.unknown(movements):
            looks.note(difference)
        settled = partial(settlement.settle, of=window, movements=movements)
        ledger.record(store.SETTLEMENTS, head, decide=settled, cause=CAUSE)
    if failed:
        line["failed"] = failed
        raise NotReconciled(count=len(failed))


def _ours(window: Window) -> dict[Place, int]:
    """By how much the processor owes us more for each payment, as the commits of the window say."""
    found: dict[Place, int] = {}
    keys = [(one.pk, one.sk) for one in ledger.recorded(window.since, window.until)]
    for item in ledger.stored(key for key in keys if key[0].startswith(PAYMENT)).values():
        commit, _ = commits.read(item)
        charge = store.PAYMENTS.states.validate_json(commit.state).charge
        moved = sum(chart.moved(chart.RECEIVABLE, one) for one in _postings(commit))
        if moved and charge and charge.intent_id:
            place = charge.intent_id, charge.amount.currency
            found[place] = found.get(place, 0) + moved
    return found


def _postings(commit: Commit) -> Iterator[Posting]:
    return (posting for entry in entries.loaded(commit.entries) for posting in entry.postings)


def _look(intent_id: str, moved: Money, failed: dict[str, dict[str, Any]]) -> None:
    """Looks at a payment. One that cannot be looked at now is listed, and looked at again by the next run."""
    known = len(failed)
    with noted(failed, identity.derive("payment", intent_id)):
        looks.note(looks.at(intent_id, cause=CAUSE))
    if len(failed) > known:
        difference_rows.raise_(Difference(Kind.PAYMENT_UNREADABLE, intent_id, moved))


def _again(difference: Difference) -> None:
    """Settles a difference that is none any more. Another one about the same payment takes its place."""
    found = looks.at(difference.reference, cause=CAUSE)
    looks.note(found)
    if found != difference:
        difference_rows.settle(difference)
