"""Catalog's table: one `product#<sku>` record per product, kept after it has retired."""

from catalog.domain import Product, Status
from kernel.events import Decision
from kernel.money import Money
from kernel.table import items, outbox
from kernel.table.items import Key


def load(sku: str) -> Product | None:
    """The product as it is now, or None."""
    item = items.load(_key(sku))
    if item is None:
        return None
    return Product(
        sku=item["sku"],
        name=item["name"],
        price=Money(**item["price"]),
        status=Status(item["status"]),
        version=item.get("version", 0),
        sequence=item["sequence"],
    )


def save(decision: Decision[Product], *, cause: str) -> None:
    """Saves the product and its facts in one transaction. Raises Contended when the product has changed."""
    product = decision.state
    aggregate = outbox.Aggregate(
        key=_key(product.sku),
        subject=f"product/{product.sku}",
        correlation=f"product/{product.sku}",
        version=product.version,
        sequence=product.sequence,
        sets={
            "sku": product.sku,
            "name": product.name,
            "price": product.price.plain(),
            "status": product.status,
        },
    )
    outbox.commit(aggregate, decision, cause=cause)


def _key(sku: str) -> Key:
    return {"pk": f"product#{sku}", "sk": "product"}
