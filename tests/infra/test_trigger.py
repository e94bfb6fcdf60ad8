"""Everything that is put into the input bucket invokes the function, and nothing else does."""

from __future__ import annotations

from tests.infra.recording import ACCOUNT, Program

NOTIFICATION = "s3/bucketNotification:BucketNotification"
PERMISSION = "lambda/permission:Permission"


def test_only_our_own_input_bucket_may_invoke_the_function(program: Program) -> None:
    permission = program.one(PERMISSION, "lambdalens-trigger").inputs
    bucket = program.one("s3/bucket:Bucket", "lambdalens-input")
    assert (
        permission["function"]
        == program.one("lambda/function:Function", "lambdalens-recogniser").outputs["name"]
    )
    assert permission["qualifier"] == "live"
    assert permission["action"] == "lambda:InvokeFunction"
    assert permission["principal"] == "s3.amazonaws.com"
    assert permission["sourceArn"] == bucket.outputs["arn"]
    assert permission["sourceAccount"] == ACCOUNT


def test_the_input_bucket_has_the_one_notification_it_can_have(program: Program) -> None:
    notification = program.one(NOTIFICATION)
    assert notification.inputs["bucket"] == program.one("s3/bucket:Bucket", "lambdalens-input").id


def test_the_permission_is_there_before_the_notification(program: Program) -> None:
    assert program.one(PERMISSION, "lambdalens-trigger").urn in program.one(NOTIFICATION).depends_on


def test_failures_have_a_destination_before_the_first_video_comes(program: Program) -> None:
    invocation = program.one("lambda/functionEventInvokeConfig:FunctionEventInvokeConfig")
    assert invocation.urn in program.one(NOTIFICATION).depends_on


def test_every_way_of_creating_any_object_invokes_the_function(program: Program) -> None:
    (entry,) = program.one(NOTIFICATION).inputs["lambdaFunctions"]
    assert entry["events"] == ["s3:ObjectCreated:*"]
    assert entry["lambdaFunctionArn"] == program.one("lambda/alias:Alias").outputs["arn"]
    assert not entry.keys() & {"filterPrefix", "filterSuffix"}
