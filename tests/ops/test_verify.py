"""The command `make verify` reads a stack that goes on writing, says what is wrong and ends accordingly."""

import argparse
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from kernel import identity
from kernel.table import items
from ops import verify
from ops.deployment import Deployment
from ops.evidence import Item
from ops.invariants import INVARIANTS, violations
from tests.support.deployment import deployed, put
from tests.support.evidence import NOON
from tests.support.good_books import good

QUARTER = timedelta(minutes=15)
AT = NOON + timedelta(hours=1)


@pytest.fixture(autouse=True)
def _time(cloud: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "now", lambda: AT)


def test_a_stack_that_is_right_has_no_violation_and_nothing_moves() -> None:
    found = verify.gather(deployed(good()), QUARTER)
    assert violations(found) == []
    assert sorted(found.orders) == ["credited", "paid", "parked", "undone"]
    assert [order for order in found.orders if found.moves(order)] == []
    assert len(found.published) == len(found.committed) == len(good().outbox)
    assert {intent["reference"] for intent in found.intents} == {"paid", "parked", "undone"}


def test_orders_with_a_recent_event_still_move() -> None:
    found = verify.gather(deployed(good(since=AT - timedelta(minutes=10))), QUARTER)
    assert all(found.moves(order) for order in found.orders)


class Passing(Deployment):
    """A table that is written to during a scan: the scan misses a row whose place it has passed."""

    def scan(self, table: str, **options: Any) -> Iterator[Item]:
        rows = list(super().scan(table, **options))
        return (row for row in rows if options or not row["sk"].startswith("late"))


def test_an_order_that_changes_while_it_is_read_is_taken_for_moving() -> None:
    books = good()
    stack = deployed(books)
    books.since = AT
    books.said("parked", "OrderResumed")
    books.order("parked", "NEEDS_ATTENTION")
    put("orders", [books.records["orders", "order", "parked"]])
    row = {"pk": "outbox#now#0", "kind": "outbox", "events": [books.outbox[-1].model_dump_json()]}
    put("orders", [{**row, "sk": "late"}])
    found = verify.gather(Passing(stack.name, stack.client), QUARTER)
    assert [order for order in found.orders if found.moves(order)] == ["parked"]
    assert violations(found) == []


def test_the_verification_ends_well_and_tells_what_it_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stack = deployed(good())
    monkeypatch.setattr(verify, "here", lambda: stack)
    assert verify.main([]) == 0
    said = capsys.readouterr().out
    assert "Auditing a test" in said
    assert f"{len(INVARIANTS)} rules, 4 orders, 1 SKUs, {len(good().outbox)} events" in said
    assert "6 units are taken: 2 are reserved, 4 sold." in said
    assert all(rule.says in said for rule in INVARIANTS.values())


def test_the_verification_ends_badly_and_names_the_rule_and_the_order(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    books = good()
    books.records["orders", "order", "paid"]["open_shard"] = "open#2"
    stack = deployed(books)
    monkeypatch.setattr(verify, "here", lambda: stack)
    assert verify.main(["--settled", "5m"]) == 1
    said = capsys.readouterr().out
    assert "the-index-has-what-is-open  order/paid" in said
    assert "1 violations" in said


def test_orders_that_move_are_reported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stack = deployed(good(since=AT - timedelta(minutes=10)))
    monkeypatch.setattr(verify, "here", lambda: stack)
    assert verify.main([]) == 0
    assert "4 orders are still moving" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "seconds"), [("60s", 60), ("90s", 90), ("15m", 900), ("2h", 7200), ("1m", 60)]
)
def test_the_time_until_an_order_is_settled_has_a_unit(text: str, seconds: int) -> None:
    assert verify.duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "15", "59s", "0m", "1d", "m"])
def test_a_time_too_short_to_be_sound_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        verify.duration(text)


def test_a_table_larger_than_a_page_is_read_to_its_end() -> None:
    stack = deployed(good())
    filler = "x" * 300_000
    put("catalog", [{"pk": f"filler#{place}", "sk": "filler", "text": filler} for place in range(5)])
    found = list(stack.scan("catalog-table"))
    first = items.client().scan(TableName="catalog-table")
    assert "LastEvaluatedKey" in first
    assert len([item for item in found if item["sk"] == "filler"]) == 5
