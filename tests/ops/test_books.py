"""The processor's books in `ops.books` show each payment as the processor's own API does."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kernel import identity
from ops import books
from tests.support import acquirer, aws
from tests.support.clock import Clock
from tests.support.processor import Processor

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "settles_at", "captured"),
    [
        ("processing", AT + timedelta(seconds=1), 0),
        ("processing", AT, 1000),
        ("succeeded", None, 1000),
        ("requires_confirmation", None, 0),
    ],
)
def test_the_processor_has_captured_what_has_settled_by_now(
    status: str, settles_at: Any, captured: int
) -> None:
    item = {"sk": "intent", "id": "pi_1", "reference": "o1", "amount": 1000, "currency": "EUR"}
    item |= {"status": status, "settles_at": settles_at.isoformat() if settles_at else "", "refunds": []}
    item |= {"payment_method": "pm_approve"}
    known: list[Any] = [item, {"sk": "refund"}]
    assert [one["amount_captured"] for one in books.intents({"acquirer": known}, AT)] == [captured]


@pytest.mark.parametrize("wait", [0, 24, 25, 3600, 3 * 86400, 13 * 86400])
def test_the_books_say_what_the_processors_api_says(
    cloud: None, monkeypatch: pytest.MonkeyPatch, wait: int
) -> None:
    clock = Clock.install(monkeypatch)
    Processor.install(monkeypatch)
    own = ("pm_approve__ada", "pm_approve__bob")
    methods = ("pm_approve", "pm_refund_fails_later", "pm_decline", "pm_stall", *books.DISPUTES, *own)
    known = [acquirer.created(), *map(_confirmed, methods)]
    assert acquirer.ask("POST", f"/payment_methods/{own[1]}/detach")[0] == 200
    acquirer.refund(known[1], 250)
    acquirer.refund(known[2], 250, key="failing")
    acquirer.refund(known[5], 250, key="in part")
    acquirer.refund(known[6], 1250, key="as a whole")
    acquirer.cancel(known[0])
    clock.advance(wait)
    found = books.intents({"acquirer": aws.items("acquirer")}, identity.now())
    assert {one["id"]: one for one in found} == {id: _told(id, found[0]) for id in known}


def _confirmed(method: str) -> str:
    intent_id = acquirer.created(method, key=method)
    acquirer.confirm(intent_id, key=f"confirm-{method}")
    return intent_id


def _told(intent_id: str, names: dict[str, Any]) -> dict[str, Any]:
    said = acquirer.retrieve(intent_id)
    method = said["payment_method"]
    charge = said["latest_charge"] or {"amount_refunded": 0}
    told = {
        "id": said["id"],
        "reference": said["metadata"]["order_id"],
        "amount": said["amount"],
        "currency": said["currency"].upper(),
        "status": said["status"],
        "attached": acquirer.ask("GET", f"/payment_methods/{method}")[1]["customer"] is not None,
        "amount_captured": said["amount_received"],
        "amount_refunded": charge["amount_refunded"],
        "amount_disputed": 0,
        "dispute_fees": 0,
    }
    for dispute in acquirer.ask("GET", f"/disputes?payment_intent={intent_id}")[1]["data"]:
        told["amount_disputed"] += 0 if dispute["status"] == "won" else dispute["amount"]
        told["dispute_fees"] += sum(one["fee"] for one in dispute["balance_transactions"])
    assert told.keys() == names.keys()
    return told
