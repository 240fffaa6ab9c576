"""A test of a decision in three steps: given what happened, when something is asked, then this happens."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from payments.entries import Entries, Entry
from payments.payment import Payment, evolve

ORDER = "o1"
Decision = Callable[..., Entries]


@dataclass(frozen=True)
class Asked:
    """A decision that is asked of a payment; a step `then…` asks it."""

    payment: Payment
    decision: Decision
    asked: dict[str, Any]

    def then(self, *entries: Entry) -> None:
        assert self.decision(self.payment, **self.asked) == entries

    def then_nothing_happened(self) -> None:
        self.then()

    def then_refused(self, error: type[Exception]) -> None:
        with pytest.raises(error) as refused:
            self.decision(self.payment, **self.asked)
        assert type(refused.value) is error


@dataclass(frozen=True)
class Given:
    payment: Payment

    def when(self, decision: Decision, **asked: Any) -> Asked:
        return Asked(self.payment, decision, asked)


def given(*entries: Entry) -> Given:
    """An order's payment to which the entries have happened."""
    return Given(folded(entries))


def folded(entries: Iterable[Entry]) -> Payment:
    payment = Payment(ORDER)
    for entry in entries:
        payment = evolve(payment, entry)
    return payment
