"""What is watched: one dashboard, and an alarm for each way in which videos stop coming through.

The function logs one JSON record for each upload, with one of the events below. Metric filters
count them; Lambda and SQS count the rest by themselves. Alarms show in CloudWatch, and are sent to
`alarmEmail` where a stack has one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pulumi
from pulumi_aws import cloudwatch, sns

from stacks.component import Component

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stacks.recogniser import Recogniser
    from stacks.settings import StackSettings

# What the function says of an upload, and the metric that counts it. "partly" comes besides
# "processed"; "unenrolled" is a video that came when nobody was enrolled, "too_long" one that takes
# longer than a run may; what was ignored is none.
UPLOAD_METRICS = {
    "processed": "VideosProcessed",
    "skipped": "VideosSkipped",
    "unreadable": "VideosUnreadable",
    "partly": "VideosPartlyRead",
    "unenrolled": "VideosUnenrolled",
    "too_long": "VideosTooLong",
    "ignored": "UploadsIgnored",
}
PERIOD_SECONDS = 300
# Retries ride out a short burst of throttling; a quarter of an hour of it is a backlog.
THROTTLED_PERIODS = 3
# A run that takes this share of the timeout foretells one that takes all of it.
NEAR_TIMEOUT = 0.9


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A series of numbers in CloudWatch, and how those of one period become one."""

    namespace: pulumi.Input[str]
    name: str
    statistic: str
    dimensions: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class Monitoring(Component):
    """The metrics, the alarms and the `dashboard` of one recogniser."""

    def __init__(
        self, name: str, settings: StackSettings, *, recogniser: Recogniser, region: str
    ) -> None:
        super().__init__(name)
        self._name = name
        # Dashboards and namespaces belong to the whole account. Pulumi gave the function a name
        # of its own; two deployments of one stack name, by two people, share nothing by it.
        self._namespace = pulumi.Output.concat("LambdaLens/", recogniser.function.name)
        # By this dimension alone, Lambda counts the runs of all versions and aliases.
        self._function = {"FunctionName": recogniser.function.name}
        self._queue = {"QueueName": recogniser.failures.name}
        self._actions = self._topic(settings.alarm_email) if settings.alarm_email else []

        for event, metric in UPLOAD_METRICS.items():
            self._count_records(recogniser.log_group, event=event, metric=metric)
        self._alarm(
            "failures",
            "Videos failed for good: they are in the failures queue.",
            self._waiting_failures(),
        )
        self._alarm(
            "errors",
            "The function raised errors; Lambda tries again. The logs say why.",
            self._of_function("Errors"),
        )
        self._alarm(
            "throttles",
            "Videos wait for concurrency: raise reservedConcurrency, or the account's limit.",
            self._of_function("Throttles"),
            periods=THROTTLED_PERIODS,
        )
        self._alarm(
            "duration",
            "A video took nearly as long as one may: raise timeoutSeconds or memoryMb.",
            self._of_function("Duration", statistic="Maximum"),
            at_least=settings.timeout_seconds * 1000 * NEAR_TIMEOUT,
        )
        self._alarm(
            "unreadable",
            "Videos could not be read: see the .error.json files in the output bucket.",
            self._of_uploads("unreadable"),
        )
        self._alarm(
            "partly",
            "Of videos, a part could not be read: the metadata 'unread' of the CSV says which.",
            self._of_uploads("partly"),
        )
        self._alarm(
            "unenrolled",
            "Videos came when nobody was enrolled: enrol students, and they are looked at again.",
            self._of_uploads("unenrolled"),
        )
        self._alarm(
            "too-long",
            "Videos take longer than a run may: raise memoryMb, or split them.",
            self._of_uploads("too_long"),
        )
        self.dashboard = cloudwatch.Dashboard(
            name,
            dashboard_name=recogniser.function.name,
            dashboard_body=pulumi.Output.json_dumps({"widgets": self._widgets(region)}),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.dashboard_url = pulumi.Output.concat(
            f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}",
            "#dashboards/dashboard/",
            self.dashboard.dashboard_name,
        )
        self.register_outputs({"dashboard": self.dashboard.dashboard_name})

    def _of_function(self, name: str, *, statistic: str = "Sum") -> Metric:
        return Metric(
            namespace="AWS/Lambda", name=name, statistic=statistic, dimensions=self._function
        )

    def _of_uploads(self, event: str) -> Metric:
        return Metric(namespace=self._namespace, name=UPLOAD_METRICS[event], statistic="Sum")

    def _waiting_failures(self) -> Metric:
        return Metric(
            namespace="AWS/SQS",
            name="ApproximateNumberOfMessagesVisible",
            statistic="Maximum",
            dimensions=self._queue,
        )

    def _topic(self, email: str) -> list[pulumi.Output[str]]:
        """Return what an alarm does: it tells the address, which AWS first asks to confirm.

        The topic is not encrypted at rest: CloudWatch cannot send to one that is encrypted with
        the key AWS manages, and an alarm says nothing about any person.
        """
        topic = sns.Topic(self._name, opts=pulumi.ResourceOptions(parent=self))
        sns.TopicSubscription(
            self._name,
            topic=topic.arn,
            protocol="email",
            endpoint=email,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return [topic.arn]

    def _count_records(self, log_group: cloudwatch.LogGroup, *, event: str, metric: str) -> None:
        cloudwatch.LogMetricFilter(
            f"{self._name}-{event}",
            log_group_name=log_group.name,
            pattern=f'{{ $.event = "{event}" }}',
            metric_transformation={"namespace": self._namespace, "name": metric, "value": "1"},
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _alarm(
        self,
        name: str,
        description: str,
        metric: Metric,
        *,
        at_least: float = 1,
        periods: int = 1,
    ) -> None:
        cloudwatch.MetricAlarm(
            f"{self._name}-{name}",
            alarm_description=description,
            namespace=metric.namespace,
            metric_name=metric.name,
            dimensions=metric.dimensions,
            statistic=metric.statistic,
            period=PERIOD_SECONDS,
            evaluation_periods=periods,
            comparison_operator="GreaterThanOrEqualToThreshold",
            threshold=at_least,
            treat_missing_data="notBreaching",
            alarm_actions=self._actions,
            ok_actions=self._actions,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _widgets(self, region: str) -> list[dict[str, object]]:
        """Return two rows of three graphs: what came through above, what holds it up below."""
        graphs = {
            "Uploads": [self._of_uploads(event) for event in UPLOAD_METRICS],
            "Time of a run (ms)": [
                self._of_function("Duration", statistic=statistic)
                for statistic in ("p50", "p90", "Maximum")
            ],
            "Runs at once": [self._of_function("ConcurrentExecutions", statistic="Maximum")],
            "Runs and errors": [self._of_function("Invocations"), self._of_function("Errors")],
            "Throttles": [self._of_function("Throttles")],
            "Failures waiting": [self._waiting_failures()],
        }
        width, height, in_row = 8, 6, 3
        return [
            {
                "type": "metric",
                "x": number % in_row * width,
                "y": number // in_row * height,
                "width": width,
                "height": height,
                "properties": {
                    "title": title,
                    "region": region,
                    "period": PERIOD_SECONDS,
                    "metrics": [_graphed(metric) for metric in metrics],
                },
            }
            for number, (title, metrics) in enumerate(graphs.items())
        ]


def _graphed(metric: Metric) -> list[object]:
    dimensions = [part for pair in metric.dimensions.items() for part in pair]
    return [metric.namespace, metric.name, *dimensions, {"stat": metric.statistic}]
