"""What is enumerated: checkouts, their repair, the sweep and operators' help, each coming to rest."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.simulator.faults.kinds import Kind


@dataclass(frozen=True)
class Trouble:
    """The first `times` calls of that operation by such a caller, in the first `minutes`, have this fault."""

    caller: str
    operation: str
    kind: Kind
    times: int = 1
    minutes: float = 1_000


@dataclass(frozen=True)
class Scenario:
    """A checkout, what troubles it, and how it then ends; its customer cancels before the state `cancels`.

    The stock of each SKU lies in so many `buckets`. `resolve` and `republish` are what an operator does about
    it. Calls are enumerated `since` that minute, where all before it is in another scenario too.
    """

    name: str
    ends: str
    method: str = "pm_approve"
    stock: Mapping[str, int] = field(default_factory=lambda: {"cup": 5, "mug": 5})
    lines: Mapping[str, int] = field(default_factory=lambda: {"cup": 1, "mug": 2})
    buckets: int = 1
    troubles: tuple[Trouble, ...] = ()
    cancels: str = ""
    resolve: str = ""
    republish: str = ""
    since: int = 0
    forgetful: bool = False


REFUSED, KILLED, THROTTLED = Kind.REFUSED, Kind.KILLED_BEFORE, Kind.THROTTLED
DIES = [
    Scenario(f"the execution dies before {state}", "CANCELLED", troubles=(Trouble("Saga", state, KILLED),))
    for state in ("ReserveStock", "ChargePayment", "ConfirmOrder")
]
UNDONE = [
    Scenario(
        f"cancelled, and the execution dies before {state}",
        "CANCELLED",
        troubles=(Trouble("Saga", state, KILLED),),
        cancels="ConfirmOrder",
    )
    for state in ("FenceOrder", "RefundPayment", "ReleaseStock", "CancelOrder")
]
CANCELLED = [
    Scenario(f"cancelled before {state}", "CANCELLED", cancels=state)
    for state in ("ReserveStock", "ChargePayment", "ConfirmOrder")
]
ALWAYS = 10_000
MOST_MUGS = {"cup": 1, "mug": 4}  # no bucket has four of five mugs
SCENARIOS: Mapping[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        Scenario("bought", "CONFIRMED"),
        Scenario("bought from several buckets", "CONFIRMED", lines=MOST_MUGS, buckets=3, since=1),
        Scenario(
            "given back to several buckets",
            "CANCELLED",
            lines=MOST_MUGS,
            buckets=3,
            cancels="ChargePayment",
        ),
        Scenario("declined", "CANCELLED", method="pm_decline"),
        Scenario("captured, the answer lost by the processor", "CONFIRMED", method="pm_error_after"),
        Scenario("the processor fails before it captures", "CANCELLED", method="pm_error_before"),
        Scenario("the processor stalls", "CANCELLED", method="pm_stall"),
        Scenario("the processor is slow", "CONFIRMED", method="pm_approve_slowly"),
        Scenario("one line is out of stock", "CANCELLED", stock={"cup": 5, "mug": 1}),
        *CANCELLED,
        *DIES,
        *UNDONE,
        Scenario(
            "never started, then by the sweep",
            "CONFIRMED",
            troubles=(Trouble("checkout.saga.start", "StartExecution", REFUSED, ALWAYS, minutes=4),),
        ),
        Scenario(
            "the event of the confirmation is given up on, then reconciled and redriven",
            "CONFIRMED",
            troubles=(Trouble("inventory.consumers", "UpdateItem", REFUSED, ALWAYS, minutes=25),),
        ),
        Scenario(
            "the relay gives up, then its queue republishes",
            "CONFIRMED",
            troubles=(
                Trouble("inventory:kernel.triggers.relay.handler", "PutEvents", REFUSED, ALWAYS, minutes=150),
            ),
        ),
        Scenario(
            "the republisher gives up too, then an operator republishes",
            "CONFIRMED",
            troubles=(
                Trouble("inventory:kernel.triggers.relay.handler", "PutEvents", REFUSED, ALWAYS, minutes=285),
                Trouble("inventory:kernel.triggers.relay.republish", "Query", REFUSED, ALWAYS, minutes=285),
            ),
            republish="inventory",
            since=285,
        ),
        Scenario(
            "the refund is stuck, then resumed",
            "CANCELLED",
            troubles=(Trouble("CheckoutSaga:RefundPayment", "Step", REFUSED, ALWAYS),),
            cancels="ConfirmOrder",
        ),
        Scenario(
            "parked unconfirmed, then resolved as confirmed",
            "CONFIRMED",
            troubles=(
                Trouble("Checkout", "ConfirmOrder", KILLED, ALWAYS, minutes=180),
                Trouble("Checkout", "FenceOrder", KILLED, ALWAYS, minutes=180),
            ),
            resolve="CONFIRMED",
        ),
        Scenario(
            "parked unconfirmed, then resolved as cancelled, which is refused, and resumed",
            "CANCELLED",
            troubles=(
                Trouble("Checkout", "ConfirmOrder", KILLED, ALWAYS, minutes=180),
                Trouble("Checkout", "FenceOrder", KILLED, ALWAYS, minutes=180),
            ),
            resolve="CANCELLED",
            since=185,
        ),
        Scenario(
            "the answer to the confirmation is always lost",
            "CONFIRMED",
            troubles=(Trouble("CheckoutSaga:ConfirmOrder", "Step", Kind.LOST, ALWAYS),),
        ),
        Scenario(
            "a confirmation that comes while the order is undone",
            "CANCELLED",
            troubles=(
                Trouble("CheckoutSaga:ConfirmOrder", "Step", Kind.SLOW),
                Trouble("CheckoutSaga:ConfirmOrder", "Step", REFUSED, 3),
                Trouble("CheckoutSaga:RefundPayment", "Step", Kind.SLOW),
            ),
        ),
        Scenario(
            "the view's events are given up on, then redriven",
            "CONFIRMED",
            troubles=(Trouble("storefront.projector", "UpdateItem", REFUSED, ALWAYS, minutes=25),),
        ),
        Scenario(
            "cancelled, and the processor remembers no key from one request to the next",
            "CANCELLED",
            cancels="ConfirmOrder",
            forgetful=True,
        ),
        Scenario(
            "parked when all is undone, then resolved as cancelled",
            "CANCELLED",
            troubles=(Trouble("Checkout", "CancelOrder", KILLED, ALWAYS, minutes=180),),
            cancels="ChargePayment",
            resolve="CANCELLED",
            since=185,
        ),
    )
}
