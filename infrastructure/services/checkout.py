"""Checkout: the saga, its start and repair, the hourly reconciliation, and the routes of operators."""

from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infrastructure.checkout_saga import CheckoutSaga
from infrastructure.function import ServiceFunction
from infrastructure.platform import Home, Platform
from infrastructure.services.inventory import Inventory
from infrastructure.services.orders import Orders
from infrastructure.services.payments import Payments
from infrastructure.subscriptions import on_events, on_schedule


class Checkout(Construct):
    """It owns no table: it starts executions, and asks the other services through their functions."""

    def __init__(
        self,
        scope: Construct,
        *,
        platform: Platform,
        orders: Orders,
        inventory: Inventory,
        payments: Payments,
    ) -> None:
        super().__init__(scope, "Checkout")
        home = Home("checkout", platform)
        tasks = {**orders.tasks, **inventory.tasks, **payments.tasks}
        self.saga = CheckoutSaga(self, platform=platform, tasks=tasks, kind=platform.target.saga)

        start = ServiceFunction(self, "checkout.saga.start", home=home, seconds=30)
        _may_start(start, CHECKOUT_SAGA=self.saga.checkout)
        on_events(start)

        sweep = ServiceFunction(self, "checkout.repair.sweep", home=home, seconds=300)
        _may_start(sweep, CHECKOUT_SAGA=self.saga.checkout, CHECKOUT_REPAIR=self.saga.repair)
        _may_ask(sweep, CLAIM_OVERDUE=orders.claim_overdue)
        on_schedule(sweep)

        reconcile = ServiceFunction(self, "checkout.repair.reconcile", home=home, seconds=300)
        _may_ask(reconcile, ORDER_STATUS=orders.order_status, **inventory.reconciliation)
        _may_ask(reconcile, **payments.reconciliation)
        on_schedule(reconcile)

        # To resolve an order it asks three functions. Each may take ten seconds. The gateway waits for 29.
        self.api = ServiceFunction(self, "checkout.api.handler", home=home, seconds=29)
        self.api.serves()
        _may_start(self.api, CHECKOUT_REPAIR=self.saga.repair)
        _may_ask(self.api, PAYMENT_STATUS=payments.payment_status, **orders.interventions)
        _may_ask(self.api, RESERVATION_STATUS=inventory.reservation_status)


def _may_start(function: ServiceFunction, **machines: sfn.StateMachine) -> None:
    for variable, machine in machines.items():
        function.knows(**{variable: machine.state_machine_arn})
        function.may("states:StartExecution", on=machine.state_machine_arn)


def _may_ask(function: ServiceFunction, **asked: ServiceFunction) -> None:
    for variable, other in asked.items():
        function.knows(**{variable: other.function_arn})
        function.may("lambda:InvokeFunction", on=other.function_arn)
