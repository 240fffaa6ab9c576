"""Inventory: stock over HTTP, its saga steps, the sale of confirmed orders, and overdue reservations."""

from constructs import Construct

from infrastructure.function import ServiceFunction
from infrastructure.platform import Home, Platform
from infrastructure.service_table import Relay, ServiceTable
from infrastructure.subscriptions import on_events


class Inventory(Construct):
    """`tasks` are the saga's steps. `reconciliation` are the functions that checkout asks every hour."""

    def __init__(self, scope: Construct, *, platform: Platform) -> None:
        super().__init__(scope, "Inventory")
        home = Home("inventory", platform)
        table = ServiceTable(self, home=home, indexes={"open": ("open_shard", "due_at")})
        Relay(self, table=table)

        self.api = ServiceFunction(self, "inventory.api.handler", home=home)
        self.api.serves()
        table.allow(self.api, "BatchGetItem", "GetItem", "PutItem", "UpdateItem")

        reserve = ServiceFunction(self, "inventory.tasks.reserve_stock", home=home)
        release = ServiceFunction(self, "inventory.tasks.release_stock", home=home)
        commit = ServiceFunction(self, "inventory.tasks.commit_stock", home=home)
        consumers = ServiceFunction(self, "inventory.consumers.handler", home=home, seconds=30)
        on_events(consumers)
        for function in (reserve, release):
            table.allow(function, "GetItem", "PutItem", "UpdateItem")
        for function in (commit, consumers):
            table.allow(function, "UpdateItem")
        table.allow(reserve, "BatchGetItem")

        claim = ServiceFunction(self, "inventory.tasks.claim_open", home=home, seconds=30)
        table.allow(claim, "Query", index="open")
        table.allow(claim, "GetItem", "UpdateItem")

        self.reservation_status = ServiceFunction(self, "inventory.tasks.reservation_status", home=home)
        table.allow(self.reservation_status, "GetItem")

        self.tasks = {"ReserveStock": reserve, "ReleaseStock": release}
        self.reconciliation = {"CLAIM_OPEN": claim, "COMMIT_STOCK": commit, "RELEASE_STOCK": release}
