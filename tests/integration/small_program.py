"""A Pulumi program as small as one with a trigger can be, and with a fault where one is asked for.

Configuration: `fault`, the name of one of the faults below, or nothing; `handler`, the function's
handler; `timeout`, in seconds. `unpublished`, if it is "true", leaves out versions and the alias.
"""

from __future__ import annotations

import json

import pulumi
from pulumi_aws import cloudwatch, ec2, get_caller_identity_output, iam, lambda_, s3, sqs

config = pulumi.Config()
fault = config.get("fault")
timeout = config.get_int("timeout") or 3
published = not config.get_bool("unpublished")


def _policy(*statements: dict[str, object]) -> pulumi.Output[str]:
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": statements})


bucket = s3.Bucket("small", bucket="Not-A-Name" if fault == "refused by the emulator" else None)
queue = sqs.Queue("small")
log_group = cloudwatch.LogGroup("small")
trusted = "ec2.amazonaws.com" if fault == "role not for Lambda" else "lambda.amazonaws.com"
role = iam.Role(
    "small",
    assume_role_policy=json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": trusted},
                    "Action": "sts:AssumeRole",
                }
            ],
        }
    ),
)
statements: dict[str, dict[str, object]] = {
    "no permission to log": {
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": pulumi.Output.concat(log_group.arn, ":*"),
    },
    "no permission to report failures": {
        "Effect": "Allow",
        "Action": ["sqs:SendMessage"],
        "Resource": queue.arn,
    },
}
permissions = iam.RolePolicy(
    "small",
    role=role.name,
    policy=_policy(*(statement for name, statement in statements.items() if name != fault)),
)
function = lambda_.Function(
    "small",
    package_type="Image",
    image_uri=f"000000000000.dkr.ecr.us-east-1.amazonaws.com/small@sha256:{'0' * 64}",
    image_config={
        "commands": [config.get("handler") or "tests.integration.handlers.obedient"],
    },
    role=role.arn,
    timeout=901 if fault == "timeout beyond Lambda's" else timeout,
    reserved_concurrent_executions=1,
    publish=published,
    logging_config={"log_format": "JSON", "log_group": log_group.name},
    layers=["a-layer"] if fault == "property that is not known" else None,
    opts=pulumi.ResourceOptions(depends_on=[permissions]),
)
name: pulumi.Output[str] = function.name
arn: pulumi.Output[str] = function.arn
qualifier: pulumi.Output[str] | None = None
if published:
    alias = lambda_.Alias(
        "small",
        name="live",
        function_name=function.name,
        function_version="7" if fault == "alias of an unknown version" else function.version,
    )
    name = pulumi.Output.concat(function.name, ":", alias.name)
    arn, qualifier = alias.arn, alias.name
    if fault == "second alias":
        lambda_.Alias(
            "second",
            function_name=alias.function_name,
            function_version=function.version,
        )
lambda_.FunctionEventInvokeConfig(
    "small",
    function_name=function.name,
    qualifier=None if fault == "failures of the function alone" else qualifier,
    maximum_retry_attempts=0,
    destination_config={"on_failure": {"destination": queue.arn}},
    opts=pulumi.ResourceOptions(depends_on=[alias] if published else []),
)
if fault == "type that is not known":
    ec2.Vpc("small")
if fault == "error of its own":
    raise RuntimeError("nobody expected this")

account = get_caller_identity_output().account_id
depends_on: list[pulumi.Resource] = []
if fault != "no permission to invoke":
    depends_on.append(
        lambda_.Permission(
            "small",
            function=function.name,
            qualifier=None if fault == "permission for the function alone" else qualifier,
            action="lambda:InvokeFunction",
            principal="s3.amazonaws.com",
            source_arn=(
                "arn:aws:s3:::another" if fault == "permission for another bucket" else bucket.arn
            ),
            source_account=(
                "111111111111" if fault == "permission for another account" else account
            ),
        )
    )
suffixes = (".mp4", ".m4") if fault != "suffixes that overlap" else (".mp4", "p4")
s3.BucketNotification(
    "small",
    bucket=bucket.id,
    lambda_functions=[
        {
            "id": suffix,
            "lambda_function_arn": (
                function.arn if fault == "permission for the alias alone" else arn
            ),
            "events": ["s3:ObjectCreated:*"],
            "filter_suffix": suffix,
        }
        for suffix in suffixes
    ],
    opts=pulumi.ResourceOptions(depends_on=depends_on),
)

pulumi.export("bucket", bucket.id)
pulumi.export("function", name)
pulumi.export("queue", queue.url)
pulumi.export("logGroup", log_group.name)
pulumi.export("secret", pulumi.Output.secret("unwrapped"))
pulumi.export("number", 3)
