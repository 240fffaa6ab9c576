"""Checks the invariants on moto's tables, the bus and the acquirer's own table."""

from ops import books
from ops.invariants import Evidence, violations
from tests.support import aws
from tests.support.wiring import TABLES
from tests.support.world import MotoWorld

# The saga tests also check between two sweeps, when an order may be open: they assert its state themselves.
# No sealer runs in them: moto has no INSERT with parameters. The simulator has one.
NOT_ASKED = ("every-order-ends", "seals-cover-the-ledger")


def check(world: MotoWorld) -> None:
    """Fails with every violation. Nothing may be under way."""
    tables = {service: aws.items(service) for service in (*TABLES, "acquirer")}
    intents = books.intents(tables, world.clock)
    found = violations(Evidence(tables, world.bus.published, intents, at=world.clock))
    assert [violation for violation in found if violation.rule not in NOT_ASKED] == []
