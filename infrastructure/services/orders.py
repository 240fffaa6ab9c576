"""Orders: checkouts over HTTP, its saga steps, overdue orders, and its own copy of catalog's prices."""

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from infrastructure.function import ServiceFunction
from infrastructure.platform import Home, Platform
from infrastructure.service_table import Relay, ServiceTable
from infrastructure.subscriptions import on_events


class Orders(Construct):
    """`tasks` are the saga's steps. Checkout asks `claim_overdue` every minute, `order_status` every hour.

    It asks the functions in `interventions` when an operator resumes or resolves an order.
    """

    def __init__(self, scope: Construct, *, platform: Platform) -> None:
        super().__init__(scope, "Orders")
        home = Home("orders", platform)
        table = ServiceTable(self, home=home, indexes={"open": ("open_shard", "due_at")})
        Relay(self, table=table)

        self.api = ServiceFunction(self, "orders.api.handler", home=home)
        self.api.serves()
        table.allow(self.api, "BatchGetItem", "GetItem", "PutItem", "Query", "UpdateItem")
        table.allow(self.api, "Query", index="open")

        prices = ServiceFunction(self, "orders.consumers.handler", home=home, seconds=30)
        on_events(prices)
        table.allow(prices, "UpdateItem")

        confirm = ServiceFunction(self, "orders.tasks.confirm_order", home=home)
        fence = ServiceFunction(self, "orders.tasks.fence_order", home=home)
        cancel = ServiceFunction(self, "orders.tasks.cancel_order", home=home)
        note = ServiceFunction(self, "orders.tasks.note_fault", home=home)
        table.allow(note, "GetItem", "UpdateItem")
        self.tasks = {"ConfirmOrder": confirm, "FenceOrder": fence, "CancelOrder": cancel}
        for task in self.tasks.values():
            table.allow(task, "GetItem", "PutItem", "UpdateItem")
        self.tasks["NoteFault"] = note
        self.interventions = self._interventions(home, table)

        self.order_status = ServiceFunction(self, "orders.tasks.order_status", home=home)
        table.allow(self.order_status, "GetItem")

        self.claim_overdue = ServiceFunction(self, "orders.tasks.claim_overdue", home=home, seconds=30)
        table.allow(self.claim_overdue, "Query", index="open")
        table.allow(self.claim_overdue, "GetItem", "PutItem", "UpdateItem")

        self.erasure = self._erasure(home, table)
        assert confirm.role is not None
        CfnOutput(Stack.of(self), "ConfirmOrderRoleArn", value=confirm.role.role_arn)

    def _erasure(self, home: Home, table: ServiceTable) -> dict[str, ServiceFunction]:
        """What customers asks for before it forgets a person, by the variable that names the function."""
        fence = ServiceFunction(self, "orders.erasure.fence_customer", home=home)
        count = ServiceFunction(self, "orders.erasure.count_open_orders", home=home, seconds=20)
        leaving = ServiceFunction(self, "orders.erasure.handler", home=home, seconds=30)
        on_events(leaving)
        for function in (fence, leaving):
            table.allow(function, "UpdateItem")
        table.allow(count, "BatchGetItem")
        table.allow(count, "Query", index="open")
        return {"FENCE_CUSTOMER": fence, "COUNT_OPEN_ORDERS": count}

    def _interventions(self, home: Home, table: ServiceTable) -> dict[str, ServiceFunction]:
        """What operators ask for, by the variable that names the function."""
        resume = ServiceFunction(self, "orders.tasks.resume_order", home=home)
        resolve = ServiceFunction(self, "orders.tasks.resolve_order", home=home)
        for task in (resume, resolve):
            table.allow(task, "GetItem", "PutItem", "UpdateItem")
        select = ServiceFunction(self, "orders.tasks.select_parked", home=home, seconds=20)
        table.allow(select, "GetItem", "UpdateItem")
        table.allow(select, "Query", index="open")
        return {"RESUME_ORDER": resume, "RESOLVE_ORDER": resolve, "SELECT_PARKED": select}
