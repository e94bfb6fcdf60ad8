"""What is watched: one dashboard, and an alarm for each way in which videos stop coming through.

The function logs one JSON record for each upload, with one of the events below. Metric filters
count them; Lambda and SQS count the rest by themselves. Alarms show in CloudWatch, and are sent to
`alarmEmail` where a stack has one.

Two things decide how far back an alarm looks, and what it makes of silence.

*Lambda stamps a metric with the time the run began*, and sends it when the run has ended: "if your
function has a 10-minute timeout, look more than 10 minutes in the past for accurate metrics"
(https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-view.html). An alarm on the last
five minutes would never see the error of a run that took six. So alarms on the function look
further back than the timeout, for one period that is as it should not be.

*Lambda's metrics and ours have nothing to say when nothing happens.* After an error, silence is no
error: the alarm ends. The queue's metrics may stop as well, but with messages in it: SQS sends them
for as long as a queue is active, which is six hours after it was last touched, and up to a quarter
of an hour late when it becomes active again
(https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/monitoring-using-cloudwatch.html).
There, silence changes nothing: the alarm ends when the queue is said to be empty.

All of them are of the function by its name alone, which sums up its versions and aliases.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pulumi
from pulumi_aws import cloudwatch, sns

from stacks.component import Component
from stacks.partition import console_address

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stacks.recogniser import Recogniser
    from stacks.settings import StackSettings

# Where there is more about each alarm than a description has room for, under its name.
RUNBOOK = "docs/runbook.md"
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
# Metrics are with CloudWatch within a minute or two of the end of a run; this is ample.
METRICS_LATE_SECONDS = 600
# As late as the metrics of a queue may be that was not used for long.
QUEUE_LATE_SECONDS = 900
# Retries ride out a short burst of throttling; a quarter of an hour of it is a backlog. Lambda's
# tries are up to five minutes apart, so a period between may have none.
THROTTLED_PERIODS = 3
THROTTLED_OUT_OF_PERIODS = 6
# A run that takes this share of the timeout foretells one that takes all of it.
NEAR_TIMEOUT = 0.9
# A sixth of the time that an event may wait before it is given up, and more than the two retries of
# the longest runs take: 2 x 900 s, and the 60 and 120 s before them.
WAITING_SECONDS = 60 * 60


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A series of numbers in CloudWatch, and how those of one period become one."""

    namespace: pulumi.Input[str]
    name: str
    statistic: str
    dimensions: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Watch:
    """How far back an alarm looks, in periods, for how many bad ones; what it makes of silence."""

    periods: int
    bad: int = 1
    silence: str = "notBreaching"

    @classmethod
    def back(cls, seconds: float, *, silence: str = "notBreaching") -> Watch:
        """Look at least so far back, for one bad period."""
        return cls(periods=math.ceil(seconds / PERIOD_SECONDS), silence=silence)


# A record is stamped with its own time, and counted a minute or two later.
_OF_RECORDS = Watch.back(METRICS_LATE_SECONDS)
_OF_QUEUE = Watch.back(QUEUE_LATE_SECONDS + PERIOD_SECONDS, silence="ignore")


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
            watch=_OF_QUEUE,
        )
        run = Watch.back(settings.timeout_seconds + METRICS_LATE_SECONDS)
        self._alarm(
            "errors",
            "The function raised errors; Lambda tries again. The logs say why.",
            self._of_function("Errors"),
            watch=run,
        )
        self._alarm(
            "throttles",
            "Videos wait for concurrency: raise reservedConcurrency, or the account's limit.",
            self._of_function("Throttles"),
            watch=Watch(periods=max(run.periods, THROTTLED_OUT_OF_PERIODS), bad=THROTTLED_PERIODS),
        )
        self._alarm(
            "waiting",
            "Videos waited for an hour; after six they are given up. Raise the concurrency.",
            self._of_function("AsyncEventAge", statistic="Maximum"),
            at_least=WAITING_SECONDS * 1000,
            watch=run,
        )
        self._alarm(
            "dropped",
            "Lambda gave videos up: they should be in the failures queue.",
            self._of_function("AsyncEventsDropped"),
            watch=run,
        )
        self._alarm(
            "undelivered",
            "Videos were lost: the failures queue could not be reached. See python -m recover.",
            self._of_function("DestinationDeliveryFailures"),
            watch=run,
        )
        self._alarm(
            "duration",
            "A video took nearly as long as one may: raise timeoutSeconds or memoryMb.",
            self._of_function("Duration", statistic="Maximum"),
            at_least=settings.timeout_seconds * 1000 * NEAR_TIMEOUT,
            watch=run,
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
            f"{console_address(region)}/cloudwatch/home?region={region}",
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
        watch: Watch = _OF_RECORDS,
    ) -> None:
        cloudwatch.MetricAlarm(
            f"{self._name}-{name}",
            alarm_description=f"{description} {RUNBOOK}#{name}",
            namespace=metric.namespace,
            metric_name=metric.name,
            dimensions=metric.dimensions,
            statistic=metric.statistic,
            period=PERIOD_SECONDS,
            evaluation_periods=watch.periods,
            datapoints_to_alarm=watch.bad,
            comparison_operator="GreaterThanOrEqualToThreshold",
            threshold=at_least,
            treat_missing_data=watch.silence,
            alarm_actions=self._actions,
            ok_actions=self._actions,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _widgets(self, region: str) -> list[dict[str, object]]:
        """Return three rows of graphs: what came through, what holds it up, what was lost."""
        graphs = {
            "Uploads": [self._of_uploads(event) for event in UPLOAD_METRICS],
            "Time of a run (ms)": [
                self._of_function("Duration", statistic=statistic)
                for statistic in ("p50", "p90", "Maximum")
            ],
            "Runs at once": [self._of_function("ConcurrentExecutions", statistic="Maximum")],
            "Runs and errors": [self._of_function("Invocations"), self._of_function("Errors")],
            "Throttles": [self._of_function("Throttles")],
            "Longest wait for a run (ms)": [
                self._of_function("AsyncEventAge", statistic="Maximum")
            ],
            "Given up, and not delivered to the failures queue": [
                self._of_function("AsyncEventsDropped"),
                self._of_function("DestinationDeliveryFailures"),
            ],
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
