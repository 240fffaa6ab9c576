"""Statements over HTTP: cut by seals as of a time; for customers without the processor's references."""

from typing import Any

import pytest

from payments import api, sealing
from tests.support import aws
from tests.support.clock import Clock
from tests.support.payments import charge, intent_of, refund
from tests.support.processor import Processor

SERVICE = "payments"
pytestmark = pytest.mark.usefixtures("service", "clock", "processor")
OPERATOR = {"role": "operator", "customer": "olga"}


def ask(path: str = "/ledger/orders/o1/statement", **query: str) -> dict[str, Any]:
    status, told = aws.call(api.handler, "GET", path, query=query, **OPERATOR)
    assert status == 200, told
    return told


def seal(clock: Clock) -> None:
    clock.advance(60)
    sealing.seal({}, None)


def give(amount: int, key: str, customer: str = "alice") -> None:
    body = {"amount": amount, "currency": "EUR", "because": "sorry"}
    path = f"/wallets/{customer}/deposits"
    assert aws.call(api.handler, "POST", path, body, key=key, **OPERATOR)[0] == 201


def amounts(told: dict[str, Any]) -> list[tuple[str, int, int, int | None]]:
    return [(line["code"], line["amount"], line["running"], line["seal"]) for line in told["lines"]]


def test_an_orders_statement_is_provisional_until_a_seal_is_past_its_moment(clock: Clock) -> None:
    charge()
    told = ask()
    assert (amounts(told), told["seal"], told["provisional"]) == ([("capture", 1250, 1250, None)], 0, True)
    seal(clock)
    told = ask()
    assert (amounts(told), told["seal"], told["provisional"]) == ([("capture", 1250, 1250, 1)], 1, True)
    past = clock.now().isoformat()
    clock.advance(3600)
    refund()
    seal(clock)
    told = ask(at=past)
    assert (amounts(told), told["seal"], told["provisional"]) == ([("capture", 1250, 1250, 1)], 1, False)
    assert told["closing"] == [{"amount": 1250, "currency": "EUR"}]
    told = ask(**{"from": past})
    assert amounts(told) == [("refund", -1250, 0, 2)]
    assert told["opening"] == [{"amount": 1250, "currency": "EUR"}]
    assert told["closing"] == [{"amount": 0, "currency": "EUR"}]


def test_a_wallets_owner_sees_its_statement_and_an_operator_the_references_too(clock: Clock) -> None:
    give(500, "k1")
    seal(clock)
    status, mine = aws.call(api.handler, "GET", "/wallets/me/statement", customer="alice")
    theirs = ask("/ledger/wallets/alice/statement", by="effective")
    assert (status, mine["account"], mine["lines"][0]["amount"]) == (200, "wallet:alice", 500)
    assert "reference" not in mine["lines"][0]
    assert theirs["lines"][0].pop("reference") == ""
    assert theirs["lines"] == mine["lines"]
    assert ask("/ledger/wallets/bob/statement")["lines"] == []


def test_the_processors_id_is_shown_to_operators_only(clock: Clock) -> None:
    charge()
    seal(clock)
    assert [line["reference"] for line in ask()["lines"]] == [intent_of()]
    for path in ("/ledger/orders/o1/statement", "/ledger/wallets/alice/statement"):
        status, problem = aws.call(api.handler, "GET", path, customer="alice")
        assert (status, problem["error"]) == (403, "Forbidden"), path


@pytest.mark.parametrize(
    "query",
    [
        {"from": "2026-01-01"},
        {"to": "1767225600"},
        {"at": "2026-01-01T00:00:00"},
        {"at": "2026-13-01T00:00:00Z"},
        {"to": "0001-01-01T00:00:00+23:00"},
        {"by": "sealed"},
    ],
    ids=str,
)
def test_a_question_that_cannot_be_understood_is_refused(query: dict[str, str]) -> None:
    charge()
    status, problem = aws.call(api.handler, "GET", "/ledger/orders/o1/statement", query=query, **OPERATOR)
    assert (status, problem["error"]) == (400, "InvalidRequest")


def test_an_order_that_payments_has_not_heard_of_has_no_statement() -> None:
    for order_id in ("o9", "not%20an%20id"):
        status, problem = aws.call(api.handler, "GET", f"/ledger/orders/{order_id}/statement", **OPERATOR)
        assert (status, problem["error"]) == (404, "NotFound")


def test_a_commit_is_found_in_its_seal_among_many(clock: Clock, processor: Processor) -> None:
    """The seals are found by halving, and a page of them is read at a time."""
    for number in range(1, 41):
        give(number, f"k{number}")
        seal(clock)
    assert processor.books("o1").captured == 0
    told = ask("/ledger/wallets/alice/statement", at="2026-01-01T00:30:30Z")
    assert (told["seal"], told["provisional"]) == (30, False)
    assert [line["seal"] for line in told["lines"]] == list(range(1, 31))
    assert told["closing"] == [{"amount": sum(range(1, 31)), "currency": "EUR"}]
