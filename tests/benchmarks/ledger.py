"""How long the ledger appends and loads at 10, 1,000 and 100,000 entries. Prints a table, and judges nothing.

`PYTHONPATH=functions:. python -m tests.benchmarks.ledger`, with the numbers of entries after it if others are
wanted. The table of DynamoDB is the simulator's, in memory. The time that it takes is left out, since a real
table takes another: its calls are counted, and the items that it hands out. All times are of the CPU.
"""

import gc
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from kernel import identity
from kernel.money import Money
from kernel.table import items, writes
from payments import ledger, store
from payments.entries import ChargeStarted, Declined, Entries
from payments.ledger import Head
from payments.payment import Payment
from tests.simulator.aws.dynamo.dynamo import Dynamo

LENGTHS = (10, 1_000, 100_000)
TRIES = 30
STARTED = ChargeStarted(customer_id="alice", amount=Money(1250, "EUR"), intent_id="pi_1")


class Metered(Dynamo):
    """Counts calls and the items handed out, and how many seconds of the processor it takes itself."""

    PAGE = 1_000
    calls, handed, seconds = 0, 0, 0.0

    def query(self, **request: Any) -> Any:
        answer = self._timed(super().query, request)
        self.handed += len(answer["Items"])
        return answer

    def update_item(self, **request: Any) -> Any:
        return self._timed(super().update_item, request)

    def _timed(self, call: Callable[..., Any], request: dict[str, Any]) -> Any:
        began = time.process_time()
        answer = call(**request)
        self.seconds += time.process_time() - began
        self.calls += 1
        return answer


@dataclass(frozen=True)
class Took:
    """What one act took: milliseconds outside of the table, calls of the table, and items read."""

    milliseconds: float
    calls: int
    read: int


def measured(dynamo: Metered, act: Callable[[], object]) -> Took:
    dynamo.calls, dynamo.handed, dynamo.seconds = 0, 0, 0.0
    began = time.process_time()
    act()
    elapsed = time.process_time() - began - dynamo.seconds
    return Took(elapsed * 1000, dynamo.calls, dynamo.handed)


def typical(dynamo: Metered, act: Callable[[], object], tries: int = TRIES) -> Took:
    """The try in the middle, by its time."""
    found = sorted((measured(dynamo, act) for _ in range(tries)), key=lambda took: took.milliseconds)
    return found[len(found) // 2]


def decline(payment: Payment) -> Entries:
    return (Declined(reason="card_declined"),) if payment.charge else (STARTED,)


def grown(head: Head[Payment], length: int) -> Head[Payment]:
    """The stream after so many entries, each in a commit of its own."""
    while head.version < length:
        head = store.record(head, decline, cause="benchmark")
    return head


def row(dynamo: Metered, head: Head[Payment]) -> list[Took]:
    """An append, a load, and a load that folds every entry again, of the stream as it is."""
    cold = replace(store.PAYMENTS, fold=store.PAYMENTS.fold + 1)

    def append() -> None:
        nonlocal head
        head = store.record(head, decline, cause="benchmark")

    folded = typical(dynamo, lambda: ledger.load(cold, head.id), tries=1)
    loaded = typical(dynamo, lambda: store.load(head.id))
    return [typical(dynamo, append), loaded, folded]


def main(lengths: list[int]) -> None:
    os.environ.update(SERVICE="payments", TABLE="payments")
    dynamo = Metered(now=identity.now)
    dynamo.create("payments", {"commits": ("hour", "moment")})
    for module in (items, writes):
        module.client = lambda: dynamo  # type: ignore[attr-defined]
    ledger.TRUSTED = 10**9  # the load that folds again is measured by itself
    first: list[Took] = []
    print(f"{'entries':>8}  {'append':^24}  {'load':^24}  {'folded again':^24}")
    for length in lengths:
        head = grown(store.load("o1"), length)
        gc.freeze()  # what a long stream keeps in memory is the table's
        found = row(dynamo, head)
        first = first or found
        print(f"{length:>8}  " + "  ".join(map(told, found, first)))
    print("\nMilliseconds without the table's, the ratio to the first row, calls of the table, items read.")


def told(took: Took, first: Took) -> str:
    ratio = took.milliseconds / first.milliseconds
    return f"{took.milliseconds:8.2f} {ratio:7.1f}x {took.calls:3} {took.read:>7}"


if __name__ == "__main__":
    main([int(length) for length in sys.argv[1:]] or list(LENGTHS))
