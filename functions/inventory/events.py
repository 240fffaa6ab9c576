"""The facts that inventory publishes about a reservation."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from kernel.events import Event


class ReservedLine(BaseModel):
    """A SKU and a number of its units."""

    model_config = ConfigDict(frozen=True)
    sku: str
    quantity: Annotated[int, Field(ge=1)]


class StockReserved(Event):
    """All lines of the order are held for it."""

    order_id: str
    lines: tuple[ReservedLine, ...]


class StockReleased(Event):
    """The stock that the order held is available again. Without lines: it held none, and never will."""

    order_id: str
    lines: tuple[ReservedLine, ...]


class StockCommitted(Event):
    """The stock that the order held has been sold."""

    order_id: str
    lines: tuple[ReservedLine, ...]
