"""Scenarios of money: paid from a wallet, a sale whose event is lost, a ledger sealed all the while."""

from tests.simulator.faults.kinds import Kind
from tests.simulator.plays.scenario import ALWAYS, BY_A_PERSON, Scenario, Trouble

TWICE = (Trouble("checkout.saga.start", "StartExecution", Kind.RESENT),)
# Minutes: just before the first refund, and just before an operator first comes.
REFUNDED, SEEN_TO, SEEN_TO_AGAIN = 24, 189, 304
MONEY = [
    Scenario("paid from the wallet", "CONFIRMED", method="wallet", credit=5000),
    Scenario("the wallet has too little", "CANCELLED", method="wallet", credit=3749),
    Scenario(
        "paid from the wallet, then cancelled",
        "CANCELLED",
        method="wallet",
        credit=5000,
        cancels="ConfirmOrder",
    ),
    Scenario(
        "cancelled before the wallet is charged",
        "CANCELLED",
        method="wallet",
        credit=5000,
        cancels="ChargePayment",
    ),
    Scenario(
        "paid from the wallet by two executions at once",
        "CONFIRMED",
        method="wallet",
        credit=5000,
        troubles=TWICE,
        at_once=True,
    ),
    Scenario(
        "the wallet is charged while the order is undone",
        "CANCELLED",
        method="wallet",
        credit=5000,
        troubles=TWICE,
        cancels="ConfirmOrder",
        at_once=True,
    ),
    Scenario(
        "payments does not hear of the confirmation, then it is reconciled and redriven",
        "CONFIRMED",
        troubles=(Trouble("payments.consumers", "Query", Kind.REFUSED, ALWAYS, minutes=25),),
    ),
    Scenario("two parts of the sale go back", "CONFIRMED", refunds=(300, 300, 3450), since=REFUNDED),
    Scenario(
        "a part goes back later", "CONFIRMED", method="pm_refund_pending", refunds=(300,), since=REFUNDED
    ),
    Scenario(
        "a part cannot go back, and is asked for anew",
        "CONFIRMED",
        method="pm_refund_fails_once",
        refunds=(300,),
        since=SEEN_TO,
    ),
    Scenario(
        "a part can never go back, and becomes store credit",
        "CONFIRMED",
        method="pm_refund_fails",
        refunds=(300,),
        since=SEEN_TO_AGAIN,
    ),
    Scenario(
        "two parts go back to the wallet",
        "CONFIRMED",
        method="wallet",
        credit=5000,
        refunds=(300, 300),
        since=REFUNDED,
    ),
    Scenario("a sale is disputed, and lost", "CONFIRMED", method="pm_dispute_at_once", listens=True, since=1),
    Scenario(
        "an order is undone during a dispute",
        f"CANCELLED{BY_A_PERSON}",
        method="pm_dispute_at_once",
        cancels="ConfirmOrder",
        listens=True,
        since=1,
    ),
    Scenario("the ledger is sealed all the while", "CONFIRMED", seals=True),
]
