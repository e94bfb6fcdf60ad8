"""CloudWatch: log groups, metrics counted from logs, alarms, the dashboard; SNS for the alarms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.resources.request import Created, Request, aws_spelling

if TYPE_CHECKING:
    from local.resources.request import Creator


def _log_group(request: Request) -> Created:
    logs = request.account.client("logs")
    name = request.physical_name()
    request.refuse_key(request.take("kmsKeyId"))
    logs.create_log_group(logGroupName=name)
    days = request.take("retentionInDays", default=0)
    if days:
        logs.put_retention_policy(logGroupName=name, retentionInDays=days)
    arn = f"arn:aws:logs:{request.account.region}:{request.account.account_id}:log-group:{name}"
    return Created(id=name, outputs={"name": name, "arn": arn})


def _log_metric_filter(request: Request) -> Created:
    name = request.physical_name()
    transformation = request.take("metricTransformation")
    request.account.client("logs").put_metric_filter(
        logGroupName=request.take("logGroupName"),
        filterName=name,
        filterPattern=request.take("pattern"),
        metricTransformations=[
            {
                "metricNamespace": transformation["namespace"],
                "metricName": transformation["name"],
                "metricValue": transformation["value"],
            }
        ],
    )
    return Created(id=name, outputs={"name": name})


_ALARM_PROPERTIES = (
    "alarmDescription",
    "namespace",
    "metricName",
    "statistic",
    "period",
    "evaluationPeriods",
    "datapointsToAlarm",
    "comparisonOperator",
    "threshold",
    "treatMissingData",
)


def _metric_alarm(request: Request) -> Created:
    cloudwatch = request.account.client("cloudwatch")
    name = request.physical_name()
    properties = {key: request.take(key) for key in _ALARM_PROPERTIES}
    dimensions = request.take("dimensions", default={})
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        AlarmActions=request.take("alarmActions", default=[]),
        OKActions=request.take("okActions", default=[]),
        **aws_spelling({key: value for key, value in properties.items() if value is not None}),
    )
    alarm = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]
    return Created(id=name, outputs={"name": name, "arn": alarm["AlarmArn"]})


def _dashboard(request: Request) -> Created:
    name = request.take("dashboardName")
    request.account.client("cloudwatch").put_dashboard(
        DashboardName=name, DashboardBody=request.take("dashboardBody")
    )
    return Created(id=name)


def _topic(request: Request) -> Created:
    name = request.physical_name()
    arn = request.account.client("sns").create_topic(Name=name)["TopicArn"]
    return Created(id=arn, outputs={"name": name, "arn": arn})


def _topic_subscription(request: Request) -> Created:
    arn = request.account.client("sns").subscribe(
        TopicArn=request.take("topic"),
        Protocol=request.take("protocol"),
        Endpoint=request.take("endpoint"),
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]
    return Created(id=arn, outputs={"arn": arn})


CREATORS: dict[str, Creator] = {
    "aws:cloudwatch/logGroup:LogGroup": _log_group,
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": _log_metric_filter,
    "aws:cloudwatch/metricAlarm:MetricAlarm": _metric_alarm,
    "aws:cloudwatch/dashboard:Dashboard": _dashboard,
    "aws:sns/topic:Topic": _topic,
    "aws:sns/topicSubscription:TopicSubscription": _topic_subscription,
}
