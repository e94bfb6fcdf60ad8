"""What docs/runbook.md says of restoring, on the embedded AWS: the gallery, and the records.

The embedded AWS restores a table from a backup, and not to a point in time; either way the records
are in another table then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from enroll.__main__ import main
from enroll.deployed import enrol_students, forget_students, gallery_etag, load_gallery
from enroll.object_versions import versions_of
from enroll.records import all_records
from enroll.restoring import restore_gallery
from function.recogniser.identity.gallery import Gallery
from function.students import Student
from stacks import outputs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local.aws import LocalAws
    from tests.integration.pipeline import Pipeline

ADA = Student(student_id="ada", name="Ada Lovelace", major="maths", year="3")
ALAN = Student(student_id="alan", name="Alan Turing", major="logic", year="4")
RESTORED = "restored-students"


@pytest.fixture
def stack(
    pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LocalAws]:
    """Return a stack in which Ada and Alan are enrolled, and nobody else until the test ends."""
    aws = pipeline.aws
    monkeypatch.setattr(outputs, "LOCAL_STACK_FILE", pipeline.stack_file(tmp_path))
    s3 = aws.client("s3")
    gallery = {"Bucket": aws.outputs.gallery_bucket, "Key": aws.outputs.gallery_key}
    others = s3.get_object(**gallery)["Body"].read()
    s3.delete_object(**gallery)
    for student, value in ((ADA, 0.1), (ALAN, 0.2)):
        rows = Gallery(
            student_ids=(student.student_id,), encodings=np.full((1, 128), value, np.float32)
        )
        enrol_students(aws.deployment, [student], rows)
    yield aws
    for student in (ADA, ALAN):
        aws.client("dynamodb").delete_item(
            TableName=aws.outputs.students_table, Key={"student_id": {"S": student.student_id}}
        )
    s3.put_object(**gallery, Body=others)


def latest(stack: LocalAws) -> str:
    """Return the version of the gallery that is in use."""
    place = stack.outputs
    versions = versions_of(stack.client("s3"), place.gallery_bucket, place.gallery_key)
    (version,) = [each for each in versions if each.is_latest]
    return version.version_id


def enrolled(stack: LocalAws) -> set[str]:
    return set(load_gallery(stack.deployment).student_ids)


def records(stack: LocalAws) -> dict[str, Student]:
    """Return those of the records that are of these two."""
    found = all_records(stack.deployment)
    return {name: found[name] for name in ("ada", "alan") if name in found}


def test_an_earlier_gallery_comes_back_byte_for_byte(
    stack: LocalAws, capsys: pytest.CaptureFixture[str]
) -> None:
    version, etag = latest(stack), gallery_etag(stack.deployment)
    forget_students(stack.deployment, {"alan"})
    assert enrolled(stack) == {"ada"}

    assert main(["restore", "--stack", "local"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("1 student, 1 portrait, the one in use")
    assert f"{version}  2 students, 2 portraits" in lines[1]
    assert main(["restore", version, "--stack", "local", "--dry-run"]) == 0
    assert enrolled(stack) == {"ada"}
    capsys.readouterr()
    assert main(["restore", version, "--stack", "local"]) == 0

    assert enrolled(stack) == {"ada", "alan"}
    # Results that were made with it are up to date again.
    assert gallery_etag(stack.deployment) == etag
    assert capsys.readouterr().err.startswith("Enrolled again: alan. Forget whoever has withdrawn")


@pytest.mark.parametrize("loss", ["damaged", "deleted"])
def test_a_gallery_that_can_t_be_used_any_more_is_replaced(
    stack: LocalAws, capsys: pytest.CaptureFixture[str], loss: str
) -> None:
    version, place = latest(stack), stack.outputs
    s3 = stack.client("s3")
    if loss == "damaged":
        s3.put_object(Bucket=place.gallery_bucket, Key=place.gallery_key, Body=b"no gallery")
        assert main(["restore", latest(stack), "--stack", "local"]) == 2
        assert "can't be used: choose another one" in capsys.readouterr().err
    else:
        s3.delete_object(Bucket=place.gallery_bucket, Key=place.gallery_key)

    assert main(["restore", version, "--stack", "local"]) == 0
    assert enrolled(stack) == {"ada", "alan"}


def test_what_others_enrol_meanwhile_is_not_undone(
    stack: LocalAws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    version = latest(stack)
    forget_students(stack.deployment, {"alan"})
    # As if somebody had come between the look at the gallery and the change of it.
    monkeypatch.setattr("enroll.restoring.gallery_etag", lambda _: '"of before"')

    assert main(["restore", version, "--stack", "local"]) == 2
    assert "others have changed the stack's gallery" in capsys.readouterr().err
    assert enrolled(stack) == {"ada"}


def test_a_version_that_is_not_there_is_told(
    stack: LocalAws, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["restore", "none", "--stack", "local"]) == 2
    assert "has no version none" in capsys.readouterr().err
    assert enrolled(stack) == {"ada", "alan"}


def test_records_come_back_of_those_who_are_enrolled_and_of_nobody_else(
    stack: LocalAws, capsys: pytest.CaptureFixture[str]
) -> None:
    dynamodb, table = stack.client("dynamodb"), stack.outputs.students_table
    version = latest(stack)
    backup = dynamodb.create_backup(TableName=table, BackupName="before")["BackupDetails"]
    # Alan is erased since; Ada's record is lost.
    forget_students(stack.deployment, {"alan"})
    dynamodb.delete_item(TableName=table, Key={"student_id": {"S": "ada"}})
    dynamodb.restore_table_from_backup(TargetTableName=RESTORED, BackupArn=backup["BackupArn"])
    try:
        assert main(["restore", "--records", RESTORED, "--stack", "local"]) == 0
        said = capsys.readouterr().out
        assert said.startswith(f"1 record of {RESTORED} written; ")
        assert said.endswith(" left out, whose students are not enrolled.\n")
        assert records(stack) == {"ada": ADA}

        restore_gallery(stack.deployment, version)
        assert main(["restore", "--records", RESTORED, "--stack", "local", "--dry-run"]) == 0
        assert set(records(stack)) == {"ada"}
        assert main(["restore", "--records", RESTORED, "--stack", "local"]) == 0
        assert records(stack) == {"ada": ADA, "alan": ALAN}
    finally:
        dynamodb.delete_table(TableName=RESTORED)
