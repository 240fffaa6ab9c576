"""Payments: payment methods over HTTP, and the saga's two steps that charge and refund at the processor."""

from constructs import Construct

from infrastructure.function import ServiceFunction
from infrastructure.platform import Home, Platform
from infrastructure.service_table import Relay, ServiceTable
from infrastructure.services.acquirer import Acquirer


class Payments(Construct):
    """The processor is outside of Settle, so payments gets the address and the secret of the sandbox."""

    def __init__(self, scope: Construct, *, platform: Platform, processor: Acquirer) -> None:
        super().__init__(scope, "Payments")
        home = Home("payments", platform)
        table = ServiceTable(self, home=home)
        Relay(self, table=table)

        self.api = ServiceFunction(self, "payments.api.handler", home=home)
        self.api.knows(**platform.target.tokens)
        table.allow(self.api, "GetItem", "UpdateItem")

        self.payment_status = ServiceFunction(self, "payments.tasks.payment_status", home=home)
        table.allow(self.payment_status, "GetItem")

        # A charge asks the processor twice, and each time it may take 11 seconds to time out.
        charge = ServiceFunction(self, "payments.tasks.charge_payment", home=home, seconds=24)
        refund = ServiceFunction(self, "payments.tasks.refund_payment", home=home, seconds=24)
        self.tasks = {"ChargePayment": charge, "RefundPayment": refund}
        for task in self.tasks.values():
            task.waits()
            table.allow(task, "PutItem", "UpdateItem")
            task.knows(PROCESSOR_URL=processor.url)
            processor.share_secret(task)
        table.allow(charge, "BatchGetItem")
        table.allow(refund, "GetItem")
