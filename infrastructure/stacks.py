"""Puts each construct into its stack, and hands it the constructs that it may refer to."""

from pathlib import Path

from aws_cdk import Annotations, App, Stack, Tags

from infrastructure.dead_letters import all_dead_letters
from infrastructure.edge import Edge
from infrastructure.monitoring import Monitoring
from infrastructure.packaging.assets import clear
from infrastructure.platform import Platform
from infrastructure.services.acquirer import Acquirer
from infrastructure.services.catalog import Catalog
from infrastructure.services.checkout import Checkout
from infrastructure.services.customers import Customers
from infrastructure.services.inventory import Inventory
from infrastructure.services.operations import Operations
from infrastructure.services.orders import Orders
from infrastructure.services.payments import Payments
from infrastructure.services.processor_account import ProcessorAccount
from infrastructure.services.storefront import Storefront
from infrastructure.target import NO_KEYS, Target, target_of

SANDBOX = "Money is a sandbox: payments go to the acquirer stack, and no card is ever charged."
NOBODY = "No issuer of tokens is known (-c issuer=… -c audience=… -c jwks=…): every request will be refused."


def build(app: App) -> None:
    """Builds every stack for the context's target. Ends with a plain sentence for an unknown target."""
    target = _cleared(app)
    platform = Platform(_stack(app, "Platform", target), target=target)
    catalog = Catalog(_stack(app, "Catalog", target), platform=platform)
    orders = Orders(_stack(app, "Orders", target), platform=platform)
    inventory = Inventory(_stack(app, "Inventory", target), platform=platform)
    charged = _stack(app, "Payments", target)
    processor = _account(app, charged, platform=platform)
    payments = Payments(charged, platform=platform, processor=processor)
    people = Customers(_stack(app, "Customers", target), platform=platform, orders=orders, payments=payments)
    storefront = Storefront(_stack(app, "Storefront", target), platform=platform)
    saga = _stack(app, "Checkout", target)
    checkout = Checkout(saga, platform=platform, orders=orders, inventory=inventory, payments=payments)
    letters = all_dead_letters(app)
    operations = Operations(_stack(app, "Operations", target), platform=platform, dead_letters=letters)
    edge = _stack(app, "Edge", target)
    apis = [
        *(catalog.api, people.api, orders.api, inventory.api, payments.api),
        *(checkout.api, storefront.api, operations.api),
    ]
    Edge(edge, platform=platform, apis=[*apis, payments.webhooks])
    machines = checkout.saga.checkout, checkout.saga.repair
    watched = [*(api.home.service for api in apis), "authorizer"]
    Monitoring(edge, platform=platform, watched=watched, machines=machines)
    _warn(target, payments=charged, edge=edge)


def _cleared(app: App) -> Target:
    """The context's target, once nothing of an earlier synthesis is left."""
    clear(Path(app.outdir))
    return target_of(app)


def _account(app: App, payments: Stack, *, platform: Platform) -> ProcessorAccount:
    """Stripe, or the sandbox in a stack of its own."""
    target = platform.target
    if target.payments == "stripe":
        return ProcessorAccount.stripe(payments, target=target)
    return Acquirer(_stack(app, "Acquirer", target), platform=platform).processor


def _warn(target: Target, *, payments: Stack, edge: Stack) -> None:
    if target.is_cloud and target.payments == "sandbox":
        Annotations.of(payments).add_warning_v2("settle:sandbox", SANDBOX)
    if target.tokens["TOKEN_JWKS"] == NO_KEYS:
        Annotations.of(edge).add_warning_v2("settle:issuer", NOBODY)


def _stack(app: App, name: str, target: Target) -> Stack:
    stack = Stack(app, f"Settle{name}", synthesizer=target.synthesizer())
    Tags.of(stack).add("project", "settle")
    Tags.of(stack).add("service", name.lower())
    Tags.of(stack).add("target", target.name)
    return stack
