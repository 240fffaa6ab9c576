"""Owns what operators see: how an alarm is raised, the alarms on orders and faults, and the dashboard."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infrastructure.platform import Platform

MINUTES = Duration.minutes(5)
WAITING = "ApproximateNumberOfMessagesVisible"
COMPARISON = cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD


def alarm(
    scope: Construct, metric: cloudwatch.Metric, *, platform: Platform, says: str, limit: int = 1
) -> None:
    """Notifies the alarm topic when the metric reaches `limit` within its period. No data raises no alarm."""
    cloudwatch.Alarm(
        scope,
        "Alarm",
        metric=metric,
        alarm_description=says,
        threshold=limit,
        evaluation_periods=1,
        comparison_operator=COMPARISON,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
    ).add_alarm_action(actions.SnsAction(platform.alarms))


def alarm_text(page: str, says: str) -> str:
    """An alarm's description: what has happened, and the page of the runbook that says what to do."""
    return f"{says} See ops/pages/{page}.md."


def counted(name: str, service: str) -> cloudwatch.Metric:
    """A metric that the kernel counts in one service."""
    return cloudwatch.Metric(
        namespace="Settle",
        metric_name=name,
        dimensions_map={"service": service},
        statistic="Sum",
        period=MINUTES,
    )


def _search(title: str, schema: str, metric: str, statistic: str = "Sum") -> cloudwatch.GraphWidget:
    """A graph of one metric of all of Settle's resources, found by name: it refers to no service's stack."""
    query = f"SEARCH('{{{schema}}} MetricName=\"{metric}\" Settle', '{statistic}', 300)"
    found = cloudwatch.MathExpression(expression=query, using_metrics={}, label="", period=MINUTES)
    return cloudwatch.GraphWidget(title=title, left=[found], width=12)


class Monitoring(Construct):
    """Alarms that belong to no single resource (parked orders, a service's faults), and the dashboard."""

    def __init__(
        self,
        scope: Construct,
        *,
        platform: Platform,
        watched: Sequence[str],
        machines: Sequence[sfn.StateMachine],
    ) -> None:
        super().__init__(scope, "Monitoring")
        parked, faults = self._alarms(platform, watched)
        executions = [
            metric for machine in machines for metric in (machine.metric_succeeded(), machine.metric_failed())
        ]
        cloudwatch.Dashboard(self, "Dashboard").add_widgets(
            cloudwatch.GraphWidget(title="Executions", left=executions, width=12),
            cloudwatch.GraphWidget(title="Parked orders, faults", left=[parked, *faults.values()], width=12),
            _search("Errors", "AWS/Lambda,FunctionName", "Errors"),
            _search("Age of events to relay", "AWS/Lambda,FunctionName", "IteratorAge", "Maximum"),
            _search("Messages waiting", "AWS/SQS,QueueName", WAITING, "Maximum"),
        )

    def _alarms(
        self, platform: Platform, watched: Sequence[str]
    ) -> tuple[cloudwatch.Metric, dict[str, cloudwatch.Metric]]:
        """Raises alarms for orders, refunds, the ledger and many faults; answers what is shown."""
        parked = counted("OrderParked", "orders")
        stuck = "An order NEEDS_ATTENTION: find out what is stuck, then resume or resolve it."
        alarm(Construct(self, "Parked"), parked, platform=platform, says=alarm_text("parked-orders", stuck))
        broken = counted("LedgerBroken", "payments")
        says = alarm_text("broken-ledger", "The ledger is not what was sealed: find out why.")
        alarm(Construct(self, "LedgerBroken"), broken, platform=platform, says=says)
        says = alarm_text("failed-refunds", "Money could not be given back: have it asked for anew.")
        failed = counted("RefundFailed", "payments")
        alarm(Construct(self, "RefundFailed"), failed, platform=platform, says=says)
        says = alarm_text("differences", "The processor's books differ from ours, or a payment is disputed.")
        raised = counted("DifferenceRaised", "payments")
        alarm(Construct(self, "DifferenceRaised"), raised, platform=platform, says=says)
        says = alarm_text(
            "processor-down", "The card processor is taken to be down: new charges are cut off."
        )
        opened = counted("CircuitOpened", "payments")
        alarm(Construct(self, "CircuitOpened"), opened, platform=platform, says=says)
        faults = {service: counted("Fault", service) for service in watched}
        for service, fault in faults.items():
            says = alarm_text(
                "faults", f"Requests or steps of {service} failed, and the business had not refused."
            )
            alarm(Construct(self, f"{service.title()}Faults"), fault, platform=platform, says=says, limit=5)
        return parked, faults
