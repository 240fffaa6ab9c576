"""The bodies of operators' requests about money, and the parts that such requests have in common."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from kernel import identity
from kernel.money import Money
from kernel.privacy import Because
from kernel.triggers.http import Api, Body


class Change(Body):
    """An amount that an operator moves, and why."""

    amount: Annotated[int, Field(ge=1, le=10**12)]
    currency: Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")]
    because: Because

    @property
    def money(self) -> Money:
        return Money(self.amount, self.currency)


class Reasoned(Body):
    """Why an operator does something that needs no more words."""

    because: Because


class Settling(Body):
    """How an operator gives the money of a refund that failed, and why."""

    by: Literal["bank", "wallet"]
    because: Because


def request(api: Api, body: Change | Reasoned | Settling, *about: str) -> dict[str, str]:
    """The fields of the Request. `about` tells requests apart whose bodies are the same."""
    by = api.caller().customer_id
    return {
        "id": identity.derive(by, api.idempotency_key()),
        "by": by,
        "because": body.because,
        "fingerprint": identity.derive(*about, body.fingerprint()),
    }
