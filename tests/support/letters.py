"""The queues of operations on moto, and operations over HTTP as an operator uses it."""

import json
from typing import Any

import pytest

from operations import api, store
from tests.support import aws
from tests.support.clock import Clock

WHY = "the cause is gone"
# The queues as infrastructure passes them on. The letters of a schedule have no queue to go back to.
DESTINATIONS = {
    "orders.outbox": "orders-lost",
    "inventory.consumers.handler": "inventory-queue",
    "checkout.schedules": "",
}


class LetterQueues:
    """The dead-letter queues, and the queues that their letters go back to."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.urls = {name: self._create(name) for name in (*DESTINATIONS, *DESTINATIONS.values()) if name}
        known = {
            serves: [self.urls[name].rpartition("/")[2] for name in (serves, destination) if name]
            for serves, destination in DESTINATIONS.items()
        }
        patch.setenv("DEAD_LETTERS", json.dumps(known))
        patch.setenv("QUEUES", next(iter(self.urls.values())).rpartition("/")[0] + "/")
        patch.setattr(store, "WAIT_SECONDS", 0)

    def put(self, name: str, *bodies: str) -> None:
        for body in bodies:
            aws.client("sqs").send_message(QueueUrl=self.urls[name], MessageBody=body)

    def bodies(self, name: str) -> list[str]:
        """Every message of a queue, hidden or not, in order of its text; none is left there."""
        found: list[str] = []
        while batch := self._take(name):
            found += [message["Body"] for message in batch]
        return sorted(found)

    def count(self, name: str, *, hidden: bool = False) -> int:
        attribute = "ApproximateNumberOfMessages" + ("NotVisible" if hidden else "")
        found = aws.client("sqs").get_queue_attributes(QueueUrl=self.urls[name], AttributeNames=[attribute])
        return int(found["Attributes"][attribute])

    @staticmethod
    def _create(name: str) -> str:
        return str(aws.client("sqs").create_queue(QueueName=name.replace(".", "-"))["QueueUrl"])

    def _take(self, name: str) -> list[dict[str, Any]]:
        sqs, url = aws.client("sqs"), self.urls[name]
        batch: list[dict[str, Any]] = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get(
            "Messages", []
        )
        for message in batch:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return batch


class FailingSqs:
    """An SQS client in which one operation fails at its n-th call, before or after its effect."""

    def __init__(self, operation: str, *, call: int = 1, after: bool = False) -> None:
        self._sqs, self._operation, self._left, self._after = store.queues(), operation, call, after

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._sqs, name)
        return self._failing(real) if name == self._operation else real

    def _failing(self, real: Any) -> Any:
        def call(**given: Any) -> Any:
            self._left -= 1
            if self._left == 0 and not self._after:
                raise ConnectionError
            answer = real(**given)
            if self._left == 0:
                raise ConnectionError
            return answer

        return call


class SlowSqs:
    """An SQS client that takes four seconds to send a message."""

    def __init__(self, clock: Clock) -> None:
        self._sqs, self._clock = store.queues(), clock

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sqs, name)

    def send_message(self, **given: Any) -> Any:
        self._clock.advance(4)
        return self._sqs.send_message(**given)


def ask(method: str, path: str, body: Any = None, **options: Any) -> tuple[int, dict[str, Any]]:
    return aws.call(api.handler, method, f"/ops/{path}", body, **{"role": "operator", **options})


def redrive(queue: str, *, key: str = "k1", because: str = WHY, **options: Any) -> tuple[int, dict[str, Any]]:
    return ask("POST", f"dead-letters/{queue}/redrive", {"because": because}, key=key, **options)


def trail(day: str = "2026-01-01") -> list[dict[str, Any]]:
    """The audit of a day. The clock of a test starts at the default day."""
    status, said = ask("GET", "audit", query={"day": day})
    assert status == 200, said
    return list(said["actions"])
