"""Owns the queues for messages that were given up on. Each queue keeps them for 14 days and has an alarm."""

from aws_cdk import Duration
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infrastructure.monitoring import alarm, alarm_text
from infrastructure.platform import Platform


class DeadLetters(sqs.Queue):
    """A dead-letter queue. Redrive its letters to the consumer's queue once the cause is gone.

    A consumer may see a message twice. A letter from EventBridge came from no queue, so its redrive has to
    name the consumer's queue. `serves` is the name for operators. The letters of a schedule have no queue to
    go back to.
    """

    def __init__(self, scope: Construct, *, platform: Platform, serves: str, page: str) -> None:
        super().__init__(scope, "DeadLetters", retention_period=Duration.days(14))
        self.serves = serves
        self.redrives_to: sqs.Queue | None = None
        waiting = self.metric_approximate_number_of_messages_visible(statistic="Maximum")
        alarm(
            self,
            waiting,
            platform=platform,
            says=alarm_text(page, f"Messages for {serves} were given up on."),
        )


def all_dead_letters(tree: Construct) -> list[DeadLetters]:
    """Every dead-letter queue that the tree holds so far, in the order of construction."""
    return [found for found in tree.node.find_all() if isinstance(found, DeadLetters)]
