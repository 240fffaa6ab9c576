"""What is said of a world at rest: everything that does not hold."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from kernel import identity
from kernel.table.open_index import FOREVER
from ops.invariants import violations
from ops.invariants.privacy import leaks
from tests.simulator.settle.people import Asked, SimulatedShop
from tests.simulator.settle.world import SimulatedWorld
from tests.support.aws import SEALING

# What is asked when an operator comes; by the time of the verdict nothing is parked any more.
GLANCED_AT = {"parked-only-for-what-is-stuck"}
Found = TypeVar("Found")
ENDED = {"CONFIRMED", "CANCELLED", "NEEDS_ATTENTION"}


def orders(world: SimulatedWorld) -> list[dict[str, Any]]:
    return world.items("orders", "order#")


def remembered(look: Callable[[SimulatedWorld], Found]) -> Callable[[SimulatedWorld], Found]:
    """What follows from the items alone is looked for again only when an item has changed."""

    def looked(world: SimulatedWorld) -> Found:
        at, found = world.seen.get(look.__name__, (-1, None))
        if at != world.changes:
            found = look(world)
            world.seen[look.__name__] = world.changes, found
        return cast("Found", found)

    return looked


@remembered
def unfinished(world: SimulatedWorld) -> bool:
    """Whether a schedule has anything to do: an order is open, or its stock or money is held for too long."""
    status = {order["order_id"]: order["status"] for order in orders(world)}
    held = [
        item["order_id"] for item in world.items("inventory", "reservation#") if item["status"] == "RESERVED"
    ]
    commits = world.items("payments", "payment#")  # of the commits of an order the newest is the last
    paid = {item["pk"].partition("#")[2]: json.loads(item["state"]).get("status") for item in commits}
    held += [one for one in paid if (paid[one], status.get(one)) == ("CAPTURED", "CONFIRMED")]
    held = [one for one in held if status.get(one) != "NEEDS_ATTENTION"]
    return bool(set(status.values()) - ENDED or held or refunding(world))


@remembered
def refunding(world: SimulatedWorld) -> list[str]:
    """How far each refund after the sale is whose money has not gone back."""
    commits = world.items("payments", "payment#")  # of the commits of an order the newest is the last
    states = {item["pk"]: json.loads(item["state"]) for item in commits}
    known = [one for state in states.values() for one in state.get("refunds", {}).values()]
    found = [one.get("progress", "PENDING") for one in known if not one.get("ended_by")]
    return [one for one in found if one != "SUCCEEDED"]


@remembered
def disputing(world: SimulatedWorld) -> bool:
    """Whether a payment is, or will be, disputed, and our books have not followed that to its end.

    Where webhooks are heard, the books are also to say what the processor has kept of the payment.
    """
    intents = world.items("acquirer", "intent#")
    taken = {one["reference"] for one in intents if one["settles_at"] and "dispute" in one["payment_method"]}
    if not taken:
        return False
    newest = {item["pk"].partition("#")[2]: item for item in world.items("payments", "payment#")}
    ended = {order_id for order_id in taken & newest.keys() if _is_decided(newest[order_id])}
    rows = world.items("payments", "difference#")
    return taken != ended or any(row["state"] == "OPEN" for row in rows) or _unsettled(world)


def _unsettled(world: SimulatedWorld) -> bool:
    """Whether the settlement has not come to the first minute, in which the payment was captured."""
    known = world.items("payments", "settlement#")
    until = json.loads(known[-1]["state"])["until"] if known else ""
    return bool(known) and until < (world.engine.began + timedelta(minutes=1)).isoformat()


def _is_decided(commit: dict[str, Any]) -> bool:
    known = json.loads(commit["state"]).get("disputes", {}).values()
    return bool(known) and all(one.get("progress", "OPEN") != "OPEN" for one in known)


def hinted(world: SimulatedWorld) -> bool:
    """Whether the processor has something to tell by now."""
    waiting = [one["due_at"] for one in world.items("acquirer", "intent#") if "due_at" in one]
    return any(due_at <= world.engine.now.isoformat() for due_at in waiting)


def leaving(world: SimulatedWorld, *, by: datetime = FOREVER) -> list[str]:
    """Who has asked to be forgotten, and is not yet; somebody looks at it by that time."""
    return [each["customer_id"] for each in _erasing(world) if each["due_at"] <= by.isoformat()]


@remembered
def _erasing(world: SimulatedWorld) -> list[dict[str, Any]]:
    return [each for each in world.items("customers", "customer#") if each["status"] == "ERASING"]


@remembered
def parked(world: SimulatedWorld) -> bool:
    """Whether an order NEEDS_ATTENTION."""
    return any(order["status"] == "NEEDS_ATTENTION" for order in orders(world))


def _recorded(world: SimulatedWorld, asked: Asked) -> bool:
    """Whether what an operator was granted is on record: as an order's event, or an action with its end."""
    who, key, path = asked
    request = identity.derive(who, key)
    if path.startswith("/payments/") and path.endswith("/refunds"):
        return any(request in entry["state"] for entry in world.items("payments", "payment#"))
    if not path.startswith("/ops/"):
        return True
    if path == "/ops/checkouts/resume":
        return any(row["pk"] == f"selection#{request}" for row in world.items("orders", "selection#"))
    if path.startswith("/ops/checkouts/"):
        order_id, act = path.split("/")[3:]
        said = [
            event.data for event in world.bus.published if event.type in ("OrderResumed", "OrderResolved")
        ]
        mine = [data for data in said if (data["order_id"], data["by"]) == (order_id, who)]
        return any("to" in data if act == "resolve" else data.get("resumption") == request for data in mine)
    rows = world.items("operations", "audit#")
    return any(row["id"] == request and row.get("outcome") for row in rows)


def _told(world: SimulatedWorld, shop: SimulatedShop) -> list[str]:
    """What of a profile stands as it is in any table or event, or can be read though it was erased."""
    written = str([world.dynamo.items(table) for table in world.dynamo.tables()] + world.bus.published)
    told = [f"a profile is told: {word}" for word in shop.private if word in written]
    keys = {row["pk"]: row for row in world.dynamo.items(SEALING["KEYS"])}
    people = world.items("customers", "customer#")
    erased = [each["customer_id"] for each in people if each["status"] == "ERASED"]
    kept = [one for one in erased if "wrapped" in keys.get(f"key#{one}", {"wrapped": "nothing is on record"})]
    told += [f"the data key of somebody forgotten is there: {one}" for one in kept]
    gone = {row["pk"].partition("#")[2] for row in world.items("acquirer", "method#")}
    own = [token for token in shop.methods if "__" in token and token not in gone]
    return told + [f"a method of somebody forgotten is attached: {token}" for token in own if erased]


def glance(world: SimulatedWorld) -> list[str]:
    """What is wrong already, in what an operator finds."""
    return [
        f"{one.rule}: {one.about}: {one.what}"
        for one in violations(world.evidence())
        if one.rule in GLANCED_AT
    ]


def logged(world: SimulatedWorld, shop: SimulatedShop) -> list[str]:
    """What stands in the logs and may not."""
    secrets = [*shop.methods.values(), *shop.private]
    return [f"log: {found}" for found in leaks(map(str, world.logs), secrets)]


def verdict(world: SimulatedWorld, shop: SimulatedShop, *, heals: bool) -> list[str]:
    """Everything that does not hold. `heals`: nothing may be left to a person either."""
    wrong = [f"{one.rule}: {one.about}: {one.what}" for one in violations(world.evidence())]
    wrong += [f"same key, same answer: {key}" for key in shop.fickle()]
    wrong += shop.seen
    wrong += [f"not in the audit trail: {asked}" for asked in shop.answers if not _recorded(world, asked)]
    wrong += logged(world, shop)
    wrong += _told(world, shop)
    wrong += [f"dead letter: {found}" for found in leaks(letter.body for letter in world.letters())]
    if heals:
        wrong += [f"not forgotten: {customer_id}" for customer_id in leaving(world)]
        wrong += [f"given up on: {letter.body[:200]}" for letter in world.letters()]
        parked = [order["order_id"] for order in orders(world) if order["status"] == "NEEDS_ATTENTION"]
        wrong += [f"left to a person: {order_id}" for order_id in parked]
        wrong += [f"not given back: {progress}" for progress in refunding(world)]
    return wrong
