"""All that is held of a student is erased, whatever interrupts it, and nothing else is changed."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from enroll.__main__ import main
from enroll.deployed import FacesNotForgottenError, enrol_students, gallery_etag, load_gallery
from enroll.erasure import erase, traces
from function.long_videos import looks_prefix
from function.recogniser.faces.location import Box
from function.recogniser.faces.quality import Quality
from function.recogniser.identity.attendance import Look
from function.recogniser.identity.gallery import Gallery, Match
from function.recogniser.looking import Finding
from function.recogniser.looks import Looks
from function.recogniser.video.plan import WHOLE
from function.recogniser.video.reading import Reading
from function.students import Student, look_up
from stacks.configuration import REPOSITORY
from stacks.outputs import Deployment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from types_boto3_s3 import S3Client


HEADER = "\ufeffyear,major,name,student_id,first_seen\r\n"
ADA, ALAN = "3,maths,Ada,1001,0.00\r\n", "4,logic,Alan,1002,1.50\r\n"
METADATA = {"video-etag": '"v"', "gallery-etag": '"g"', "finished": "2026-11-23T18:00:00.000Z"}


@cache
def s3_of(stack: Deployment) -> S3Client:
    client: S3Client = stack.client("s3")
    return client


def put(stack: Deployment, key: str, body: str, **metadata: str) -> None:
    s3_of(stack).put_object(
        Bucket=stack.outputs.output_bucket,
        Key=key,
        Body=body.encode(),
        ContentType="text/csv; charset=utf-8",
        Metadata=METADATA | metadata,
    )


def body(stack: Deployment, key: str) -> str:
    found = s3_of(stack).get_object(Bucket=stack.outputs.output_bucket, Key=key)
    content: bytes = found["Body"].read()
    return content.decode()


def versions(stack: Deployment, bucket: str) -> dict[str, list[str]]:
    """Return what is in every version of every object of a bucket, the newest first."""
    s3 = s3_of(stack)
    found: dict[str, list[str]] = {}
    for each in s3.list_object_versions(Bucket=bucket).get("Versions", []):
        got = s3.get_object(Bucket=bucket, Key=each["Key"], VersionId=each["VersionId"])
        found.setdefault(each["Key"], []).append(got["Body"].read().decode("latin-1"))
    return found


def rows(*student_ids: str, value: float = 0.5) -> Gallery:
    encodings = np.full((len(student_ids), 128), value, np.float32)
    return Gallery(student_ids=student_ids, encodings=encodings)


def student(student_id: str) -> Student:
    return Student(student_id=student_id, name=f"N{student_id}", major="maths", year="senior")


def places(stack: Deployment, *student_ids: str) -> list[str]:
    return [trace.place for trace in traces(stack, student_ids)]


@pytest.fixture
def held(versioned_stack: Deployment) -> Deployment:
    """Return a stack that holds two students wherever a stack can, and in earlier versions."""
    stack = versioned_stack
    everybody = [student("1001"), student("1002")]
    enrol_students(stack, everybody, rows("1002"))
    enrol_students(stack, everybody, rows("1001", "1001"))
    enrol_students(stack, everybody, rows("1001", "1001", value=0.25))
    put(stack, "week1/both.csv", HEADER + ADA)
    put(stack, "week1/both.csv", HEADER + ADA + ALAN)
    csv = HEADER + ADA + ALAN
    evidence = {
        "csv_sha256": sha256(csv.encode()).hexdigest(),
        "students": [{"student_id": "1001"}, {"student_id": "1002"}],
    }
    put(stack, "week1/both.json", json.dumps(evidence))
    put(stack, "week1/earlier.csv", HEADER + ADA)
    put(stack, "week1/earlier.csv", HEADER)
    put(stack, "week1/gone.csv", HEADER + ADA)
    s3_of(stack).delete_object(Bucket=stack.outputs.output_bucket, Key="week1/gone.csv")
    put(stack, "week1/alan.csv", HEADER + ALAN)
    put(stack, "week1/broken.error.json", '{"video": "broken.mp4"}')
    return stack


def test_nothing_is_left_of_the_student_and_all_of_the_others(held: Deployment) -> None:
    assert len(places(held, "1001")) == 8
    assert sum("gallery, version" in place for place in places(held, "1002")) == 2
    erasure = erase(held, ["1001"])
    assert places(held, "1001") == []
    assert (erasure.portraits, erasure.records, erasure.earlier_galleries) == (2, 1, 2)
    assert {result.key for result in erasure.results} == {
        *("week1/both.csv", "week1/both.json"),
        *("week1/earlier.csv", "week1/gone.csv"),
    }
    assert body(held, "week1/both.csv") == HEADER + ALAN
    assert load_gallery(held).student_ids == ("1002",)
    # Of the earlier galleries, that which held both is gone, and that before it is there.
    assert sum("gallery, version" in place for place in places(held, "1002")) == 1
    assert "1001" not in str(versions(held, held.outputs.output_bucket))


def test_a_result_says_as_before_what_it_was_made_from(held: Deployment) -> None:
    s3, bucket = s3_of(held), held.outputs.output_bucket
    put(held, "week1/both.csv", HEADER + ADA, course="physics", unread="the end")
    before = s3.head_object(Bucket=bucket, Key="week1/both.csv")
    erase(held, ["1001"])
    after = s3.head_object(Bucket=bucket, Key="week1/both.csv")
    assert after["Metadata"] == before["Metadata"]
    assert after["ContentType"] == before["ContentType"]


def test_results_that_never_named_the_student_are_not_written(held: Deployment) -> None:
    before = versions(held, held.outputs.output_bucket)
    erase(held, ["1001"])
    after = versions(held, held.outputs.output_bucket)
    for key in ("week1/alan.csv", "week1/broken.error.json"):
        assert after[key] == before[key]


def test_an_evidence_goes_on_being_that_of_its_csv(held: Deployment) -> None:
    erase(held, ["1001"])
    told = json.loads(body(held, "week1/both.json"))
    assert told["students"] == [{"student_id": "1002"}]
    assert told["csv_sha256"] == sha256(body(held, "week1/both.csv").encode()).hexdigest()


def test_to_forget_twice_is_to_forget_once(held: Deployment) -> None:
    erase(held, ["1001"])
    before = versions(held, held.outputs.output_bucket)
    erasure = erase(held, ["1001"])
    assert erasure.student_ids == set()
    assert versions(held, held.outputs.output_bucket) == before


def test_results_stay_where_they_are_to_be_kept(held: Deployment) -> None:
    before = versions(held, held.outputs.output_bucket)
    erase(held, ["1001"], with_results=False)
    assert versions(held, held.outputs.output_bucket) == before
    assert list(traces(held, ["1001"], in_results=False)) == []
    assert len(places(held, "1001")) == 5


DIES = """
import os, signal, sys
from enroll.__main__ import main
from stacks import outputs
from stacks.outputs import Deployment
from pathlib import Path

outputs.LOCAL_STACK_FILE = Path(sys.argv[1])
client = Deployment.client
calls = 0

def dying(self, service):
    made = client(self, service)

    def die(**_):
        global calls
        calls += 1
        if calls == int(sys.argv[3]):
            os.kill(os.getpid(), signal.SIGKILL)

    made.meta.events.register(sys.argv[2], die)
    return made

Deployment.client = dying
sys.exit(main(["forget", "1001", "--stack", "local"]))
"""


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        ("before-call.s3.PutObject", 1),
        ("after-call.s3.PutObject", 1),
        ("before-call.dynamodb.DeleteItem", 1),
        ("after-call.s3.PutObject", 2),
        ("after-call.s3.PutObject", 3),
        ("before-call.s3.DeleteObject", 1),
        ("after-call.s3.DeleteObject", 3),
        ("before-call.s3.DeleteObject", 6),
    ],
)
def test_whatever_moment_it_is_killed_at_the_next_run_finishes(
    held: Deployment, stack_file: Callable[[Deployment], Path], moment: str, number: int
) -> None:
    file = stack_file(held)
    command = [sys.executable, "-c", DIES, str(file), moment, str(number)]
    died = subprocess.run(command, cwd=REPOSITORY, check=False, capture_output=True)
    assert died.returncode < 0, died.stderr
    assert main(["forget", "--verify", "1001", "--stack", "local"]) == 1
    assert main(["forget", "1001", "--stack", "local"]) == 0
    assert main(["forget", "--verify", "1001", "--stack", "local"]) == 0
    assert load_gallery(held).student_ids == ("1002",)
    assert body(held, "week1/both.csv") == HEADER + ALAN
    told = json.loads(body(held, "week1/both.json"))
    assert told["csv_sha256"] == sha256((HEADER + ALAN).encode()).hexdigest()


def meanwhile(monkeypatch: pytest.MonkeyPatch, key: str, action: Callable[[], object]) -> None:
    """Do something once, when the erasure is about to write the object with this key."""
    client = Deployment.client
    is_done: list[bool] = []

    def with_hook(self: Deployment, service: str) -> Any:  # noqa: ANN401 - as the method
        made = client(self, service)

        def hook(params: dict[str, Any], **_: object) -> None:
            if params["url_path"].endswith(f"/{key}") and not is_done:
                is_done.append(True)
                action()

        if service == "s3":
            made.meta.events.register("before-call.s3.PutObject", hook)
        return made

    monkeypatch.setattr(Deployment, "client", with_hook)


def test_a_run_that_writes_meanwhile_loses_nothing(
    held: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    grace = "1,navy,Grace,1003,2.00\r\n"
    meanwhile(
        monkeypatch,
        "week1/both.csv",
        lambda: put(held, "week1/both.csv", HEADER + ADA + ALAN + grace, finished="later"),
    )
    erase(held, ["1001"])
    assert body(held, "week1/both.csv") == HEADER + ALAN + grace
    head = s3_of(held).head_object(Bucket=held.outputs.output_bucket, Key="week1/both.csv")
    assert head["Metadata"]["finished"] == "later"
    assert places(held, "1001") == []


def test_a_result_that_is_deleted_meanwhile_is_not_made_again(
    held: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3, bucket = s3_of(held), held.outputs.output_bucket
    meanwhile(
        monkeypatch,
        "week1/both.csv",
        lambda: s3.delete_object(Bucket=bucket, Key="week1/both.csv"),
    )
    erase(held, ["1001"])
    with pytest.raises(s3.exceptions.NoSuchKey):
        body(held, "week1/both.csv")
    assert places(held, "1001") == []


def test_somebody_who_enrols_meanwhile_is_not_lost(
    held: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile(
        monkeypatch,
        held.outputs.gallery_key,
        lambda: enrol_students(held, [student("1003")], rows("1003")),
    )
    erase(held, ["1001"])
    assert load_gallery(held).student_ids == ("1002", "1003")
    assert places(held, "1001") == []


def test_a_damaged_earlier_gallery_may_hold_anybody_and_goes(held: Deployment) -> None:
    place: dict[str, Any] = {"Bucket": held.outputs.gallery_bucket, "Key": held.outputs.gallery_key}
    s3 = s3_of(held)
    whole = s3.get_object(**place)["Body"].read()
    s3.put_object(**place, Body=b"damaged")
    s3.put_object(**place, Body=whole)
    assert any("which is damaged" in place for place in places(held, "1001"))
    erase(held, ["1001"])
    assert places(held, "1001") == []


def test_a_gallery_that_cannot_be_used_keeps_nothing_else_from_being_erased(
    held: Deployment,
) -> None:
    place: dict[str, Any] = {"Bucket": held.outputs.gallery_bucket, "Key": held.outputs.gallery_key}
    s3_of(held).put_object(**place, Body=b"something else")
    with pytest.raises(FacesNotForgottenError, match="the faces are not"):
        erase(held, ["1001"])
    assert [each for each in places(held, "1001") if "perhaps in the gallery" not in each] == []
    assert look_up(held.client("dynamodb"), held.outputs.students_table, ["1001"]) == {}


def test_a_stack_without_versions_is_erased_too(stack: Deployment) -> None:
    enrol_students(stack, [student("1001"), student("1002")], rows("1001", "1002"))
    put(stack, "both.csv", HEADER + ADA + ALAN)
    put(stack, "ada.csv", HEADER + ADA)
    erase(stack, ["1001"])
    assert places(stack, "1001") == []
    assert body(stack, "both.csv") == HEADER + ALAN
    assert body(stack, "ada.csv") == HEADER


def test_more_results_than_a_page_of_the_listing_holds_are_all_found(stack: Deployment) -> None:
    with ThreadPoolExecutor(10) as threads:
        list(
            threads.map(
                lambda number: put(
                    stack, f"{number}.csv", HEADER + (ADA if number in {0, 999, 1004} else ALAN)
                ),
                range(1005),
            )
        )
    assert len(erase(stack, ["1001"]).results) == 3
    assert places(stack, "1001") == []


def test_the_command_says_what_it_has_removed_and_names_results_on_request(
    held: Deployment, stack_file: Callable[[Deployment], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    stack_file(held)
    assert main(["forget", "1001", "--stack", "local", "--verbose"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    lines = said.out.splitlines()
    assert "week1/both.csv: 1 entry, 2 earlier versions" in lines
    assert "week1/gone.csv: 0 entries, 1 earlier version" in lines
    assert lines[-2].startswith(
        "Forgot 1 student: 2 portraits, 1 record, 2 earlier galleries, 2 entries in 2 results, "
    )
    assert lines[-1].endswith("python -m enroll forget --verify 1001 --stack local")
    assert "Ada" not in said.out


def test_verifying_names_the_places_and_changes_nothing(
    held: Deployment, stack_file: Callable[[Deployment], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    stack_file(held)
    before = versions(held, held.outputs.output_bucket)
    assert main(["forget", "--verify", "1001", "--stack", "local"]) == 1
    said = capsys.readouterr()
    assert "student 1001: the gallery, portraits: 2\n" in said.out
    assert "student 1001: the record in the students table\n" in said.out
    assert "student 1001: week1/both.csv, as it is now\n" in said.out
    assert "student 1001: week1/both.csv, version " in said.out
    assert said.err.startswith("8 places hold something of them")
    assert versions(held, held.outputs.output_bucket) == before
    assert main(["forget", "--verify", "4711", "--stack", "local"]) == 0
    assert capsys.readouterr().out == "Nothing is held of 1 student.\n"


def test_a_file_of_a_person_s_own_is_named_and_left_to_the_person(
    held: Deployment, stack_file: Callable[[Deployment], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    stack_file(held)
    put(held, "summary.csv", "who;how often\n1001;12\n")
    assert main(["forget", "1001", "--stack", "local"]) == 1
    assert "summary.csv, as it is now: mentions a student, and is of no form" in (
        capsys.readouterr().err
    )
    assert body(held, "summary.csv") == "who;how often\n1001;12\n"
    assert main(["forget", "--verify", "1001", "--stack", "local"]) == 1
    assert "summary.csv, as it is now, which is of no known form" in capsys.readouterr().out


def test_whoever_is_not_known_is_named(
    held: Deployment, stack_file: Callable[[Deployment], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    stack_file(held)
    assert main(["forget", "1001", "4711", "--stack", "local"]) == 1
    assert capsys.readouterr().err == "student 4711 is not known here: check the id\n"


def test_it_is_the_id_that_counts_and_not_the_name(held: Deployment) -> None:
    namesake = replace(student("1003"), name="Ada")
    enrol_students(held, [namesake], rows("1003"))
    put(held, "namesake.csv", HEADER + ADA.replace("1001", "1003") + ADA)
    erase(held, ["1001"])
    assert body(held, "namesake.csv") == HEADER + ADA.replace("1001", "1003")


def test_what_was_seen_in_ranges_goes_unless_it_was_made_with_the_gallery_in_use(
    held: Deployment,
) -> None:
    s3, bucket = s3_of(held), held.outputs.looks_bucket

    def put_looks(gallery_etag: str | None, name: str, student_id: str) -> str:
        key = f"{looks_prefix(str(gallery_etag))}{name}"
        s3.put_object(Bucket=bucket, Key=key, Body=looks_at(student_id).as_bytes())
        return key

    of_then = put_looks(gallery_etag(held), "then", "1001")
    assert f"{of_then}, seen in a range of a long video" in places(held, "1001")
    assert f"{of_then}, seen in a range of a long video" not in places(held, "1002")

    assert erase(held, ["1001"]).looks == 1

    assert places(held, "1001") == []
    of_now = put_looks(gallery_etag(held), "now", "1002")
    assert erase(held, ["1001"]).looks == 0
    assert f"{of_now}, seen in a range of a long video" in places(held, "1002")
    # Of another version nobody can tell, so it may be anybody.
    s3.put_object(Bucket=bucket, Key="earlier/looks", Body=b"looks")
    assert places(held, "1001") == ["earlier/looks, seen in a range of a long video"]


def looks_at(student_id: str) -> Looks:
    """Return what was seen of one student in a video."""
    look = Look(
        match=Match(student_id=student_id, distance=0.3, margin=0.2),
        quality=Quality(height=90, score=0.9, tilt=0, sharpness=0.5, brightness=100),
        place=Box(left=0, top=0, width=0.1, height=0.1),
        face=1,
        track=0,
        times=[1.0],
    )
    finding = Finding(track=0, time=1.0, faces=1, looks=[look])
    return Looks.of(WHOLE, [finding], Reading(), tolerance=0.59)
