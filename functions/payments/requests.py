"""What operators ask of the ledger: each request is granted once, and its reason is kept apart."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Request:
    """An operator's request. Repeated, it has the same `id`; another request has another `fingerprint`.

    `because` is text that a person typed: it stays in a row of its own, and neither entry nor event holds it.
    """

    id: str
    by: str
    because: str
    fingerprint: str
