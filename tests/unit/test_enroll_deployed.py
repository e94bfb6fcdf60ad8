"""What a stack knows is changed whole, in the right order, and never by losing another's change."""

from __future__ import annotations

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest
from botocore.exceptions import ClientError

from enroll.__main__ import main
from enroll.deployed import enrol_students, forget_students, load_gallery
from function.gallery import Gallery, GalleryError
from function.students import Student, look_up
from local.emulator import REGION, start_emulator
from local.lifeline import Lifeline
from local.sample_class import make_sample_class
from stacks import outputs
from stacks.names import camel_case
from stacks.outputs import Deployment, StackOutputs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def endpoint_url() -> Iterator[str]:
    with Lifeline() as lifeline:
        yield start_emulator(lifeline, port=0, retry_base_seconds=0.2).endpoint_url


@pytest.fixture
def stack(endpoint_url: str) -> Deployment:
    """Return a stack of its own, with an empty gallery bucket and table."""
    name = f"test-{uuid.uuid4().hex}"
    names = StackOutputs(
        input_bucket=f"{name}-input",
        output_bucket=f"{name}-output",
        gallery_bucket=f"{name}-gallery",
        gallery_key="gallery.npz",
        students_table=name,
        function_name="none",
        failures_queue_url="none",
        log_group="none",
        region=REGION,
    )
    stack = Deployment(outputs=names, endpoint_url=endpoint_url)
    stack.client("s3").create_bucket(Bucket=names.gallery_bucket)
    stack.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "student_id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "student_id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return stack


def _student(student_id: str) -> Student:
    return Student(student_id=student_id, name=f"N{student_id}", major="maths", year="senior")


def _gallery(*student_ids: str, value: float = 0.5) -> Gallery:
    encodings = np.full((len(student_ids), 128), value, np.float32)
    return Gallery(student_ids=student_ids, encodings=encodings)


def _records(stack: Deployment, *student_ids: str) -> dict[str, Student]:
    return look_up(stack.client("dynamodb"), stack.outputs.students_table, student_ids)


def _etag(stack: Deployment) -> str:
    place = {"Bucket": stack.outputs.gallery_bucket, "Key": stack.outputs.gallery_key}
    return str(stack.client("s3").head_object(**place)["ETag"])


def test_before_the_first_enrolment_nobody_is_known(stack: Deployment) -> None:
    assert load_gallery(stack).student_ids == ()


def test_an_enrolment_adds_and_replaces_and_keeps_the_others(stack: Deployment) -> None:
    enrol_students(stack, [_student("1"), _student("2")], _gallery("1", "2", "2"))
    enrol_students(stack, [_student("2"), _student("3")], _gallery("3", "2", value=0.25))
    gallery = load_gallery(stack)
    assert gallery.student_ids == ("1", "2", "3")
    assert gallery.encodings[:, 0].tolist() == [0.5, 0.25, 0.25]
    assert _records(stack, "1", "2", "3").keys() == {"1", "2", "3"}


def test_the_same_enrolment_in_another_order_is_the_same_gallery(stack: Deployment) -> None:
    enrol_students(stack, [], _gallery("1", "2"))
    before = _etag(stack)
    enrol_students(stack, [], _gallery("1"))
    assert _etag(stack) == before


def test_enrolments_at_the_same_time_do_not_lose_each_other(stack: Deployment) -> None:
    ids = [f"{number}" for number in range(1, 7)]
    with ThreadPoolExecutor(max_workers=len(ids)) as threads:
        list(threads.map(lambda i: enrol_students(stack, [_student(i)], _gallery(i)), ids))
    assert list(load_gallery(stack).student_ids) == ids


def test_no_face_is_known_when_its_record_cannot_be_written(stack: Deployment) -> None:
    stack.client("dynamodb").delete_table(TableName=stack.outputs.students_table)
    with pytest.raises(ClientError):
        enrol_students(stack, [_student("1")], _gallery("1"))
    assert load_gallery(stack).student_ids == ()


def test_more_records_than_one_batch_holds_are_all_written(stack: Deployment) -> None:
    students = [_student(f"{number}") for number in range(60)]
    enrol_students(stack, students, _gallery("1"))
    assert len(_records(stack, *(student.student_id for student in students))) == len(students)


def test_forgetting_removes_rows_and_records_and_says_whose(stack: Deployment) -> None:
    enrol_students(stack, [_student("1"), _student("2")], _gallery("1", "2", "face-only"))
    assert forget_students(stack, ["1", "face-only", "nobody"]) == {"1", "face-only"}
    assert load_gallery(stack).student_ids == ("2",)
    assert _records(stack, "1", "2").keys() == {"2"}


def test_a_gallery_that_is_none_is_not_overwritten(stack: Deployment) -> None:
    place = {"Bucket": stack.outputs.gallery_bucket, "Key": stack.outputs.gallery_key}
    stack.client("s3").put_object(**place, Body=b"something else")
    with pytest.raises(GalleryError, match="the stack's gallery: the file is not a gallery"):
        enrol_students(stack, [_student("1")], _gallery("1"))
    assert stack.client("s3").get_object(**place)["Body"].read() == b"something else"


@pytest.fixture
def local_stack(stack: Deployment, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Deployment:
    """Make the stack the one that is called 'local'."""
    exports = {camel_case(name): value for name, value in vars(stack.outputs).items()}
    file = tmp_path / "stack.json"
    file.write_text(json.dumps({"endpoint_url": stack.endpoint_url, "outputs": exports}))
    monkeypatch.setattr(outputs, "LOCAL_STACK_FILE", file)
    return stack


def test_the_command_enrols_in_a_stack_and_forgets(
    local_stack: Deployment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sample = make_sample_class(tmp_path)
    enrol = ["--students", str(sample.students), "--portraits", str(sample.portraits)]
    assert main([*enrol, "--stack", "local"]) == 0
    assert "3 students, 3 portraits, in the stack local, which now knows 3 students" in (
        capsys.readouterr().out
    )
    assert main(["forget", "1002", "--stack", "local"]) == 0
    assert load_gallery(local_stack).student_ids == ("1001", "1003")
    assert _records(local_stack, "1001", "1002", "1003").keys() == {"1001", "1003"}


def test_a_student_who_is_known_needs_no_new_portraits(
    local_stack: Deployment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    enrol_students(local_stack, [], _gallery("1001"))
    (tmp_path / "portraits").mkdir()
    (tmp_path / "students.csv").write_text("student_id,name,major,year\n1001,Ada,maths,senior\n")
    command = ["--students", str(tmp_path / "students.csv")]
    command += ["--portraits", str(tmp_path / "portraits"), "--stack", "local"]
    assert main(command) == 0
    assert "known as before: 1 student" in capsys.readouterr().out
    assert _records(local_stack, "1001")["1001"].name == "Ada"
    assert load_gallery(local_stack).student_ids == ("1001",)


def test_aws_that_refuses_is_one_line_with_a_remedy(
    local_stack: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    local_stack.client("s3").delete_bucket(Bucket=local_stack.outputs.gallery_bucket)
    assert main(["forget", "1", "--stack", "local"]) == 2
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert "NoSuchBucket" in message
    assert "check that the stack is up" in message
