"""Everything that a stack leaves in the embedded AWS, by kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local.account import Account


def inventory(account: Account) -> dict[str, set[str]]:
    """Return the names of all there is of each kind."""
    client = account.client
    return {
        "buckets": {each["Name"] for each in client("s3").list_buckets()["Buckets"]},
        "tables": set(client("dynamodb").list_tables()["TableNames"]),
        "queues": set(client("sqs").list_queues().get("QueueUrls", [])),
        "functions": {
            each["FunctionName"] for each in client("lambda").list_functions()["Functions"]
        },
        "roles": {each["RoleName"] for each in client("iam").list_roles()["Roles"]},
        "policies": {
            each["Arn"] for each in client("iam").list_policies(Scope="Local")["Policies"]
        },
        "identity providers": {
            each["Arn"]
            for each in client("iam").list_open_id_connect_providers()["OpenIDConnectProviderList"]
        },
        "log groups": {
            each["logGroupName"] for each in client("logs").describe_log_groups()["logGroups"]
        },
        "metric filters": {
            each["filterName"] for each in client("logs").describe_metric_filters()["metricFilters"]
        },
        "alarms": {
            each["AlarmName"] for each in client("cloudwatch").describe_alarms()["MetricAlarms"]
        },
        "dashboards": {
            each["DashboardName"]
            for each in client("cloudwatch").list_dashboards()["DashboardEntries"]
        },
        "budgets": {
            each["BudgetName"]
            for each in client("budgets").describe_budgets(AccountId=account.account_id)["Budgets"]
        },
        "topics": {each["TopicArn"] for each in client("sns").list_topics()["Topics"]},
        "schedules": {each["Name"] for each in client("scheduler").list_schedules()["Schedules"]},
        "state machines": {
            each["name"] for each in client("stepfunctions").list_state_machines()["stateMachines"]
        },
        "user pools": {
            each["Id"] for each in client("cognito-idp").list_user_pools(MaxResults=60)["UserPools"]
        },
        "HTTP APIs": {each["ApiId"] for each in client("apigatewayv2").get_apis()["Items"]},
        "repositories": {
            each["repositoryName"] for each in client("ecr").describe_repositories()["repositories"]
        },
    }
