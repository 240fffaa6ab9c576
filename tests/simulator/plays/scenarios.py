"""What is enumerated: checkouts, their repair, the sweep and operators' help, each coming to rest."""

from collections.abc import Mapping
from dataclasses import replace

from tests.simulator.faults.kinds import Kind
from tests.simulator.plays.bad_minutes import AT_ONCE, BAD_MINUTES
from tests.simulator.plays.money import MONEY
from tests.simulator.plays.scenario import ALWAYS, BY_A_PERSON, Scenario, Trouble
from tests.simulator.settle.world import STANDARD

REFUSED, KILLED, THROTTLED = Kind.REFUSED, Kind.KILLED_BEFORE, Kind.THROTTLED
DIES = [
    Scenario(f"the execution dies before {state}", "CONFIRMED", troubles=(Trouble("Saga", state, KILLED),))
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
OWN = "pm_approve__alice"  # a card of her own, which the processor detaches
FORGOTTEN = [
    Scenario(
        "the customer is forgotten while the order is paid",
        "CONFIRMED",
        method=OWN,
        credit=5000,
        leaves="ChargePayment",
    ),
    Scenario(
        "the customer is forgotten while the order is undone",
        "CANCELLED",
        method=OWN,
        cancels="ConfirmOrder",
        leaves="FenceOrder",
    ),
    Scenario(
        "the customer is forgotten while the wallet pays",
        "CONFIRMED",
        method="wallet",
        credit=5000,
        refunds=(300,),
        leaves="ChargePayment",
    ),
]
# Minutes: for how long an order cannot be ended, and when an operator sees to it.
MANY, SEEN_TO = 470, 475
UNENDED = (
    Trouble("Checkout", "ConfirmOrder", KILLED, ALWAYS, minutes=MANY),
    Trouble("Checkout", "FenceOrder", KILLED, ALWAYS, minutes=MANY),
)
MOST_MUGS = {"cup": 1, "mug": 4}  # no bucket has four of five mugs
SCENARIOS: Mapping[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        Scenario("bought", "CONFIRMED"),
        Scenario("bought from several buckets", "CONFIRMED", lines=MOST_MUGS, buckets=3),
        Scenario(
            "given back to several buckets",
            "CANCELLED",
            lines=MOST_MUGS,
            buckets=3,
            cancels="ChargePayment",
        ),
        Scenario("declined", "CANCELLED", method="pm_decline"),
        Scenario("captured, the answer lost by the processor", "CONFIRMED", method="pm_error_after"),
        Scenario("the processor fails before it captures", "CANCELLED", method="pm_error_before", since=28),
        Scenario("the processor stalls", "CONFIRMED", method="pm_stall"),
        Scenario("the processor is slow", "CONFIRMED", method="pm_approve_slowly"),
        Scenario("one line is out of stock", "CANCELLED", stock={"cup": 5, "mug": 1}),
        *CANCELLED,
        *MONEY,
        *FORGOTTEN,
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
            "the refund is stuck in the saga, then repaired",
            "CANCELLED",
            troubles=(Trouble("CheckoutSaga:RefundPayment", "Step", REFUSED, ALWAYS),),
            cancels="ConfirmOrder",
        ),
        Scenario(
            "the hand-over to the repair fails too, then the sweep repairs",
            "CANCELLED",
            troubles=(
                Trouble("CheckoutSaga:RefundPayment", "Step", REFUSED, ALWAYS),
                Trouble("CheckoutSaga:HandOver", "StartExecution", REFUSED, ALWAYS),
            ),
            cancels="ConfirmOrder",
        ),
        Scenario(
            "the processor refuses every call for six minutes while the order is undone",
            "CANCELLED",
            troubles=(Trouble("payments.tasks.refund_payment", "POST", REFUSED, ALWAYS, minutes=6),),
            cancels="ConfirmOrder",
            since=4,
        ),
        Scenario(
            "the refund is stuck for hours, then resumed",
            "CANCELLED" + BY_A_PERSON,
            troubles=(Trouble(":RefundPayment", "Step", REFUSED, ALWAYS, minutes=MANY),),
            cancels="ConfirmOrder",
            since=SEEN_TO,
        ),
        Scenario(
            "parked unconfirmed, then resolved as confirmed",
            "CONFIRMED" + BY_A_PERSON,
            troubles=UNENDED,
            resolve="CONFIRMED",
            since=SEEN_TO,
        ),
        Scenario(
            "parked unconfirmed, then resumed by one operator and resolved as confirmed by another",
            "CANCELLED" + BY_A_PERSON,
            troubles=UNENDED,
            resolve="CONFIRMED",
            disagree=1,
            since=SEEN_TO,
        ),
        Scenario(
            "parked unconfirmed, then resolved as cancelled, which is refused, and resumed",
            "CANCELLED" + BY_A_PERSON,
            troubles=UNENDED,
            resolve="CANCELLED",
            since=SEEN_TO,
        ),
        *BAD_MINUTES,
        *AT_ONCE,
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
                Trouble("CheckoutSaga:RefundPayment", "Step", Kind.SLOW),
            ),
            cancels="ConfirmOrder",
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
            "CANCELLED" + BY_A_PERSON,
            troubles=(Trouble("Checkout", "CancelOrder", KILLED, ALWAYS, minutes=MANY),),
            cancels="ChargePayment",
            resolve="CANCELLED",
            since=SEEN_TO,
        ),
    )
}
STANDARDLY = ", Standard"


def scenario_of(name: str) -> Scenario:
    """The scenario of that name. With STANDARDLY behind its name it is played by the Standard machine."""
    plain = SCENARIOS[name.removesuffix(STANDARDLY)]
    return replace(plain, name=name, saga=STANDARD) if name.endswith(STANDARDLY) else plain
