"""Runs each function that looks at the ledger once, on a world in which orders were placed."""

from datetime import timedelta

from tests.support import aws
from tests.support.world import MotoWorld


def look_at_the_books(world: MotoWorld, order_id: str) -> None:
    """Seals the ledger, counts and audits it, and asks for a statement and for the balance of a day."""
    aws.create_vault()
    operator = {"role": "operator", "customer": "olga"}
    world.call("payments.sealing.seal", {})
    world.call("payments.replay.replay", {})
    world.clock += timedelta(minutes=5)
    world.call("payments.audit.audit", {})
    day, path = {"day": f"{world.clock:%Y-%m-%d}"}, f"/ledger/orders/{order_id}/statement"
    status, told = world.http("payments", "GET", path, **operator)
    assert (status, [line["seal"] for line in told["lines"]]) == (200, [1, 1])
    assert world.http("payments", "GET", "/ledger/trial-balance", query=day, **operator)[1]["accounts"]
