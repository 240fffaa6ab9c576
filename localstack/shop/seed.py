"""Fills a deployed Settle with products, stock and a customer's payment methods, over its HTTP API only.

`python -m localstack.shop.seed` fills the emulator on this machine. Every run makes new SKUs, so results stay
exact.
"""

from collections.abc import Callable
from dataclasses import dataclass

from localstack.machine import deploy, emulator
from localstack.shop.deployed import DeployedShop

PRICE = 1250
PLENTY = 10
STOCK = {
    "Assam": PLENTY,
    "Bancha": PLENTY,
    "Ceylon": 1,
    "Darjeeling": PLENTY,
    "Earl Grey": PLENTY,
    "Fuji": PLENTY,
    "Genmaicha": PLENTY,
    "Hojicha": PLENTY,
    "Jasmine": PLENTY,
}
METHODS = ("pm_approve", "pm_decline", "pm_approve_slowly", "pm_error_after")
CUSTOMER = "alice"


@dataclass(frozen=True)
class Seed:
    """The SKU of each tea, and the customer's payment method for each test method of the acquirer."""

    skus: dict[str, str]
    methods: dict[str, str]


def seed(shop: DeployedShop, tell: Callable[[str], None]) -> Seed:
    """Nine teas on sale at 12.50 EUR and in stock; alice can pay in four ways."""
    skus = {name: shop.new_product(PRICE, stock, name) for name, stock in STOCK.items()}
    tell(f"an operator lists {len(skus)} teas at {PRICE / 100:.2f} EUR and receives stock: {STOCK}")
    methods = {token: shop.method(CUSTOMER, token) for token in METHODS}
    tell(f"{CUSTOMER} gets a token and registers payment methods: {', '.join(methods)}")
    for sku in skus.values():
        shop.on_sale(sku, PRICE)
    tell("the prices have reached the orders service")
    return Seed(skus, methods)


def main() -> None:
    seeded = seed(DeployedShop(deploy.deploy(emulator.start().endpoint, emulator.STATE)), print)
    print(*(f"{kind}: {name}" for kind, name in (seeded.skus | seeded.methods).items()), sep="\n")


if __name__ == "__main__":
    main()
