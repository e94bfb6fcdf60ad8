"""Every video that is put into the input bucket invokes the function, and nothing else does."""

from __future__ import annotations

from itertools import permutations

from function.results import VIDEO_SUFFIXES
from tests.infra.recording import ACCOUNT, Program

NOTIFICATION = "s3/bucketNotification:BucketNotification"
PERMISSION = "lambda/permission:Permission"


def suffixes(program: Program) -> list[str]:
    entries = program.one(NOTIFICATION).inputs["lambdaFunctions"]
    return [entry["filterSuffix"] for entry in entries]


def test_only_our_own_input_bucket_may_invoke_the_function(program: Program) -> None:
    permission = program.one(PERMISSION).inputs
    bucket = program.one("s3/bucket:Bucket", "lambdalens-input")
    assert permission["function"] == program.one("lambda/function:Function").outputs["name"]
    assert permission["action"] == "lambda:InvokeFunction"
    assert permission["principal"] == "s3.amazonaws.com"
    assert permission["sourceArn"] == bucket.outputs["arn"]
    assert permission["sourceAccount"] == ACCOUNT


def test_the_input_bucket_has_the_one_notification_it_can_have(program: Program) -> None:
    notification = program.one(NOTIFICATION)
    assert notification.inputs["bucket"] == program.one("s3/bucket:Bucket", "lambdalens-input").id


def test_the_permission_is_there_before_the_notification(program: Program) -> None:
    assert program.one(PERMISSION).urn in program.one(NOTIFICATION).depends_on


def test_every_way_of_creating_an_object_invokes_the_function(program: Program) -> None:
    arn = program.one("lambda/function:Function").outputs["arn"]
    for entry in program.one(NOTIFICATION).inputs["lambdaFunctions"]:
        assert entry["events"] == ["s3:ObjectCreated:*"]
        assert entry["lambdaFunctionArn"] == arn
        assert "filterPrefix" not in entry


def test_every_video_suffix_is_taken_in_lower_and_upper_case(program: Program) -> None:
    assert set(suffixes(program)) == {
        form for suffix in VIDEO_SUFFIXES for form in (suffix.lower(), suffix.upper())
    }


def test_no_two_entries_match_the_same_key(program: Program) -> None:
    for one, other in permutations(suffixes(program), 2):
        assert not one.endswith(other)


def test_entries_can_be_told_apart(program: Program) -> None:
    entries = program.one(NOTIFICATION).inputs["lambdaFunctions"]
    assert len({entry["id"] for entry in entries}) == len(entries)
