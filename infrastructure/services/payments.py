"""Payments: payment methods over HTTP, and the saga's two steps that charge and refund at the processor."""

from constructs import Construct

from infrastructure.function import ServiceFunction
from infrastructure.platform import Home, Platform
from infrastructure.service_table import Relay, ServiceTable
from infrastructure.services.acquirer import Acquirer
from infrastructure.subscriptions import on_events


class Payments(Construct):
    """The processor is outside of Settle, so payments gets the address and the secret of the sandbox."""

    def __init__(self, scope: Construct, *, platform: Platform, processor: Acquirer) -> None:
        super().__init__(scope, "Payments")
        home = Home("payments", platform)
        table = ServiceTable(self, home=home, indexes={"commits": ("hour", "moment")})
        Relay(self, table=table, commits="commits")

        self.api = ServiceFunction(self, "payments.api.handler", home=home)
        self.api.knows(**platform.target.tokens)
        table.allow(self.api, "Query", "UpdateItem")

        self.payment_status = ServiceFunction(self, "payments.tasks.payment_status", home=home)
        table.allow(self.payment_status, "Query")

        self.post_sale = ServiceFunction(self, "payments.tasks.post_sale", home=home)
        consumers = ServiceFunction(self, "payments.consumers.handler", home=home, seconds=30)
        on_events(consumers)
        for function in (self.post_sale, consumers):
            table.allow(function, "Query", "UpdateItem")

        # A charge asks the processor twice, and each time it may take 11 seconds to time out.
        charge = ServiceFunction(self, "payments.tasks.charge_payment", home=home, seconds=24)
        refund = ServiceFunction(self, "payments.tasks.refund_payment", home=home, seconds=24)
        self.tasks = {"ChargePayment": charge, "RefundPayment": refund}
        for task in self.tasks.values():
            task.waits()
            table.allow(task, "Query", "UpdateItem")
            task.knows(PROCESSOR_URL=processor.url)
            processor.share_secret(task)
        table.allow(charge, "GetItem")
