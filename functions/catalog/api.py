"""Catalog over HTTP: operators list, price and retire products; everybody reads them."""

from collections.abc import Callable
from typing import Annotated, TypedDict

from pydantic import AfterValidator, Field, StringConstraints

from catalog import domain, store
from catalog.domain import Product
from kernel.errors import NotFound
from kernel.events import Decision
from kernel.money import Money
from kernel.privacy import no_card_number
from kernel.table import outbox
from kernel.triggers.http import Api, Body, Response, answer, slug

api = handler = Api()


def printable(text: str) -> str:
    """The text itself. Raises ValueError for line breaks, control characters and the like, and for blanks."""
    if not text.isprintable() or text.isspace():
        raise ValueError("must be printable")
    return text


Name = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200),
    AfterValidator(printable),
    AfterValidator(no_card_number),
]


class Price(Body):
    """An amount in minor units, and its currency."""

    amount: Annotated[int, Field(ge=1, le=10**9)]
    currency: Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")]

    def money(self) -> Money:
        return Money(self.amount, self.currency)


class Listing(Body):
    """A product's name and price."""

    name: Name
    price: Price


class ShownProduct(TypedDict):
    """A product as everybody may see it."""

    sku: str
    name: str
    price: dict[str, int | str]
    status: domain.Status


@api.put(
    "/catalog/products/<sku>",
    role="operator",
    takes=Listing,
    answers={201: ShownProduct, 200: ShownProduct},
    refuses=(NotFound, domain.AlreadyListed, domain.RetiredProduct),
)
def list_product(sku: str) -> Response:
    """Lists the product: 201 the first time, 200 when the same listing is repeated."""
    listing = api.body(Listing)
    wanted = Product(sku, listing.name, listing.price.money())
    decision = _decide(sku, lambda known: domain.list_product(known, wanted))
    return answer(201 if decision.facts else 200, _shown(decision.state))


@api.put(
    "/catalog/products/<sku>/price",
    role="operator",
    takes=Price,
    answers={200: ShownProduct},
    refuses=(NotFound, domain.RetiredProduct),
)
def change_price(sku: str) -> Response:
    """Gives a listed product another price."""
    price = api.body(Price).money()
    return answer(200, _shown(_decide(sku, lambda known: domain.change_price(known, price)).state))


@api.delete("/catalog/products/<sku>", role="operator", answers={200: ShownProduct}, refuses=(NotFound,))
def retire_product(sku: str) -> Response:
    """Takes the product off sale for good; may be repeated."""
    return answer(200, _shown(_decide(sku, domain.retire).state))


@api.get("/catalog/products/<sku>", role="any", answers={200: ShownProduct}, refuses=(NotFound,))
def show_product(sku: str) -> Response:
    """The product as it is now; a retired product is shown too."""
    product = store.load(slug(sku))
    if product is None:
        raise NotFound
    return answer(200, _shown(product))


def _decide(sku: str, decide: Callable[[Product | None], Decision[Product]]) -> Decision[Product]:
    """Loads, decides and saves, and does so again when somebody else wrote first."""

    def use_case() -> Decision[Product]:
        decision = decide(store.load(slug(sku)))
        store.save(decision, cause=api.cause())
        return decision

    return outbox.persist(use_case)


def _shown(product: Product) -> ShownProduct:
    return ShownProduct(
        sku=product.sku, name=product.name, price=product.price.plain(), status=product.status
    )
