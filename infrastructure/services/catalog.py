"""Catalog: products and prices over HTTP."""

from constructs import Construct

from infrastructure.function import ServiceFunction
from infrastructure.platform import Home, Platform
from infrastructure.service_table import Relay, ServiceTable


class Catalog(Construct):
    def __init__(self, scope: Construct, *, platform: Platform) -> None:
        super().__init__(scope, "Catalog")
        home = Home("catalog", platform)
        table = ServiceTable(self, home=home)
        Relay(self, table=table)

        self.api = ServiceFunction(self, "catalog.api.handler", home=home)
        self.api.serves()
        table.allow(self.api, "GetItem", "PutItem", "UpdateItem")
