"""Chooses the adapter behind the port. On every stage it is the sandbox acquirer's."""

from functools import cache

from payments.provider import PaymentProvider
from payments.sandbox import SandboxAcquirer


@cache
def provider() -> PaymentProvider:
    """The adapter to the card processor, made once for each execution environment."""
    return SandboxAcquirer()
