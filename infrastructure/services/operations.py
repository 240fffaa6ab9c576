"""Operations: dead letters and outboxes over HTTP for operators, and the audit of what they did."""

from collections.abc import Sequence

from aws_cdk import Stack
from constructs import Construct

from infrastructure.dead_letters import DeadLetters
from infrastructure.function import ServiceFunction
from infrastructure.platform import Home, Platform
from infrastructure.service_table import ServiceTable


class Operations(Construct):
    """Operators see the dead-letter queues in `dead_letters`, and no other queue."""

    def __init__(self, scope: Construct, *, platform: Platform, dead_letters: Sequence[DeadLetters]) -> None:
        super().__init__(scope, "Operations")
        home = Home("operations", platform)
        table = ServiceTable(self, home=home)

        # The gateway waits for 29 seconds.
        self.api = ServiceFunction(self, "operations.api.handler", home=home, seconds=29)
        self.api.serves()
        table.allow(self.api, "GetItem", "Query", "UpdateItem")
        names = {letters.serves: _shared(letters, self.api) for letters in dead_letters}
        # The environment has room for 4 KB: for the names of all queues, and for one address.
        self.api.knows(
            QUEUES=platform.target.queues(Stack.of(self)), DEAD_LETTERS=Stack.of(self).to_json_string(names)
        )


def _shared(letters: DeadLetters, api: ServiceFunction) -> list[str]:
    """Lets the API read and redrive the letters; answers the names of their queue and its destination."""
    api.may("sqs:GetQueueAttributes", "sqs:ReceiveMessage", on=letters.queue_arn)
    if letters.redrives_to is None:
        return [letters.queue_name]
    api.may("sqs:DeleteMessage", on=letters.queue_arn)
    api.may("sqs:SendMessage", on=letters.redrives_to.queue_arn)
    return [letters.queue_name, letters.redrives_to.queue_name]
