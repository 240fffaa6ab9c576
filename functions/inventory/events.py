"""The facts that inventory publishes about a reservation, and about an adjustment of stock."""

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


class StockAdjusted(Event):
    """An operator corrected what was received: `quantity`, below zero, was added to what is available.

    The operator's reason stays with inventory, under the id `adjustment`.
    """

    adjustment: str
    sku: str
    quantity: Annotated[int, Field(lt=0)]
    by: str
