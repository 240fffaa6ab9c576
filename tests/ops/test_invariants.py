"""Correct evidence breaks no invariant, and each corruption breaks exactly its own."""

from datetime import timedelta
from typing import Any

import pytest

from ops.evidence import HEALS_WITHIN
from ops.invariants import INVARIANTS, Violation, leaks, violations
from tests.ops import corruptions, corruptions_of_history, corruptions_of_the_ledger
from tests.ops.corruptions import CORRUPTIONS, Corrupt
from tests.support import ledgers
from tests.support.evidence import NOON, Books, Tables
from tests.support.good_books import good

# The invariants that hold at every moment, also while an order moves.
ALWAYS = {
    "the-settlement-has-no-gap",
    "captured-all-or-nothing",
    "captured-once",
    "never-more-than-the-total",
    "stock-adds-up",
    "reservation-is-for-the-lines-ordered",
    "only-forward",
    "nothing-is-confirmed-once-fenced",
    "record-is-what-its-events-say",
    "the-index-has-what-is-open",
    "nothing-without-an-order",
    "no-number-is-given-twice",
    "typed-text-stays-where-it-was-typed",
    "published-is-committed",
    "registrations-stay-with-payments",
    "profiles-are-sealed",
    "who-is-forgotten-has-no-payment-method",
    "who-is-forgotten-has-no-store-credit",
    "orders-end-before-their-customer-is-forgotten",
    "processor-ids-stay-in-the-payment",
    "payment-method-stays-with-its-order",
    "postings-follow-the-chart",
    "seals-are-chained",
    "totals-are-what-was-sealed",
    "a-closed-month-is-constant",
    "seals-cover-the-ledger",
}


# The rules over the sums of what was posted for an order.
LEDGER_SUMS = {
    "no-account-falls-below-its-floor",
    "an-ended-order-holds-no-money",
    "receivable-is-as-the-processor-has-it",
}


def told(books: Books, **sets: Any) -> list[Violation]:
    return violations(books.evidence(**sets))


def test_correct_evidence_breaks_no_invariant() -> None:
    assert told(good()) == []


@pytest.mark.parametrize(("rule", "corrupt"), CORRUPTIONS, ids=[each.__name__ for _, each in CORRUPTIONS])
def test_a_corruption_breaks_exactly_its_invariant(rule: str, corrupt: Corrupt) -> None:
    books = good()
    corrupt(books)
    found = told(books)
    assert {violation.rule for violation in found} == {rule}, found


def test_every_invariant_is_seen_to_break() -> None:
    assert {rule for rule, _ in CORRUPTIONS} == {*INVARIANTS}


@pytest.mark.parametrize(("rule", "corrupt"), CORRUPTIONS, ids=[each.__name__ for _, each in CORRUPTIONS])
def test_moving_orders_are_held_to_the_invariants_of_every_moment_only(rule: str, corrupt: Corrupt) -> None:
    books = good()
    corrupt(books)
    found = {violation.rule for violation in told(books, settled_before=NOON - timedelta(days=1))}
    assert found == {rule} & ALWAYS


@pytest.mark.parametrize(
    ("rule", "corrupt"),
    [
        ("both-books-agree", lambda books: books.intent("nobody", "succeeded", 1000, 1000)),
        ("view-is-the-fold-of-history", lambda books: books.rows.update(nobody={"status": "PENDING"})),
    ],
)
def test_data_of_no_order_never_counts_as_moving(rule: str, corrupt: Corrupt) -> None:
    books = good()
    corrupt(books)
    assert [each.rule for each in told(books)] == [rule]
    assert [each.rule for each in told(books, settled_before=NOON - timedelta(days=1))] == [rule]


def test_an_order_that_moves_no_more_is_held_to_every_invariant() -> None:
    books = good()
    corruptions_of_history.nobody_ever_started_it(books)
    later = NOON + HEALS_WITHIN + timedelta(minutes=5)
    assert [each.rule for each in told(books, at=later, settled_before=later)] == ["every-order-ends"]
    assert told(books, at=later - timedelta(minutes=10), settled_before=later - timedelta(minutes=10)) == []


def test_a_parked_order_does_not_move_by_itself() -> None:
    books = good()
    books.stock(available=4)
    hour = NOON + timedelta(hours=1)
    assert [each.about for each in told(books, at=hour, settled_before=hour)] == ["mug"]


def test_stock_that_is_not_sold_yet_may_still_be_sold_by_itself() -> None:
    books = good()
    corruptions.the_confirmation_never_reached_inventory(books)
    hour = NOON + timedelta(hours=1)
    assert told(books, at=hour, settled_before=hour) == []


def test_an_event_published_over_a_month_ago_needs_no_outbox_row() -> None:
    books = good()
    books.outbox[:] = [event for event in books.outbox if event.source == "settle.payments"]
    assert {each.rule for each in told(books)} == {"published-is-committed"}
    assert told(books, at=NOON + timedelta(days=31)) == []


def test_an_order_undone_before_it_was_done_leaves_tombstones() -> None:
    books = good()
    corruptions.cancelled_at_once(books, "early", customer_id="alice")
    assert told(books) == []


@pytest.mark.parametrize(("before", "rules"), [("CAPTURED", set()), ("PENDING", LEDGER_SUMS)])
def test_a_record_of_the_release_before_is_the_first_commit_of_its_stream(
    before: str, rules: set[str]
) -> None:
    books = good()
    books.tampers.append(lambda tables: kept_as_before(tables, before))
    assert {each.rule for each in told(books)} == rules


def kept_as_before(tables: Tables, status: str) -> None:
    """Makes a record, which the sale closes, of all that `paid` had before. Its event is in an outbox."""
    ledger = corruptions_of_the_ledger
    started, captured, sold = (item for item in ledger.commits(tables) if item["pk"] == ledger.PAID)
    for item in (started, captured):
        tables["payments"].remove(item)
    closed = {"pk": ledger.PAID, "sk": "payment", "status": "CLOSED", "status_before": status}
    terms = {"amount": 1000, "currency": "EUR", "customer_id": "alice", "version": 3, "sequence": 1}
    row = {"pk": "outbox#2026-03-01T12:00#0", "sk": "before", "kind": "outbox", "events": captured["events"]}
    tables["payments"] += [{**closed, **terms}, row]
    sold.update(version=2, sk="payment#0000000002")
    ledger.chain_anew(tables)
    tables["vault"] = ledgers.vault(ledger.commits(tables))


def test_a_commit_of_the_last_two_minutes_needs_no_seal_yet() -> None:
    books = good()
    corruptions_of_the_ledger.the_newest_seal_was_deleted(books)
    assert told(books, at=NOON + timedelta(minutes=2)) == []
    later = told(books, at=NOON + timedelta(minutes=2, microseconds=1))
    assert {each.rule for each in later} == {"seals-cover-the-ledger"}


@pytest.mark.parametrize("back", [0, 300])
def test_a_part_of_a_sale_may_go_back_and_may_be_under_way(back: int) -> None:
    books = good()
    books.refund("paid", 300, "SaleRefundStarted", *(["SaleRefunded"] if back else []))
    for intent in books.intents:
        intent["amount_refunded"] += back if intent["reference"] == "paid" else 0
    assert violations(books.evidence()) == []


def test_an_event_may_be_published_twice() -> None:
    books = good()
    books.published += books.published
    assert told(books) == []


def test_an_invariant_says_in_one_sentence_what_must_hold() -> None:
    for rule in INVARIANTS.values():
        assert rule.says.endswith(".")
        assert "\n" not in rule.says


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"outcome": "done", "order": "8f6d80b1-f407-5b20-8c69-f14c2b6d905a"}', []),
        ("2026-03-01T12:00:00.123456+00:00 took 1234567890 ms", []),
        ("paid by pm_card_visa", ["text 0 holds a processor's token"]),
        ("intent pi_8f6d80b1-f407-5b20-8c69-f14c2b6d905a", ["text 0 holds a processor's id"]),
        ("card 4242-4242-4242-4242 declined", ["text 0 holds a card number"]),
        ("card 4242424242424241 is none", []),
        ("order 42424242-4242-4242-8000-00000000000a took 4242424242424242.5 s", []),
        ("card 4242 4242 4242 4242 until 12 30", ["text 0 holds a card number"]),
        ("blue card", ["text 0 holds a secret"]),
    ],
)
def test_a_leak_is_found_by_its_form_or_because_it_is_known(text: str, found: list[str]) -> None:
    assert leaks([text], ["blue card", ""]) == found
