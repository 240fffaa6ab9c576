"""Chooses the adapter that stands behind the port: the sandbox acquirer's, on every stage there is."""

from functools import cache

from payments.provider import PaymentProvider
from payments.sandbox import SandboxAcquirer


@cache
def provider() -> PaymentProvider:
    """The card processor, the same one for each execution environment."""
    return SandboxAcquirer()
