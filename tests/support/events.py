"""Builders of events from other services, as they arrive from the bus."""

from typing import Any

from kernel import identity
from kernel.events import Envelope


def arriving(
    kind: str, *, source: str, subject: str, sequence: int, correlation: str = "", **data: Any
) -> Envelope:
    """An event as a consumer sees it; `source` without the `settle.` prefix."""
    return Envelope(
        id=identity.derive(f"settle.{source}", subject, sequence),
        source=f"settle.{source}",
        type=kind,
        subject=subject,
        time=identity.now(),
        dataversion=1,
        sequence=sequence,
        correlationid=correlation or subject,
        causationid="test",
        data=data,
    )
