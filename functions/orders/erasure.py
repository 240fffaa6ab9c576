"""Orders' part when a customer is forgotten: it refuses them, and tells whether their orders have ended."""

from datetime import datetime

from pydantic import BaseModel

from kernel.events import Envelope
from kernel.triggers.consumers import consumer
from kernel.triggers.tasks import Step, task
from orders import fences


class LeavingCustomer(BaseModel):
    """The field that orders reads of CustomerErasureStarted and CustomerErased."""

    customer_id: str


class FenceCustomer(Step):
    customer_id: str


class CountOpenOrders(Step):
    """Asks about the customer's orders among the open or the parked ones, from that place on."""

    customer_id: str
    kind: fences.Kind
    place: fences.Place = fences.Place(0, None)
    limit: int = 100


class Fenced(BaseModel):
    customer_id: str
    since: datetime


class OpenPage(BaseModel):
    """How many open orders of the customer a page has, and where the next page begins, if there is one."""

    open: int
    following: fences.Place | None


@task(FenceCustomer, about="customer_id")
def fence_customer(step: FenceCustomer) -> Fenced:
    """Refuses the customer from now on, in case CustomerErasureStarted was lost. Tells since when."""
    return Fenced(customer_id=step.customer_id, since=fences.raise_for(step.customer_id))


@task(CountOpenOrders, about="customer_id")
def count_open_orders(step: CountOpenOrders) -> OpenPage:
    """Counts the customer's open orders, page by page; an order placed a moment ago may be missing."""
    page = fences.count(step.customer_id, step.kind, place=step.place, limit=step.limit)
    return OpenPage(open=page.open, following=page.following)


@consumer(of="customers", types=("CustomerErasureStarted", "CustomerErased"), reads=LeavingCustomer)
def handler(event: Envelope, customer: LeavingCustomer) -> None:
    fences.raise_for(customer.customer_id)
