"""The row of the webhook's registration in payments' table: the secret that signs what is sent."""

from kernel import identity
from kernel.table import items, writes
from kernel.table.items import Key
from kernel.table.writes import Write

REGISTERED: Key = {"pk": "webhook", "sk": "webhook"}


def keep(secret: str) -> None:
    """Keeps the secret of a registration in the place of an earlier one."""
    writes.update(Write(REGISTERED, sets={"secret": secret, "registered_at": identity.now().isoformat()}))


def secret() -> str | None:
    """The secret of the registration; None while there is none."""
    item = items.load(REGISTERED)
    return str(item["secret"]) if item else None
