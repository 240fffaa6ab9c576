"""What is enumerated: checkouts, their repair, the sweep and operators' help, each coming to rest."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tests.simulator.faults.kinds import Kind
from tests.simulator.settle.world import EXPRESS, STANDARD


@dataclass(frozen=True)
class Trouble:
    """The first `times` calls of that operation by such a caller, in the first `minutes`, have this fault.

    `operation` may be the operation's first word alone.
    """

    caller: str
    operation: str
    kind: Kind
    times: int = 1
    minutes: float = 1_000


@dataclass(frozen=True)
class Outage:
    """From the minute `begins` to the minute `ends` that function cannot start; "" is every function."""

    function: str
    error: str
    ends: float
    begins: float = 0


BY_A_PERSON = ", by a person"


@dataclass(frozen=True)
class Scenario:
    """A checkout, what troubles it, and how it then ends; its customer cancels before the state `cancels`.

    An order that had to be parked on its way ends BY_A_PERSON. Two executions that run `at_once` are also
    held up for a second at each of their calls, so that either overtakes the other everywhere.

    `resolve` and `republish` are what an operator does about it. Calls are enumerated `since` that minute,
    where all before it is in another scenario too.
    """

    name: str
    ends: str
    method: str = "pm_approve"
    stock: Mapping[str, int] = field(default_factory=lambda: {"cup": 5, "mug": 5})
    lines: Mapping[str, int] = field(default_factory=lambda: {"cup": 1, "mug": 2})
    troubles: tuple[Trouble, ...] = ()
    outages: tuple[Outage, ...] = ()
    saga: str = EXPRESS
    at_once: bool = False
    cancels: str = ""
    resolve: str = ""
    republish: str = ""
    since: int = 0
    forgetful: bool = False


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
ALWAYS = 10_000
# Minutes: for how long an order cannot be ended, and when an operator sees to it.
MANY, SEEN_TO = 470, 475
UNENDED = (
    Trouble("Checkout", "ConfirmOrder", KILLED, ALWAYS, minutes=MANY),
    Trouble("Checkout", "FenceOrder", KILLED, ALWAYS, minutes=MANY),
)
TWICE = (Trouble("checkout.saga.start", "StartExecution", Kind.RESENT),)
AT_ONCE = [
    Scenario("bought by two executions at once", "CONFIRMED", troubles=TWICE, at_once=True),
    Scenario(
        "the last units bought by two executions at once",
        "CONFIRMED",
        stock={"cup": 1, "mug": 2},
        troubles=TWICE,
        at_once=True,
    ),
    Scenario(
        "declined by two executions at once",
        "CANCELLED",
        method="pm_decline",
        troubles=TWICE,
        at_once=True,
    ),
    Scenario(
        "out of stock for two executions at once",
        "CANCELLED",
        stock={"cup": 5, "mug": 1},
        troubles=TWICE,
        at_once=True,
    ),
    Scenario(
        "cancelled, with two executions at once",
        "CANCELLED",
        troubles=TWICE,
        cancels="ConfirmOrder",
        at_once=True,
    ),
]
SCENARIOS: Mapping[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        Scenario("bought", "CONFIRMED"),
        Scenario("declined", "CANCELLED", method="pm_decline"),
        Scenario("captured, the answer lost by the processor", "CONFIRMED", method="pm_error_after"),
        Scenario("the processor fails before it captures", "CANCELLED", method="pm_error_before"),
        Scenario("the processor stalls", "CONFIRMED", method="pm_stall"),
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
            troubles=(Trouble("inventory.consumers", "TransactWriteItems", REFUSED, ALWAYS, minutes=25),),
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
        ),
        Scenario(
            "the refund is stuck for hours, then resumed",
            "CANCELLED" + BY_A_PERSON,
            troubles=(Trouble(":RefundPayment", "Step", REFUSED, ALWAYS, minutes=MANY),),
            cancels="ConfirmOrder",
        ),
        Scenario(
            "parked unconfirmed, then resolved as confirmed",
            "CONFIRMED" + BY_A_PERSON,
            troubles=UNENDED,
            resolve="CONFIRMED",
            since=SEEN_TO,
        ),
        Scenario(
            "parked unconfirmed, then resolved as cancelled, which is refused, and resumed",
            "CANCELLED" + BY_A_PERSON,
            troubles=UNENDED,
            resolve="CANCELLED",
            since=SEEN_TO,
        ),
        Scenario(
            "a minute of throttling",
            "CONFIRMED",
            troubles=(Trouble("CheckoutSaga:", "Step", THROTTLED, ALWAYS, minutes=1),),
        ),
        Scenario(
            "six minutes of throttling, then finished forward",
            "CONFIRMED",
            troubles=(Trouble("CheckoutSaga:", "Step", THROTTLED, ALWAYS, minutes=6),),
        ),
        Scenario(
            "a minute in which reserve_stock cannot start",
            "CONFIRMED",
            outages=(Outage("inventory.tasks.reserve_stock", "Runtime.ImportModuleError", 1),),
        ),
        Scenario(
            "ten minutes in which charge_payment runs out of memory, then finished forward",
            "CONFIRMED",
            outages=(Outage("payments.tasks.charge_payment", "Runtime.OutOfMemory", 10),),
        ),
        Scenario(
            "twenty minutes without Lambda",
            "CONFIRMED",
            outages=(Outage("", "Lambda.ServiceException", 20, begins=0.0015),),
        ),
        Scenario(
            "twenty minutes without the event path",
            "CONFIRMED",
            troubles=(
                Trouble("orders:kernel.triggers.relay.handler", "PutEvents", REFUSED, ALWAYS, minutes=20),
            ),
        ),
        Scenario(
            "the start is accepted and never run",
            "CONFIRMED",
            troubles=(Trouble("checkout.saga.start", "StartExecution", Kind.PARTIAL),),
        ),
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
