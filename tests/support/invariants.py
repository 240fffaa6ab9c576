"""What must hold whatever happened, asked of moto's tables, the bus and the acquirer's own table."""

from ops import books
from ops.invariants import Evidence, violations
from tests.support import aws
from tests.support.wiring import TABLES
from tests.support.world import MotoWorld

# The saga tests look between two sweeps as well, and say themselves how an order stands then.
LEFT_TO_THE_SWEEP = "every-order-ends"


def check(world: MotoWorld) -> None:
    """Fails with what is wrong while nothing is under way."""
    tables = {service: aws.items(service) for service in (*TABLES, "acquirer")}
    intents = books.intents(tables, world.clock)
    found = violations(Evidence(tables, world.bus.published, intents, at=world.clock))
    assert [violation for violation in found if violation.rule != LEFT_TO_THE_SWEEP] == []
