"""Videos that come before anybody is enrolled get their results once somebody is."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import boto3
import pytest

from enroll.__main__ import main
from enroll.deployed import forget_students
from local.aws import LocalAws
from samples.sample_class import BIDEN as BIDEN_ID
from samples.sample_class import COLLINS as COLLINS_ID
from samples.sample_class import OBAMA as OBAMA_ID
from samples.sample_class import make_sample_class
from stacks import outputs
from stacks.outputs import Deployment
from tests.integration.conftest import BIDEN, OBAMA
from tests.integration.pipeline import Pipeline

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.conftest import ClassVideo


@pytest.fixture(scope="module")
def empty_pipeline() -> Iterator[Pipeline]:
    """Return another stack, which knows nobody."""
    with LocalAws() as aws:
        yield Pipeline(aws)


@pytest.fixture
def enrol(
    empty_pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[str]]:
    """Give the command that enrols the sample class in the stack; forget the class afterwards."""
    deployment = empty_pipeline.aws.deployment
    monkeypatch.setattr(outputs, "LOCAL_STACK_FILE", empty_pipeline.stack_file(tmp_path))
    sample = make_sample_class(tmp_path / "class")
    yield [
        *("--students", str(sample.students), "--portraits", str(sample.portraits)),
        *("--stack", "local"),
    ]
    forget_students(deployment, [OBAMA_ID, BIDEN_ID, COLLINS_ID])


def test_they_are_reported_and_looked_at_when_somebody_is_enrolled(
    empty_pipeline: Pipeline,
    enrol: list[str],
    class_video: ClassVideo,
    capsys: pytest.CaptureFixture[str],
) -> None:
    videos = {
        "week 1/Übung + 1.mp4": ("Barack Obama", class_video((OBAMA,))),
        "week 1/lecture": ("Joe Biden", class_video((BIDEN,), suffix=".mov")),
    }
    for key, (_, video) in videos.items():
        report = empty_pipeline.error_of(key, video)
        assert "Nobody is enrolled yet" in report.error["error"]
        assert report.metadata["frames"] == "0"
    empty_pipeline.wait_until_logged("unenrolled", beyond=1)

    assert main(enrol) == 0

    assert "2 videos that came before anybody was enrolled are looked at again." in (
        capsys.readouterr().out
    )
    for key, result in (
        ("week 1/Übung + 1.mp4", "week 1/Übung + 1.csv"),
        ("week 1/lecture", "week 1/lecture.video.csv"),
    ):
        assert empty_pipeline.wait_for(result, key).names == {videos[key][0]}
    empty_pipeline.wait_until_logged("processed", beyond=1)
    assert empty_pipeline.failures() == []

    # What is unreadable is no matter of enrolment, and nothing waits any more.
    empty_pipeline.error_of("broken.mp4", b"no video")
    assert main(enrol) == 0
    assert not re.search("looked at again", capsys.readouterr().out)


def test_whoever_may_not_invoke_the_function_is_told_what_to_do(
    empty_pipeline: Pipeline,
    enrol: list[str],
    class_video: ClassVideo,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    aws = empty_pipeline.aws
    key = "another.mp4"
    empty_pipeline.error_of(key, class_video((OBAMA,)))
    iam = aws.client("iam")
    iam.create_user(UserName="registrar")
    access = iam.create_access_key(UserName="registrar")["AccessKey"]
    registrar = boto3.Session(
        aws_access_key_id=access["AccessKeyId"],
        aws_secret_access_key=access["SecretAccessKey"],
        region_name=aws.outputs.region,
    )

    def allow(*statements: dict[str, object]) -> None:
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam.put_user_policy(UserName="registrar", PolicyName="enrol", PolicyDocument=policy)

    with monkeypatch.context() as as_registrar:
        as_registrar.setattr(Deployment, "session", lambda _: registrar)
        allow(*_enrolling(aws))
        assert main(enrol) == 1
        said = capsys.readouterr()
        assert said.out.startswith("Enrolled 3 students")
        assert "the students are enrolled, but videos that came before" in said.err
        assert "lambda:InvokeFunction" in said.err

        allow(*_enrolling(aws), _looking_again(aws))
        assert main(enrol) == 0
        said = capsys.readouterr()
        assert "1 video that came before anybody was enrolled is looked at again." in said.out
    assert empty_pipeline.wait_for("another.csv", key).names == {"Barack Obama"}


def _enrolling(aws: LocalAws) -> list[dict[str, object]]:
    """Return the rights that docs/deploying.md says are needed, but the last."""
    names = aws.outputs
    gallery, results = (f"arn:aws:s3:::{it}" for it in (names.gallery_bucket, names.output_bucket))
    students = f"arn:aws:dynamodb:{names.region}:*:table/{names.students_table}"
    return [
        _allow(["s3:GetObject", "s3:PutObject"], f"{gallery}/*"),
        _allow(["s3:GetObject"], f"{results}/*"),
        _allow(["s3:ListBucket"], gallery, results),
        _allow(["dynamodb:BatchWriteItem"], students),
    ]


def _looking_again(aws: LocalAws) -> dict[str, object]:
    names = aws.outputs
    return _allow(
        ["lambda:InvokeFunction"],
        f"arn:aws:lambda:{names.region}:*:function:{names.live_function}",
    )


def _allow(actions: list[str], *resources: str) -> dict[str, object]:
    return {"Effect": "Allow", "Action": actions, "Resource": resources}
