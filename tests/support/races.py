"""Watching a service at its table: its calls by name, and somebody else who acts just before it writes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from kernel.table import items


@contextmanager
def before_its_write(act: Callable[[], object], *, operation: str = "TransactWriteItems") -> Iterator[None]:
    """Runs `act` once, right before the next `operation` of DynamoDB; it may raise in AWS's place."""
    pending = [act]

    def once(**_: Any) -> None:
        if pending:
            pending.pop()()

    events = items.client().meta.events
    events.register(f"before-call.dynamodb.{operation}", once)
    try:
        yield
    finally:
        events.unregister(f"before-call.dynamodb.{operation}", once)


@contextmanager
def operations() -> Iterator[list[str]]:
    """The names of DynamoDB's operations, as they are called."""
    done: list[str] = []
    events = items.client().meta.events
    events.register("before-call.dynamodb", lambda model, **_: done.append(model.name), "spy")
    try:
        yield done
    finally:
        events.unregister("before-call.dynamodb", unique_id="spy")
