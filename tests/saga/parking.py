"""How an order comes to need a person, in a world in which that takes no hours."""

from datetime import timedelta

from orders import domain
from tests.support.faults import ALWAYS, Mishap
from tests.support.orders import change
from tests.support.shop import SagaShop
from tests.support.world import MotoWorld

GIVEN_UP = "OrderPlaced OrderParked"
STUCK = "OrderPlaced CancellationStarted OrderParked"


def repaired_in_vain(world: MotoWorld, order_id: str) -> None:
    """Lets the sweep give up, as it does after hours of claims."""
    world.settle()
    with world.service("orders"):
        change(order_id, attempts=domain.MOST_ATTEMPTS_UNFENCED)
    world.sweep(after=timedelta(hours=2))
    world.faults.clear()


def given_up(world: MotoWorld, shop: SagaShop) -> str:
    """An order that is paid and held, and was parked because it could neither be confirmed nor fenced."""
    order_id = shop.order()
    world.faults.plan("ConfirmOrder", Mishap.BEFORE, times=ALWAYS)
    world.faults.plan("FenceOrder", Mishap.BEFORE, times=ALWAYS)
    repaired_in_vain(world, order_id)
    assert shop.outcome(order_id).events["order"] == GIVEN_UP
    return order_id


def undone(world: MotoWorld, shop: SagaShop, method: str = "pm_approve") -> str:
    """An order that is undone, and that was parked because it could not be ended."""
    order_id = shop.order(method)
    world.faults.just_before("ConfirmOrder", lambda: shop.cancel(order_id))
    world.faults.plan("CancelOrder", Mishap.BEFORE, times=ALWAYS)
    repaired_in_vain(world, order_id)
    return order_id


def stuck(world: MotoWorld, shop: SagaShop) -> str:
    """An order that was parked because its refund kept failing. The refund still fails."""
    order_id = shop.order()
    world.faults.just_before("ConfirmOrder", lambda: shop.cancel(order_id))
    world.faults.plan("RefundPayment", Mishap.BEFORE, times=ALWAYS)
    last_repair(world, order_id)
    return order_id


def last_repair(world: MotoWorld, order_id: str) -> None:
    """Lets the sweep claim the fenced order for the last time, after hours of repairs."""
    world.settle()
    with world.service("orders"):
        change(order_id, attempts=domain.MOST_ATTEMPTS - 1)
    world.sweep(after=timedelta(hours=2))
