"""The acquirer's balance: each movement of money with its fee, by time and by source, page by page."""

from datetime import timedelta
from typing import Any

import pytest

from tests.support.acquirer import approved, ask, confirm, created, refund
from tests.support.clock import Clock

pytestmark = pytest.mark.usefixtures("clock", "processor")
DAY = timedelta(days=1).total_seconds()
START = 1767225600  # when the clock of the tests begins


def movements(query: str = "") -> list[tuple[str, int, int, int]]:
    """Kind, amount, fee and what is left of it, the newest first."""
    status, found = ask("GET", f"/balance_transactions?limit=100{query}")
    assert status == 200, found
    return [(one["reporting_category"], one["amount"], one["fee"], one["net"]) for one in found["data"]]


CHARGE = ("charge", 1250, 61, 1189)  # 2.9 % of 1250 are 36.25, and 25
REFUND = ("refund", -1250, 0, -1250)


def test_a_capture_and_a_refund_move_the_balance_and_nothing_else_does(clock: Clock) -> None:
    created(key="only-created")
    confirm(created("pm_decline", key="declined"), key="d")
    intent_id = approved()
    assert movements() == [CHARGE]
    clock.advance(1)
    refund(intent_id)
    assert movements() == [REFUND, CHARGE]


def test_what_happens_later_moves_the_balance_when_it_happens(clock: Clock) -> None:
    refund(approved("pm_refund_fails_later"))
    approved("pm_dispute_won", key="won")
    assert sorted(movements()) == [CHARGE, CHARGE, REFUND]
    clock.advance(2 * DAY)
    assert movements("&type=adjustment") == [("dispute", -1250, 1500, -2750)]
    clock.advance(1 * DAY)
    assert movements("&type=refund_failure") == [("refund_failure", 1250, 0, 1250)]
    clock.advance(9 * DAY)
    assert movements()[0] == ("dispute_reversal", 1250, 0, 1250)


def test_a_payment_that_settles_late_is_in_the_balance_from_then_on(clock: Clock) -> None:
    confirm(created("pm_stall"))
    clock.advance(24)
    assert movements() == []
    clock.advance(1)
    assert movements() == [CHARGE]


def test_the_balance_of_a_time_has_what_happened_in_it(clock: Clock) -> None:
    for day in range(4):
        approved(key=f"day{day}")
        clock.advance(DAY)
    first, last = START + int(DAY), START + int(3 * DAY)
    assert len(movements()) == 4
    assert len(movements(f"&created[gte]={first}&created[lt]={last}")) == 2
    assert len(movements(f"&created[gt]={first}&created[lte]={last}")) == 2
    assert len(movements(f"&created[gte]={first}")) == 3
    assert movements(f"&created[gte]={START + int(40 * DAY)}") == []
    assert ask("GET", "/balance_transactions?created[gte]=yesterday")[0] == 400
    assert ask("GET", f"/balance_transactions?created[gte]={10**20}")[0] == 400


def pages(limit: int) -> list[str]:
    found: list[str] = []
    while True:
        after = f"&starting_after={found[-1]}" if found else ""
        page = ask("GET", f"/balance_transactions?limit={limit}{after}")[1]
        found += [one["id"] for one in page["data"]]
        if not page["has_more"]:
            return found


def test_pages_give_each_movement_once_across_days_and_equal_times(clock: Clock) -> None:
    for key in ("a", "b", "c"):
        approved(key=key)
    clock.advance(1.5 * DAY)
    for key in ("d", "e"):
        approved(key=key)
    whole = pages(100)
    assert len(set(whole)) == 5
    assert pages(1) == pages(2) == whole
    assert ask("GET", "/balance_transactions?starting_after=txn_no")[0] == 400


def test_a_movement_names_its_source_or_shows_it(clock: Clock) -> None:
    intent_id = approved("pm_dispute_lost")
    _, made = refund(intent_id, 250)
    clock.advance(2 * DAY)

    def sources(query: str) -> list[Any]:
        return [one["source"] for one in ask("GET", f"/balance_transactions?limit=9{query}")[1]["data"]]

    dispute, refunded, charge = sources("")
    assert (dispute[:3], refunded, charge[:3]) == ("du_", made["id"], "ch_")
    shown = sources("&expand[]=data.source")
    assert [one["object"] for one in shown] == ["dispute", "refund", "charge"]
    assert {one["payment_intent"] for one in shown} == {intent_id}
    assert movements(f"&source={charge}") == [CHARGE]
    assert movements(f"&source={refunded}") == [("refund", -250, 0, -250)]
    assert movements(f"&source={dispute}") == [("dispute", -1000, 1500, -2500)]
    assert ask("GET", "/balance_transactions?source=ch_unknown")[0] == 404
