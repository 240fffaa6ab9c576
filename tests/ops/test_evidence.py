"""The evidence of a payment is what the newest commit of its stream says, in any order of the items."""

from itertools import permutations
from typing import Any

from tests.support.good_books import good
from tests.support.ledgers import chained, commit


def test_a_payment_is_as_its_newest_commit_says_and_not_as_the_record_that_it_closed() -> None:
    closed = {"pk": "payment#old", "sk": "payment", "version": 4, "sequence": 1, "status": "CLOSED"}
    charge = {"customer_id": "alice", "amount": {"amount": 1000, "currency": "EUR"}, "intent_id": "pi_1"}
    states: list[dict[str, Any]] = [
        {"status": "CAPTURED", "charge": charge, "held": 1000},
        {"status": "SOLD", "charge": charge},
    ]
    stream = chained(
        [commit("payment#old", place, state=state) for place, state in enumerate(states, start=2)]
    )
    for items in permutations([{**closed, "status_before": "CAPTURED"}, *stream]):
        payment = good().evidence(tables={"payments": items}).records("payments", "payment")["old"]
        told = {name: payment[name] for name in ("status", "amount", "currency", "intent_id", "version")}
        terms = {"amount": 1000, "currency": "EUR", "intent_id": "pi_1"}
        assert told == {"status": "SOLD", "version": 3, **terms}
