"""Corruptions of the ledger and of its seals. Each breaks exactly one invariant, which it names.

Some are done by a person who can write every table: after them, all digests are right again.
"""

import json
from collections.abc import Callable
from typing import Any

from tests.ops.corruptions import breaks
from tests.support import ledgers
from tests.support.evidence import MONEY, Books, Tables
from tests.support.ledgers import Item, posting

PAID, UNDONE, PARKED, WALLET = "payment#paid", "payment#undone", "payment#parked", "wallet#alice"
LATER = "2026-03-01T12:00:01.000000+00:00"


def found(tables: Tables, pk: str, version: int) -> Item:
    return next(item for item in tables["payments"] if (item["pk"], item.get("version")) == (pk, version))


def commits(tables: Tables) -> list[Item]:
    return [item for item in tables["payments"] if "moment" in item]


def altered(books: Books, pk: str, version: int, **sets: Any) -> None:
    """Changes attributes of a commit, and nothing else."""
    books.tampers.append(lambda tables: found(tables, pk, version).update(sets))


def forged(books: Books, pk: str, version: int, change: Callable[[Item], Any]) -> None:
    """Changes a commit, then chains and seals the whole ledger anew."""

    def forge(tables: Tables) -> None:
        change(found(tables, pk, version))
        chain_anew(tables)
        tables["vault"] = ledgers.vault(commits(tables))

    books.tampers.append(forge)


def chain_anew(tables: Tables) -> None:
    others = [item for item in tables["payments"] if "moment" not in item]
    tables["payments"] = others + ledgers.chained_anew(commits(tables))


def posted(*postings: Item) -> Callable[[Item], None]:
    """Puts these postings into the place of those of the commit's entry."""

    def change(item: Item) -> None:
        entry = json.loads(item["entries"])[0]
        item["entries"] = json.dumps([{**entry, "postings": postings}])

    return change


def stated(**sets: Any) -> Callable[[Item], None]:
    """Changes the state that the commit stores."""
    return lambda item: item.update(state=json.dumps(json.loads(item["state"]) | sets))


def sealed(books: Books, seals: Callable[[Tables], list[Item]]) -> None:
    """Replaces the seals by other seals, which are chained."""
    books.tampers.append(lambda tables: tables.update(vault=seals(tables)))


# Streams


@breaks("streams-are-whole")
def a_number_is_left_out(books: Books) -> None:
    forged(books, UNDONE, 4, lambda item: item.update(version=5, sk="payment#0000000005"))


@breaks("streams-are-whole")
def a_commit_does_not_count_its_event(books: Books) -> None:
    forged(books, UNDONE, 3, lambda item: item.update(sequence=1))


@breaks("streams-are-whole")
def a_commit_expires(books: Books) -> None:
    altered(books, PAID, 2, expires_at=1_800_000_000)


@breaks("commits-are-chained")
def a_byte_of_a_commit_has_flipped(books: Books) -> None:
    altered(books, PAID, 2, cause="tesu")


@breaks("commits-are-chained")
def another_time_is_said_at_which_the_money_moved(books: Books) -> None:
    altered(books, PAID, 2, effective_at=LATER)


@breaks("commits-are-chained")
def a_commit_was_recorded_before_its_predecessor(books: Books) -> None:
    forged(books, UNDONE, 2, lambda item: item.update(moment=LATER))


# Postings and balances


@breaks("postings-follow-the-chart")
def an_account_is_not_in_the_chart(books: Books) -> None:
    forged(books, PARKED, 1, posted(posting("suspense", "bank", 100)))


@breaks("postings-follow-the-chart")
def a_posting_moves_nothing(books: Books) -> None:
    forged(books, PARKED, 1, posted(posting("goodwill", "order", 0)))


@breaks("postings-follow-the-chart")
def both_sides_of_a_posting_are_one_account(books: Books) -> None:
    forged(books, PARKED, 1, posted(posting("bank", "bank", 100)))


@breaks("refunds-are-parts-of-the-sale")
def more_goes_back_than_was_sold(books: Books) -> None:
    books.refund("paid", 1001, "SaleRefundStarted")


@breaks("refunds-are-parts-of-the-sale")
def a_refund_is_decided_twice(books: Books) -> None:
    books.refund("paid", 300, "SaleRefundStarted", "SaleRefundStarted")
    books.record("payments", "payment", "paid", refunds={"r1": {"amount": 600, "asked_at": LATER}})


def also(*entries: Item) -> Callable[[Item], None]:
    """Puts these entries behind those of the commit."""
    return lambda item: item.update(entries=json.dumps([*json.loads(item["entries"]), *entries]))


OPENED = {"type": "DisputeOpened", "dispute": "du_1", "amount": {"amount": 1000, "currency": "EUR"}}
WON, LOST = ({"type": kind, "dispute": "du_1"} for kind in ("DisputeWon", "DisputeLost"))


@breaks("disputes-are-followed-once")
def a_webhook_about_a_dispute_has_counted_twice(books: Books) -> None:
    forged(books, PAID, 3, also(OPENED, OPENED))


@breaks("disputes-are-followed-once")
def a_dispute_is_lost_and_won(books: Books) -> None:
    forged(books, PAID, 3, also(OPENED, LOST, WON))


@breaks("disputes-are-followed-once")
def a_refund_is_covered_by_a_dispute_that_is_not_lost(books: Books) -> None:
    covered = {"type": "SaleRefundCovered", "refund": "r1", "dispute": "du_1"}
    moved = [posting("order", "dispute_loss", 300), posting("dispute_loss", "order", 300)]
    forged(books, PARKED, 1, also(OPENED, {**covered, "postings": moved[::-1]}))


@breaks("nobody-gets-more-back-than-was-paid")
def a_refund_and_a_dispute_both_pay_the_customer(books: Books) -> None:
    books.refund("paid", 300, "SaleRefundStarted", "SaleRefunded")
    next(one for one in books.intents if one["reference"] == "paid")["amount_refunded"] = 300
    loss = {"postings": [posting("dispute_loss", "disputes_held", 1000)]}
    forged(books, PAID, 3, also(OPENED, {**LOST, **loss}))


@breaks("the-settlement-has-no-gap")
def a_window_of_fees_is_posted_twice(books: Books) -> None:
    entry = {"type": "Settled", "since": "2026-03-01T10:00:00+00:00", "until": "2026-03-01T11:00:00+00:00"}
    made = [
        ledgers.commit("settlement#processor", number, state={"account": "processor"}, entries=[entry])
        for number in (1, 2)
    ]

    def append(tables: Tables) -> None:
        tables["payments"] += ledgers.chained(made)
        tables["vault"] = ledgers.vault(commits(tables))

    books.tampers.append(append)


@breaks("no-account-falls-below-its-floor")
def more_was_paid_out_than_the_wallet_had(books: Books) -> None:
    books.wallet("alice", "PaidOut", payout="p1", postings=[posting("wallet", "bank", 701)])


@breaks("no-account-falls-below-its-floor")
def an_order_was_overdrawn_and_filled_again(books: Books) -> None:
    forged(books, PARKED, 1, posted(posting("order", "bank", 100), posting("bank", "order", 100)))


@breaks("no-account-falls-below-its-floor")
def the_stored_balance_of_an_order_lies(books: Books) -> None:
    forged(books, PARKED, 1, stated(held=1))


@breaks("no-account-falls-below-its-floor")
def the_stored_balance_of_a_wallet_lies(books: Books) -> None:
    forged(books, WALLET, 3, stated(balances={"EUR": {"posted": 501, "pending": 0}}))


# Wallets and orders


@breaks("what-is-held-is-resolved-once")
def a_hold_was_posted_twice(books: Books) -> None:
    books.wallet("alice", "HoldPosted", order_id="credited")


@breaks("what-is-held-is-resolved-once")
def money_is_held_for_an_order_that_has_ended(books: Books) -> None:
    books.wallet("alice", "Held", order_id="undone", amount={**MONEY, "amount": 700})


@breaks("wallets-mirror-the-orders")
def the_wallet_paid_less_than_the_order_got(books: Books) -> None:
    books.wallets["alice"][2]["mirror"][0]["amount"] = 999


@breaks("an-ended-order-holds-no-money")
def the_sale_was_never_posted(books: Books) -> None:
    books.payment("paid", "CAPTURED")


@breaks("an-ended-order-holds-no-money")
def the_sale_of_an_order_paid_from_a_wallet_was_never_posted(books: Books) -> None:
    books.wallet_payment("credited", "CAPTURED")


@breaks("receivable-is-as-the-processor-has-it")
def a_part_was_posted_as_if_it_came_by_bank(books: Books) -> None:
    parts = posting("processor_receivable", "order", 900), posting("bank", "order", 100)
    forged(books, PAID, 2, posted(*parts))


# Seals


@breaks("seals-are-chained")
def a_seal_is_missing(books: Books) -> None:
    books.tampers.append(lambda tables: tables["vault"].pop(1))


@breaks("seals-are-chained")
def a_seal_was_replaced(books: Books) -> None:
    def replace(tables: Tables) -> None:
        first = tables["vault"][0]
        tables["vault"][1] = ledgers.seal(2, LATER, previous=first["digest"], commits=[])

    books.tampers.append(replace)


@breaks("seals-are-chained")
def the_time_of_the_newest_seal_was_changed(books: Books) -> None:
    books.tampers.append(lambda tables: tables["vault"][-1].update(sealed_at=LATER))


@breaks("seals-cover-the-ledger")
def the_tail_of_a_stream_was_cut(books: Books) -> None:
    """Its last event was deleted everywhere, too: only the seal remembers the commit."""
    books.vault = books.tables()["vault"]
    books.wallets["alice"].pop()
    for events in (books.outbox, books.journal, books.published):
        events.remove([event for event in events if event.type == "WalletChanged"][-1])


@breaks("seals-cover-the-ledger")
def a_stream_was_lost(books: Books) -> None:
    """It was that of a payment whose processor never captured anything: no other record misses it."""
    books.intents[:] = [each for each in books.intents if each["reference"] != "parked"]
    books.vault = books.tables()["vault"]
    del books.records["payments", "payment", "parked"]


@breaks("seals-cover-the-ledger")
def a_stream_was_written_and_chained_anew(books: Books) -> None:
    altered(books, PAID, 2, cause="tesu")
    books.tampers.append(chain_anew)


@breaks("seals-cover-the-ledger")
def a_commit_was_sealed_twice(books: Books) -> None:
    sealed(books, lambda tables: ledgers.sealed([commits(tables), commits(tables)[:1]]))


@breaks("seals-cover-the-ledger")
def an_old_commit_was_never_sealed(books: Books) -> None:
    sealed(books, lambda tables: ledgers.sealed([commits(tables)[1:]]))


@breaks("seals-cover-the-ledger")
def the_newest_seal_was_deleted(books: Books) -> None:
    books.tampers.append(lambda tables: tables["vault"].pop())


@breaks("totals-are-what-was-sealed")
def a_seal_was_counted_twice(books: Books) -> None:
    twice = {"bank#EUR": {"debit": 5, "credit": 0}, "wallet#EUR": {"debit": 0, "credit": 5}}
    row = {"pk": "totals", "sk": "2026-03-01", "seal": 1, "carried": {}, "moved": twice}
    books.tampers.append(lambda tables: tables["payments"].append(row))


@breaks("a-closed-month-is-constant")
def a_closed_month_was_written_again(books: Books) -> None:
    def closed(tables: Tables) -> None:
        digest = tables["vault"][-1]["digest"]
        row = {"pk": "month", "sk": "2026-03", "seal": len(tables["vault"]), "digest": digest, "totals": {}}
        tables["payments"].append(row)

    books.tampers.append(closed)
