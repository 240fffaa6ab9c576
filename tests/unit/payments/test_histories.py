"""Whatever is asked of a payment, in any order: its account, its events and its chain of commits add up."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as some

from kernel import identity
from kernel.errors import Fault, Refusal
from kernel.events import Envelope
from kernel.money import Money
from payments import disputes, domain, entries, ledger, sale_refunds, store
from payments.entries import Entries, Entry, dumped, loaded
from payments.intents import Dispute, DisputeProgress, Intent, Progress, Reason, Refund, RefundProgress
from payments.ledger import Head
from payments.payment import Charge, Payment, Status
from tests.support import ledgers
from tests.support.given import folded

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
Asked = Callable[[Payment], Entries]

AMOUNTS = some.sampled_from([Money(1250, "EUR"), Money(1250, "EUR"), Money(1, "EUR"), Money(1250, "USD")])
INTENTS = some.builds(
    Intent, some.just("pi_1"), some.sampled_from(Progress), AMOUNTS, some.just(Reason.CARD_DECLINED)
)
CHARGES = some.builds(Charge, some.just("alice"), AMOUNTS, some.sampled_from(["pi_1", "pi_2"]))
REFUNDS = some.sampled_from([(1250,), (1000, 250), (1,), (), (1250, 1)])
PARTS = some.sampled_from([Money(300, "EUR"), Money(950, "EUR"), Money(1, "EUR"), Money(300, "USD")])
FOUND = some.builds(
    Refund, some.just("re_1"), some.sampled_from(["part", "part-2"]), PARTS, some.sampled_from(RefundProgress)
)
DISPUTES = some.builds(
    Dispute,
    some.sampled_from(["du_1", "du_2"]),
    PARTS,
    some.sampled_from([0, 1500]),
    some.sampled_from(DisputeProgress),
)
OF_DISPUTES = ("disputes_held", "dispute_fees", "dispute_loss")
AT = NOON.isoformat()


def follow(payment: Payment, *, found: Refund) -> Entries:
    """The processor is only asked of a refund that is decided."""
    return sale_refunds.follow(payment, refund="part", found=found) if "part" in payment.refunds else ()


def disputed(payment: Payment, *, found: Dispute) -> Entries:
    """The processor is only asked of a payment that it has."""
    return disputes.follow(payment, [found]) if payment.charge else ()


ASKED: some.SearchStrategy[Asked] = some.one_of(
    CHARGES.map(lambda charge: partial(domain.start, charge=charge)),
    INTENTS.map(lambda intent: partial(domain.settle, intent=intent)),
    some.just(partial(domain.undo, refund="refund-1")),
    INTENTS.map(lambda intent: partial(domain.undo_cancelled, intent=intent, refund="refund-1")),
    REFUNDS.map(lambda refunds: partial(domain.refunded, refunds=refunds, refund="refund-1")),
    some.just(domain.sell),
    some.builds(
        lambda refund, amount: partial(sale_refunds.ask, refund=refund, amount=amount, at=AT),
        some.sampled_from(["part", "rest"]),
        PARTS,
    ),
    FOUND.map(lambda found: partial(follow, found=found)),
    some.just(partial(sale_refunds.retry, refund="part", at=AT)),
    DISPUTES.map(lambda found: partial(disputed, found=found)),
)
# Most histories begin with a charge that has an outcome, so that they get far.
START = partial(domain.start, charge=Charge("alice", Money(1250, "EUR"), "pi_1"))
SETTLE = partial(domain.settle, intent=Intent("pi_1", Progress.CAPTURED, Money(1250, "EUR")))
DECLINE = partial(domain.settle, intent=Intent("pi_1", Progress.DECLINED, Money(1250, "EUR")))
PART = partial(sale_refunds.ask, refund="part", amount=Money(300, "EUR"), at=AT)
SALE = (START, SETTLE, domain.sell)
BEGINNINGS = some.sampled_from(
    [(), (START,), (START, SETTLE), (START, DECLINE), SALE, (*SALE, PART), (*SALE, PART)]
)
HISTORIES = some.builds(lambda first, rest: [*first, *rest], BEGINNINGS, some.lists(ASKED, max_size=12))


def happened(asked: Sequence[Asked]) -> list[Entries]:
    """What each decision answers on the payment as it then stands, if it is neither refused nor done."""
    found: list[Entries] = []
    for decide in asked:
        past = [entry for answer in found for entry in answer]
        try:
            answer = decide(folded(past))
            folded([*past, *answer])
        except (Refusal, Fault):
            continue
        found += [answer] if answer else []
    return found


QUICK = settings(max_examples=2000, derandomize=True, phases=[Phase.generate])


@pytest.mark.parametrize("status", [status for status in Status if status != "NONE"])
def test_such_histories_reach_every_status(status: Status) -> None:
    def reaches(asked: list[Asked]) -> bool:
        return folded(entry for answer in happened(asked) for entry in answer).status is status

    assert find(HISTORIES, reaches, settings=QUICK)


@pytest.mark.parametrize(
    "name",
    [
        *("SaleRefundStarted", "SaleRefunded", "SaleRefundFailed", "SaleRefundRetried"),
        *("DisputeOpened", "DisputeWon", "DisputeLost"),
    ],
)
def test_such_histories_have_refunds_and_disputes_of_every_outcome(name: str) -> None:
    def has(asked: list[Asked]) -> bool:
        return any(type(entry).__name__ == name for answer in happened(asked) for entry in answer)

    assert find(HISTORIES, has, settings=QUICK)


def balances(history: Sequence[Entry]) -> list[int]:
    """The balance of the order's account after each posting, by hand: it is a credit account."""
    found = [0]
    for posting in (posting for entry in history for posting in entry.postings):
        sign = {posting.credit: 1, posting.debit: -1}.get("order", 0)
        found.append(found[-1] + sign * posting.amount)
    return found


@given(HISTORIES)
def test_an_orders_account_is_the_sum_of_its_postings_and_never_below_zero(asked: list[Asked]) -> None:
    answers = happened(asked)
    history = [entry for answer in answers for entry in answer]
    for length in range(len(history) + 1):
        payment, account = folded(history[:length]), balances(history[:length])
        assert payment.held == account[-1]
        assert min(account) == 0
        charged = payment.charge.amount.amount if payment.charge else 0
        holds = payment.status in ("CAPTURED", "REFUNDING")
        owed = sum(one.amount for one in payment.refunds.values() if one.is_owed or one.progress == "PENDING")
        assert payment.held == (charged if holds else owed)
        assert sum(one.amount for one in payment.refunds.values()) <= charged


@given(HISTORIES)
def test_no_money_comes_from_nowhere(asked: list[Asked]) -> None:
    """All postings of a payment are in one currency, and between the processor, the order and our income."""
    history = [entry for answer in happened(asked) for entry in answer]
    payment = folded(history)
    sums: dict[str, int] = {}
    for posting in (posting for entry in history for posting in entry.postings):
        assert posting.currency == payment.started.amount.currency
        sums[posting.debit] = sums.get(posting.debit, 0) + posting.amount
        sums[posting.credit] = sums.get(posting.credit, 0) - posting.amount
    assert sum(sums.values()) == 0
    assert set(sums) <= {"order", "processor_receivable", "revenue", "refunds", *OF_DISPUTES}
    assert payment.receivable == sums.get("processor_receivable", 0)
    kept = payment.receivable + sum(sums.get(account, 0) for account in OF_DISPUTES)
    assert kept == payment.held - sums.get("revenue", 0) - sums.get("refunds", 0) >= 0
    if payment.is_undone:
        assert kept == 0


@given(HISTORIES)
def test_entries_that_were_stored_and_read_again_fold_to_the_same_payment(asked: list[Asked]) -> None:
    answers = happened(asked)
    history = [entry for answer in answers for entry in answer]
    again = [entry for answer in answers for entry in loaded(dumped(answer))]
    assert again == history
    assert folded(again) == folded(history)


def older(text: str) -> str:
    """Stored entries as if a version before had written them, which called the postings `moves`."""
    read = json.loads(text)
    moves = [entry.pop("postings", []) for entry in read]
    return json.dumps([{**entry, "v": 0, "moves": moved} for entry, moved in zip(read, moves, strict=True)])


def brought(entry: dict[str, Any]) -> dict[str, Any]:
    return {**entry, "postings": entry["moves"]}


@given(HISTORIES)
def test_entries_of_an_older_version_fold_to_the_same_payment(asked: list[Asked]) -> None:
    answers = happened(asked)
    with pytest.MonkeyPatch.context() as patch:
        oldest = {(name, 0): brought for name in entries.TYPES}
        patch.setattr(entries, "UPCASTERS", {**entries.UPCASTERS, **oldest})
        again = [entry for answer in answers for entry in loaded(older(dumped(answer)))]
    assert folded(again) == folded(entry for answer in answers for entry in answer)


@contextmanager
def clocks(moments: Sequence[timedelta]) -> Iterator[None]:
    """A clock that shows each moment in turn, and the last from then on."""
    left = list(moments)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SERVICE", "payments")
        patch.setattr(identity, "now", lambda: NOON + (left.pop(0) if len(left) > 1 else left[0]))
        yield


MOMENTS = some.lists(some.timedeltas(timedelta(0), timedelta(days=1)), min_size=1, max_size=30)


@given(HISTORIES, MOMENTS)
def test_commits_count_their_events_without_a_gap_and_are_chained_whatever_the_clock_shows(
    asked: list[Asked], moments: list[timedelta]
) -> None:
    head: Head[Payment] = Head("o1", Payment("o1"))
    items = []
    with clocks(moments):
        for answer in happened(asked):
            head, [write] = ledger.drafted(store.PAYMENTS, head, decided=answer, cause="test")
            items.append({"pk": "payment#o1", **write.sets})
    sealed = [Envelope.model_validate_json(text) for item in items for text in item["events"]]
    assert [event.sequence for event in sealed] == list(range(1, head.sequence + 1))
    assert [item["version"] for item in items] == list(range(1, head.version + 1))
    recorded = [item["moment"].partition("#")[0] for item in items]
    assert recorded == sorted(recorded)
    before = ""
    for item in items:
        before = ledgers.digest(item, after=before)
        assert item["moment"].partition("#")[2] == before
    assert before == head.digest
