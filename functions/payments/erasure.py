"""Payments' part when a customer is forgotten: it refuses new methods, and forgets those it has."""

from pydantic import BaseModel

from kernel.events import Envelope
from kernel.triggers.consumers import consumer
from kernel.triggers.tasks import Step, task
from payments import registrations


class LeavingCustomer(BaseModel):
    """The field that payments reads of CustomerErasureStarted and CustomerErased."""

    customer_id: str


class ForgetMethods(Step):
    customer_id: str


class Forgotten(BaseModel):
    """How many payment methods this run has forgotten."""

    customer_id: str
    forgotten: int


@task(ForgetMethods, about="customer_id")
def forget_methods(step: ForgetMethods) -> Forgotten:
    """Refuses the customer's further methods, and takes tokens and labels of theirs out of our books.

    It is asked once all orders of the customer have ended: a charge that begins later finds no method.
    """
    registrations.fence(step.customer_id)
    found = registrations.of_customer(step.customer_id)
    for method in found:
        registrations.empty(method)
    return Forgotten(customer_id=step.customer_id, forgotten=len(found))


@consumer(of="customers", types=("CustomerErasureStarted", "CustomerErased"), reads=LeavingCustomer)
def handler(event: Envelope, customer: LeavingCustomer) -> None:
    registrations.fence(customer.customer_id)
