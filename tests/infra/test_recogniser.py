"""The function is configured, allowed, retried and logged as it should be."""

from __future__ import annotations

import pytest

from function.settings import Settings
from tests.infra.recording import ACCOUNT, Program, run_program, statements

FUNCTION = "lambda/function:Function"
RECOGNISER = "lambdalens-recogniser"
ALIAS = "lambda/alias:Alias"
EVENT_INVOKE = "lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"


def machine_arn(program: Program) -> str:
    """Return the ARN that AWS gives the state machine of this name."""
    name = program.one("sfn/stateMachine:StateMachine").inputs["name"]
    return f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:{name}"


def test_it_is_a_container_of_the_configured_size() -> None:
    function = run_program(
        "dev",
        memoryMb="3000",
        timeoutSeconds="600",
        reservedConcurrency="7",
    ).one(FUNCTION, RECOGNISER)
    assert function.inputs["packageType"] == "Image"
    assert function.inputs["memorySize"] == 3000
    assert function.inputs["timeout"] == 600
    assert function.inputs["ephemeralStorage"] == {"size": 512}
    assert function.inputs["reservedConcurrentExecutions"] == 7


def test_it_reads_its_environment(program: Program) -> None:
    variables = program.one(FUNCTION, RECOGNISER).inputs["environment"]["variables"]
    settings = Settings.from_environment(variables)
    assert settings.output_bucket == program.one("s3/bucket:Bucket", "lambdalens-output").id
    assert settings.gallery_bucket == program.one("s3/bucket:Bucket", "lambdalens-gallery").id
    assert settings.gallery_key == program.exports["galleryKey"]
    assert (
        settings.students_table
        == program.one("dynamodb/table:Table", "lambdalens-students").outputs["name"]
    )
    assert settings.samples_per_second == 2.0
    assert settings.looks_bucket == program.one("s3/bucket:Bucket", "lambdalens-looks").id
    assert settings.long_videos == machine_arn(program)
    assert settings.ranges_from_seconds == 600


def test_how_it_recognises_is_a_setting() -> None:
    program = run_program("dev", samplesPerSecond="4", tolerance="0.55", margin="0.1")
    settings = Settings.from_environment(
        program.one(FUNCTION, RECOGNISER).inputs["environment"]["variables"]
    )
    recognition = (settings.samples_per_second, settings.tolerance, settings.margin)
    assert recognition == (4, 0.55, 0.1)


def test_lambda_alone_may_take_the_role(program: Program) -> None:
    role = program.one("iam/role:Role", "lambdalens-recogniser")
    (statement,) = statements(role.inputs["assumeRolePolicy"])
    assert statement == {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    assert program.one(FUNCTION, RECOGNISER).inputs["role"] == role.outputs["arn"]
    assert not {"managedPolicyArns", "inlinePolicies"} & role.inputs.keys()


def test_the_role_allows_exactly_what_the_function_does(program: Program) -> None:
    def arn(kind: str, name: str | None = None) -> str:
        return str(program.one(kind, name).outputs["arn"])

    videos = arn("s3/bucket:Bucket", "lambdalens-input")
    results = arn("s3/bucket:Bucket", "lambdalens-output")
    gallery = arn("s3/bucket:Bucket", "lambdalens-gallery")
    looks = arn("s3/bucket:Bucket", "lambdalens-looks")
    logs = arn("cloudwatch/logGroup:LogGroup", "lambdalens-recogniser")
    policy = program.one("iam/rolePolicy:RolePolicy", "lambdalens-recogniser")
    allowed = {
        (action, resource)
        for statement in statements(policy.inputs["policy"])
        for action in statement["Action"]
        for resource in statement["Resource"]
    }
    assert allowed == {
        ("s3:GetObject", f"{videos}/*"),
        ("s3:ListBucket", videos),
        ("s3:GetObject", f"{gallery}/gallery/encodings.npz"),
        ("s3:ListBucket", gallery),
        ("s3:GetObject", f"{results}/*"),
        ("s3:PutObject", f"{results}/*"),
        ("s3:DeleteObject", f"{results}/*"),
        ("s3:ListBucket", results),
        ("s3:GetObjectVersion", f"{gallery}/gallery/encodings.npz"),
        ("s3:GetObject", f"{looks}/*"),
        ("s3:PutObject", f"{looks}/*"),
        ("s3:ListBucket", looks),
        ("states:StartExecution", machine_arn(program)),
        ("dynamodb:BatchGetItem", arn("dynamodb/table:Table", "lambdalens-students")),
        ("logs:CreateLogStream", f"{logs}:*"),
        ("logs:PutLogEvents", f"{logs}:*"),
        ("sqs:SendMessage", arn("sqs/queue:Queue")),
    }
    assert (
        policy.inputs["role"]
        == program.one("iam/role:Role", "lambdalens-recogniser").outputs["name"]
    )
    assert {each["Effect"] for each in statements(policy.inputs["policy"])} == {"Allow"}


def test_it_does_not_start_before_it_is_allowed_to_work(program: Program) -> None:
    permissions = program.one("iam/rolePolicy:RolePolicy", "lambdalens-recogniser").urn
    assert permissions in program.one(FUNCTION, RECOGNISER).depends_on
    assert permissions in program.one(EVENT_INVOKE).depends_on


def test_a_deployment_publishes_a_version_and_moves_the_alias_to_it(program: Program) -> None:
    function = program.one(FUNCTION, RECOGNISER)
    assert function.inputs["publish"] is True
    alias = program.one(ALIAS).inputs
    assert alias["name"] == "live"
    assert alias["functionName"] == function.outputs["name"]
    assert alias["functionVersion"] == function.outputs["version"]
    # To a part of the videos at first would mean results of two recognisers side by side.
    assert "routingConfig" not in alias


def test_what_fails_is_tried_again_and_then_kept(program: Program) -> None:
    invoke = program.one(EVENT_INVOKE).inputs
    assert invoke["functionName"] == program.one(FUNCTION, RECOGNISER).outputs["name"]
    assert invoke["qualifier"] == "live"
    assert invoke["maximumRetryAttempts"] == 2
    assert invoke["maximumEventAgeInSeconds"] == 6 * 60 * 60
    failures = program.one("sqs/queue:Queue").outputs["arn"]
    assert invoke["destinationConfig"] == {"onFailure": {"destination": failures}}


def test_failures_are_encrypted_and_kept_for_two_weeks(program: Program) -> None:
    queue = program.one("sqs/queue:Queue").inputs
    assert queue["sqsManagedSseEnabled"] is True
    assert queue["messageRetentionSeconds"] == 14 * 24 * 60 * 60


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_on_aws_the_queue_refuses_plain_http(stack: str, request: pytest.FixtureRequest) -> None:
    program: Program = request.getfixturevalue(stack)
    policy = program.one("sqs/queuePolicy:QueuePolicy")
    queue = program.one("sqs/queue:Queue")
    assert policy.inputs["queueUrl"] == queue.outputs["url"]
    (statement,) = statements(policy.inputs["policy"])
    assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
    assert statement["Resource"] == [queue.outputs["arn"]]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_it_logs_json_into_a_group_that_forgets() -> None:
    program = run_program("dev", logRetentionDays="14")
    group = program.one("cloudwatch/logGroup:LogGroup", "lambdalens-recogniser")
    assert group.inputs["retentionInDays"] == 14
    logging = program.one(FUNCTION, RECOGNISER).inputs["loggingConfig"]
    assert logging["logFormat"] == "JSON"
    assert logging["applicationLogLevel"] == "INFO"
    assert logging["logGroup"] == group.outputs["name"]
    assert group.urn in program.one(FUNCTION, RECOGNISER).depends_on
