"""Payments: payment methods over HTTP, and the saga's two steps that charge and refund at the processor."""

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from infrastructure.function import ServiceFunction
from infrastructure.platform import Home, Platform
from infrastructure.service_table import Relay, ServiceTable, Vault
from infrastructure.services.processor_account import ProcessorAccount
from infrastructure.subscriptions import on_events, on_schedule

INDEXES = {"commits": ("hour", "moment"), "open": ("open_shard", "due_at")}


class Payments(Construct):
    """The processor is outside of Settle, so payments gets its address and its secret."""

    def __init__(self, scope: Construct, *, platform: Platform, processor: ProcessorAccount) -> None:
        super().__init__(scope, "Payments")
        home = Home("payments", platform)
        table = ServiceTable(self, home=home, indexes=INDEXES)
        Relay(self, table=table, commits="commits")

        self.api = ServiceFunction(self, "payments.api.handler", home=home)
        self.api.serves()
        table.allow(self.api, "BatchGetItem", "GetItem", "Query", "UpdateItem")

        self.payment_status = ServiceFunction(self, "payments.tasks.payment_status", home=home)
        table.allow(self.payment_status, "Query")

        self.tasks = self._tasks(home, table, processor)
        self.reconciliation = {**self._watch(home, table), "REFUND_PAYMENT": self.tasks["RefundPayment"]}
        self._refunds(home, table, processor)
        self.webhooks = self._webhooks(home, table, processor)
        self._reconcile(home, table, processor)
        self.erasure = self._erasure(home, table, processor)
        self._seal(home, table)

    def _tasks(
        self, home: Home, table: ServiceTable, processor: ProcessorAccount
    ) -> dict[str, ServiceFunction]:
        """A charge asks the processor twice, and each time it may take 11 seconds to time out."""
        charge = ServiceFunction(self, "payments.tasks.charge_payment", home=home, seconds=24)
        refund = ServiceFunction(self, "payments.tasks.refund_payment", home=home, seconds=24)
        for task in (charge, refund):
            task.waits()
            table.allow(task, "Query", "UpdateItem")
            processor.is_called_by(task)
        table.allow(charge, "GetItem")
        table.allow(charge, "PutItem", partition="circuit")
        return {"ChargePayment": charge, "RefundPayment": refund}

    def _watch(self, home: Home, table: ServiceTable) -> dict[str, ServiceFunction]:
        """A sale is posted when its order is confirmed; if that is not heard of, what is held is claimed."""
        post_sale = ServiceFunction(self, "payments.tasks.post_sale", home=home)
        consumers = ServiceFunction(self, "payments.consumers.handler", home=home, seconds=30)
        on_events(consumers)
        claim = ServiceFunction(self, "payments.tasks.claim_unsold", home=home, seconds=30)
        table.allow(claim, "Query", index="open")
        watch = ServiceFunction(self, "payments.watch.watch", home=home, seconds=300)
        on_schedule(watch)
        table.allow(watch, "Query", index="commits")
        for function in (post_sale, consumers, claim, watch):
            table.allow(function, "Query", "UpdateItem")
        for function in (claim, watch):
            table.allow(function, "GetItem")
        return {"CLAIM_UNSOLD": claim, "POST_SALE": post_sale}

    def _refunds(self, home: Home, table: ServiceTable, processor: ProcessorAccount) -> None:
        """Refunds after the sale: operators decide them, and a schedule asks the processor."""
        refunds = ServiceFunction(self, "payments.refunding.see_to_refunds", home=home, seconds=300)
        on_schedule(refunds)
        processor.is_called_by(refunds)
        table.allow(refunds, "GetItem", "Query", "UpdateItem")
        for function in (refunds, self.api):
            table.allow(function, "Query", index="open")

    def _webhooks(self, home: Home, table: ServiceTable, processor: ProcessorAccount) -> ServiceFunction:
        """A webhook has the processor's books looked at: three answers, each of which may take 11 seconds."""
        webhooks = ServiceFunction(self, "payments.webhooks_api.handler", home=home, seconds=29)
        webhooks.serves()
        processor.is_called_by(webhooks)
        address = home.platform.target.address(Stack.of(self), api="{api}", stage="{stage}")
        webhooks.knows(PUBLIC_ADDRESS=address)
        table.allow(webhooks, "GetItem", "Query", "UpdateItem")
        return webhooks

    def _reconcile(self, home: Home, table: ServiceTable, processor: ProcessorAccount) -> None:
        """The processor's books are compared with the ledger; what differs is listed for operators."""
        reconcile = ServiceFunction(self, "payments.reconciliation.reconcile", home=home, seconds=300)
        on_schedule(reconcile)
        CfnOutput(Stack.of(self), "ReconcileName", value=reconcile.function_name)
        processor.is_called_by(reconcile)
        table.allow(reconcile, "BatchGetItem", "Query", "UpdateItem")
        for index in ("commits", "open"):
            table.allow(reconcile, "Query", index=index)

    def _erasure(
        self, home: Home, table: ServiceTable, processor: ProcessorAccount
    ) -> dict[str, ServiceFunction]:
        """What customers asks for when a person is to be forgotten.

        Each method may take 22 seconds to time out at the processor. Who asks does not wait so long.
        """
        leaving = ServiceFunction(self, "payments.erasure.handler", home=home, seconds=30)
        on_events(leaving)
        table.allow(leaving, "GetItem", "Query", "UpdateItem")
        pay_out = ServiceFunction(self, "payments.erasure.pay_out_wallet", home=home)
        table.allow(pay_out, "Query", "UpdateItem")
        forget = ServiceFunction(self, "payments.erasure.forget_methods", home=home, seconds=300)
        table.allow(forget, "GetItem", "Query", "UpdateItem")
        processor.is_called_by(forget)
        return {"PAY_OUT_WALLET": pay_out, "FORGET_METHODS": forget}

    def _seal(self, home: Home, table: ServiceTable) -> None:
        """The sealer may read commits and stragglers and add to the vault, and change neither of them."""
        vault = Vault(self, home=home)
        seal = ServiceFunction(self, "payments.sealing.seal", home=home, seconds=60)
        on_schedule(seal)
        table.allow(seal, "Query")
        table.allow(seal, "Query", index="commits")
        vault.allow(seal, "PartiQLInsert", "Query")
        self._look_back(home, table, vault)

    def _look_back(self, home: Home, table: ServiceTable, vault: Vault) -> None:
        """Statements, totals and the audit may read the vault, and never add to it."""
        replay = ServiceFunction(self, "payments.replay.replay", home=home, seconds=300)
        on_schedule(replay)
        table.allow(replay, "BatchGetItem", "Query", "UpdateItem")
        audit = ServiceFunction(self, "payments.audit.audit", home=home, seconds=300)
        on_schedule(audit)
        table.allow(audit, "Query", index="commits")
        table.allow(audit, "GetItem", "Query", "UpdateItem")
        for reader in (self.api, replay, audit):
            vault.allow(reader, "Query")
