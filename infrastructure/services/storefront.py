"""Storefront: it keeps every event of Settle in its journal, and shows orders over HTTP."""

from constructs import Construct

from infrastructure.function import ServiceFunction
from infrastructure.platform import Home, Platform
from infrastructure.service_table import ServiceTable
from infrastructure.subscriptions import on_events


class Storefront(Construct):
    def __init__(self, scope: Construct, *, platform: Platform) -> None:
        super().__init__(scope, "Storefront")
        home = Home("storefront", platform)
        keys = ("customer_id", "placed_at")
        # The release before reads `by_customer`, and an update of a table changes one index. It goes later.
        table = ServiceTable(
            self, home=home, indexes={"orders_of_customer": keys}, copies={"by_customer": keys}
        )

        projector = ServiceFunction(self, "storefront.projector.handler", home=home, seconds=30)
        on_events(projector)
        table.allow(projector, "Query", "UpdateItem")

        self.api = ServiceFunction(self, "storefront.api.handler", home=home)
        self.api.serves()
        table.allow(self.api, "GetItem", "BatchGetItem")
        table.allow(self.api, "Query", index="orders_of_customer")
