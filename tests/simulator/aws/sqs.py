"""SQS as operators' functions call it: receive, send, delete, each across the boundary."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from tests.simulator.aws.delivery import Message, Queue
from tests.simulator.boundary import Boundary

URL = "https://sqs.invalid/"


class Sqs:
    """`queues` by name; a URL is the name behind a prefix. A receipt handle is the message's id."""

    def __init__(self, boundary: Boundary, queues: Mapping[str, Queue]) -> None:
        self._call, self._queues = boundary.call, queues

    def get_queue_attributes(self, *, QueueUrl: str, AttributeNames: list[str]) -> Any:  # noqa: N803 - as boto3
        assert AttributeNames == ["ApproximateNumberOfMessages"]
        queue = self._queue(QueueUrl)
        return self._call("sqs", "GetQueueAttributes", partial(_counted, queue))

    def receive_message(
        self,
        *,
        QueueUrl: str,  # noqa: N803 - as boto3
        MaxNumberOfMessages: int,  # noqa: N803
        VisibilityTimeout: int,  # noqa: N803
        **_: Any,
    ) -> Any:
        queue = self._queue(QueueUrl)

        effect = partial(_receive, queue, MaxNumberOfMessages, VisibilityTimeout)
        return self._call("sqs", "ReceiveMessage", effect)

    def send_message(self, *, QueueUrl: str, MessageBody: str) -> Any:  # noqa: N803 - as boto3
        queue = self._queue(QueueUrl)
        return self._call("sqs", "SendMessage", partial(_send, queue, MessageBody))

    def delete_message(self, *, QueueUrl: str, ReceiptHandle: str) -> Any:  # noqa: N803 - as boto3
        queue = self._queue(QueueUrl)
        return self._call("sqs", "DeleteMessage", partial(queue.delete, ReceiptHandle))

    def _queue(self, url: str) -> Queue:
        return self._queues[url.removeprefix(URL)]


def _receive(queue: Queue, most: int, seconds: float) -> Any:
    found = queue.weather.some(queue.visible())[:most]
    for message in found:
        queue.hide(message, seconds)
    return {"Messages": [_received(message) for message in found]} if found else {}


def _send(queue: Queue, body: str) -> Any:
    return {"MessageId": queue.put(body)}


def _counted(queue: Queue) -> Any:
    return {"Attributes": {"ApproximateNumberOfMessages": str(len(queue.visible()))}}


def _received(message: Message) -> dict[str, Any]:
    said = {
        "SentTimestamp": str(int(message.sent_at.timestamp() * 1000)),
        "ApproximateReceiveCount": str(message.receives),
    }
    return {"MessageId": message.id, "ReceiptHandle": message.id, "Body": message.body, "Attributes": said}
