"""An operator's correction of a receipt that was mistyped: it takes from what is available."""

from dataclasses import dataclass

from inventory.domain import Line
from inventory.events import StockAdjusted
from kernel.errors import Refusal
from kernel.events import Decision


class TooFewAvailable(Refusal):
    """Fewer units are available than the adjustment takes away."""


@dataclass(frozen=True)
class Adjustment:
    """What an operator asked for: `quantity` units, below zero, are added to the stock of the SKU.

    It has the same `id` when it is repeated. `fingerprint` is a hash of the request, so that a reused key
    can be told from a repeated request.
    """

    id: str
    sku: str
    quantity: int
    by: str
    because: str
    fingerprint: str

    @property
    def withdrawn(self) -> Line:
        """The units that leave the stock."""
        return Line(self.sku, -self.quantity)


def adjust(asked: Adjustment) -> Decision[Adjustment]:
    """Publishes the correction, without the reason."""
    fact = StockAdjusted(adjustment=asked.id, sku=asked.sku, quantity=asked.quantity, by=asked.by)
    return Decision(asked, (fact,))
