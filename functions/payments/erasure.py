"""Payments' part when a customer is forgotten: it pays the wallet out, and forgets the payment methods."""

from pydantic import BaseModel

from kernel.errors import Fault
from kernel.events import Envelope
from kernel.money import Money
from kernel.triggers.consumers import consumer
from kernel.triggers.observability import noted
from kernel.triggers.tasks import Step, task
from payments import adapters, registrations, wallets
from payments.registrations import Method


class MethodsRemain(Fault):
    """Some payment methods could not be forgotten: a token stays until the processor has detached it."""


class LeavingCustomer(BaseModel):
    """The field that payments reads of CustomerErasureStarted and CustomerErased."""

    customer_id: str


class PayOutWallet(Step):
    customer_id: str


class ForgetMethods(Step):
    customer_id: str


class Emptied(BaseModel):
    """What was in the wallet and is paid out: the same in each run."""

    customer_id: str
    paid: list[Money]


class Forgotten(BaseModel):
    """How many payment methods this run has forgotten."""

    customer_id: str
    forgotten: int


@task(PayOutWallet, about="customer_id")
def pay_out_wallet(step: PayOutWallet) -> Emptied:
    """Pays out by bank, once, all that is in the customer's wallet, and closes the wallet for good.

    It is asked once all orders of the customer have ended. While credit is held, it fails: CreditHeld.
    """
    return Emptied(customer_id=step.customer_id, paid=[*wallets.close(step.customer_id, cause=step.cause)])


@task(ForgetMethods, about="customer_id")
def forget_methods(step: ForgetMethods) -> Forgotten:
    """Refuses the customer's further methods, detaches theirs at the processor, and forgets token and label.

    It is asked once all orders of the customer have ended: a charge that begins later finds no method. One
    method that fails holds up no other. Then the run fails (MethodsRemain), and the next finds what is left.
    """
    registrations.fence(step.customer_id)
    failed: dict[str, dict[str, object]] = {}
    found = registrations.of_customer(step.customer_id)
    for place, method in enumerate(found, start=1):
        with noted(failed, f"method {place}"):  # no id of a method is ever logged
            _forget(method)
    if failed:
        outcomes = sorted({str(each["outcome"]) for each in failed.values()})
        raise MethodsRemain(f"{len(failed)} of {len(found)} methods remain: {', '.join(outcomes)}")
    return Forgotten(customer_id=step.customer_id, forgotten=len(found))


def _forget(method: Method) -> None:
    """Detached first: once the token is gone from our books, nobody could detach the method any more."""
    if not method.is_wallet:
        adapters.provider().detach(method.token)
    registrations.empty(method)


@consumer(of="customers", types=("CustomerErasureStarted", "CustomerErased"), reads=LeavingCustomer)
def handler(event: Envelope, customer: LeavingCustomer) -> None:
    """Refuses the customer. A method of somebody erased stands in a restored table only, and goes again.

    By CustomerErased each method was detached at the processor, so it is not detached once more.
    """
    registrations.fence(customer.customer_id)
    if event.type == "CustomerErased":
        for method in registrations.of_customer(customer.customer_id):
            registrations.empty(method)
