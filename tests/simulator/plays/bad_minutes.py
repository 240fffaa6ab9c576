"""Scenarios of AWS's bad minutes: throttling, functions that cannot start, starts that run twice or never."""

from tests.simulator.faults.kinds import Kind
from tests.simulator.plays.scenario import ALWAYS, Outage, Scenario, Trouble

REFUSED, THROTTLED = Kind.REFUSED, Kind.THROTTLED
CHARGES = "payments.tasks.charge_payment"
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
BAD_MINUTES = [
    Scenario(
        "a minute of throttling",
        "CONFIRMED",
        troubles=(Trouble("CheckoutSaga:", "Step", THROTTLED, ALWAYS, minutes=1),),
        since=1,
    ),
    Scenario(
        "six minutes of throttling, then finished forward",
        "CONFIRMED",
        troubles=(Trouble("CheckoutSaga:", "Step", THROTTLED, ALWAYS, minutes=6),),
        since=5,
    ),
    Scenario(
        "a minute in which reserve_stock cannot start",
        "CONFIRMED",
        outages=(Outage("inventory.tasks.reserve_stock", "Runtime.ImportModuleError", 1),),
        since=1,
    ),
    Scenario(
        "ten minutes in which charge_payment runs out of memory, then finished forward",
        "CONFIRMED",
        outages=(Outage(CHARGES, "Runtime.OutOfMemory", 10),),
        since=9,
    ),
    Scenario(
        "twenty minutes without Lambda",
        "CONFIRMED",
        outages=(Outage("", "Lambda.ServiceException", 20, begins=0.0015),),
        since=19,
    ),
    Scenario(
        "twenty minutes without the event path",
        "CONFIRMED",
        troubles=(Trouble("orders:kernel.triggers.relay.handler", "PutEvents", REFUSED, ALWAYS, minutes=20),),
        since=19,
    ),
    Scenario(
        "forty minutes in which no execution can be started, then finished forward",
        "CONFIRMED",
        troubles=(Trouble("checkout.", "StartExecution", REFUSED, ALWAYS, minutes=40),),
        since=39,
    ),
    Scenario(
        "twelve minutes without charge_payment, then no execution can be started, then finished forward",
        "CONFIRMED",
        troubles=(Trouble("checkout.repair", "StartExecution", REFUSED, ALWAYS, minutes=40, begins=13),),
        outages=(Outage(CHARGES, "Runtime.ExitError", 12),),
        since=39,
    ),
    Scenario(
        "seventeen minutes in which charge_payment cannot start, then finished forward",
        "CONFIRMED",
        outages=(Outage(CHARGES, "Runtime.ExitError", 17),),
        since=16,
    ),
    Scenario(
        "half a minute without the processor, in which the charge is cut off",
        "CONFIRMED",
        troubles=(Trouble(CHARGES, "POST", REFUSED, ALWAYS, minutes=0.5),),
    ),
    Scenario(
        "the start is accepted and never run",
        "CONFIRMED",
        troubles=(Trouble("checkout.saga.start", "StartExecution", Kind.PARTIAL),),
    ),
]
