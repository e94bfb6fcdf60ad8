"""Videos that failed, were lost or are out of date get their results when an operator asks."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

import boto3
import pytest

from enroll.deployed import enrol_students, forget_students, load_gallery
from enroll.enrolment import enrol
from function.evidence import Evidence
from function.results import evidence_key
from function.students import Student
from recover.__main__ import main
from recover.failures_queue import FailuresQueue
from recover.policy import operator_policy
from recover.sending import Sending
from samples.sample_class import person_in_class
from stacks import outputs
from stacks.configuration import REPOSITORY
from stacks.outputs import Deployment, deployment
from tests.integration.conftest import BIDEN, OBAMA, STRANGER
from tests.integration.function_role import without_right
from tests.integration.pipeline import unnoticed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from recover.failures_queue import Message
    from tests.integration.conftest import ClassVideo
    from tests.integration.pipeline import Pipeline

_PATIENCE_SECONDS = 60

LOOKS_UP = "dynamodb:BatchGetItem"
"""Without it, the function fails on every video of a student."""

# The default is one in five seconds.
FAST = ("--rate", "1000")


@dataclass(frozen=True, kw_only=True)
class Said:
    """How a command ended, and what it said."""

    status: int
    out: str
    err: str


class Operator:
    """Whoever runs the command."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, command: str, *options: str) -> Said:
        self._capsys.readouterr()
        status = main([command, "--stack", "local", *options])
        said = self._capsys.readouterr()
        return Said(status=status, out=said.out, err=said.err)


@pytest.fixture
def recover(
    pipeline: Pipeline,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Operator]:
    monkeypatch.setattr(outputs, "LOCAL_STACK_FILE", pipeline.stack_file(tmp_path))
    assert pipeline.failures() == []
    yield Operator(capsys)
    pipeline.aws.client("sqs").purge_queue(QueueUrl=pipeline.aws.outputs.failures_queue_url)


@pytest.fixture
def after_an_hour(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Bring the messages back that were received in this process, as SQS does in time."""
    received: list[Message] = []
    receive = FailuresQueue.receive

    def recording(queue: FailuresQueue) -> Message | None:
        message = receive(queue)
        received.extend([message] if message else [])
        return message

    monkeypatch.setattr(FailuresQueue, "receive", recording)

    def bring_back() -> None:
        queue = FailuresQueue(pipeline.aws.deployment)
        for message in received:
            queue.give_back(message)

    return bring_back


def test_a_failure_is_sent_again_and_its_message_deleted_once_there_is_a_result(
    pipeline: Pipeline,
    recover: Operator,
    class_video: ClassVideo,
    after_an_hour: Callable[[], None],
) -> None:
    key = "recover/Übung 1 + 2.mp4"
    fail(pipeline, key, class_video((OBAMA,)))

    trial = recover("failures", "--dry-run")
    assert trial.status == 1
    assert f"{key}: would be sent again (failed 20" in trial.out
    assert "RetriesExhausted" in trial.out
    assert "BatchGetItem" in trial.out
    assert waiting(pipeline) == 1
    assert pipeline.result("recover/Übung 1 + 2.csv") is None

    first = recover("failures", *FAST)
    assert (first.status, first.err) == (0, "")
    assert f"{key}: sent again" in first.out
    assert pipeline.wait_for("recover/Übung 1 + 2.csv", key).names == {"Barack Obama"}

    second = recover("failures", *FAST)
    assert second.status == 0
    assert "0 failures in the queue" in second.out
    assert "1 message is hidden" in second.out

    after_an_hour()
    third = recover("failures", *FAST)
    assert third.status == 0
    assert f"{key}: had its result already; the message is deleted" in third.out
    assert "1 failure in the queue: 0 sent again, 1 deleted, of which 1 had a result" in third.out
    after_an_hour()
    assert "0 failures" in recover("failures").out
    assert pipeline.versions("recover/Übung 1 + 2.csv") == 1


def test_waiting_says_what_has_come_of_each_and_deletes_the_messages(
    pipeline: Pipeline, recover: Operator, class_video: ClassVideo
) -> None:
    fail(pipeline, "recover/waited for.mp4", class_video((BIDEN,)))
    fail(pipeline, "recover/replaced.mp4", class_video((OBAMA,)))
    with unnoticed(pipeline.aws):
        pipeline.upload("recover/replaced.mp4", b"no video")

    said = recover("failures", "--wait", *FAST)

    assert said.status == 0, said
    assert "recover/waited for.mp4: a CSV\n" in said.out
    assert "recover/replaced.mp4: an error report: " in said.out
    assert "2 of 2 videos answered" in said.out
    assert "2 messages deleted." in said.out
    assert depth(pipeline) == (0, 0)


def test_only_messages_about_which_nothing_is_left_to_do_are_deleted(
    pipeline: Pipeline, recover: Operator, class_video: ClassVideo
) -> None:
    long_key = f"recover/{'x' * 1012}.mp4"
    fail(pipeline, "recover/gone.mp4", class_video((OBAMA,)))
    pipeline.aws.client("s3").delete_object(
        Bucket=pipeline.aws.outputs.input_bucket, Key="recover/gone.mp4"
    )
    with unnoticed(pipeline.aws):
        pipeline.upload("recover/notes.txt", b"buy chalk")
        pipeline.upload(long_key, b"a video")
    put_message(pipeline, failure(pipeline, "recover/notes.txt"))
    put_message(pipeline, failure(pipeline, long_key))
    put_message(pipeline, failure(pipeline, "recover/gone.mp4", bucket="another"))
    put_message(pipeline, "hello")

    said = recover("failures", *FAST)

    assert said.status == 1
    assert "recover/gone.mp4: is no longer in the bucket; the message is deleted" in said.out
    assert "recover/notes.txt: is no video; the message is deleted" in said.out
    assert f"{long_key}: its key is too long" in said.out
    assert said.out.count("is about no upload to this stack") == 2
    assert "5 failures in the queue: 0 sent again, 2 deleted, of which 0" in said.out
    assert depth(pipeline) == (3, 0)


def test_a_result_that_would_be_made_the_same_again_settles_an_older_failure(
    pipeline: Pipeline, recover: Operator, class_video: ClassVideo
) -> None:
    # The result is older than the failure, and the function would skip the event for good.
    pipeline.csv_of("recover/done before.mp4", class_video((OBAMA,)))
    time.sleep(0.01)
    put_message(pipeline, failure(pipeline, "recover/done before.mp4"))

    said = recover("failures", *FAST)

    assert (said.status, depth(pipeline)) == (0, (0, 0))
    assert "recover/done before.mp4: had its result already" in said.out


def test_what_fails_again_is_not_lost_and_is_sent_once_however_many_messages_it_has(
    pipeline: Pipeline,
    recover: Operator,
    class_video: ClassVideo,
    after_an_hour: Callable[[], None],
) -> None:
    key = "recover/again and again.mp4"
    fail(pipeline, key, class_video((OBAMA,)))

    with without_right(pipeline.aws, LOOKS_UP):
        said = recover("failures", "--wait", "--timeout", "0.5", *FAST)
        wait_until(lambda: sum(depth(pipeline)) == 2)
    assert said.status == 1
    assert f"{key}: no new result yet" in said.out
    assert "0 messages deleted." in said.out

    after_an_hour()
    sent = pipeline.logged("processed")
    said = recover("failures", "--wait", *FAST)
    assert said.status == 0
    assert "2 failures in the queue: 2 sent again" in said.out
    assert "2 messages deleted." in said.out
    assert depth(pipeline) == (0, 0)
    pipeline.wait_until_logged("processed", beyond=sent)
    assert pipeline.logged("processed") == sent + 1


def test_an_interruption_between_sending_and_deleting_loses_nothing(
    pipeline: Pipeline,
    recover: Operator,
    class_video: ClassVideo,
    after_an_hour: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key = "recover/interrupted.mp4"
    fail(pipeline, key, class_video((OBAMA,)))

    with monkeypatch.context() as before_sending:
        before_sending.setattr(Sending, "send", interrupted)
        assert recover("failures", *FAST).status == 130
    assert depth(pipeline) == (1, 0)  # and there at once for the next run

    with monkeypatch.context() as before_deleting:
        before_deleting.setattr(FailuresQueue, "delete", interrupted)
        said = recover("failures", "--wait", *FAST)
    assert said.status == 130
    assert said.err.endswith(
        "recover: interrupted; what was sent stays sent; run it again to finish\n"
    )
    assert depth(pipeline) == (0, 1)

    after_an_hour()
    assert f"{key}: had its result already" in recover("failures", *FAST).out
    assert depth(pipeline) == (0, 0)
    assert pipeline.versions("recover/interrupted.csv") == 1


def test_two_at_once_share_the_messages(
    pipeline: Pipeline, recover: Operator, class_video: ClassVideo
) -> None:
    keys = [f"recover/shared {number}.mp4" for number in range(4)]
    video = class_video((OBAMA,))
    with without_right(pipeline.aws, LOOKS_UP):
        for key in keys:
            pipeline.upload(key, video)
        wait_until(lambda: waiting(pipeline) == len(keys))
    program = (
        "import sys; from pathlib import Path; from stacks import outputs; "
        f"outputs.LOCAL_STACK_FILE = Path({str(outputs.LOCAL_STACK_FILE)!r}); "
        "from recover.__main__ import main; sys.exit(main(sys.argv[1:]))"
    )
    runs = [
        subprocess.Popen(
            [
                *(sys.executable, "-c", program),
                *("failures", "--stack", "local", "--wait", "--rate", "1"),
            ],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    ended = [run.communicate(timeout=_PATIENCE_SECONDS) for run in runs]

    assert [run.returncode for run in runs] == [0, 0], ended
    assert not any(err for _, err in ended)
    for key in keys:
        assert sum(f"{key}: sent again" in out for out, _ in ended) == 1
    assert depth(pipeline) == (0, 0)
    assert recover("missing", "--prefix", "recover/shared").out.startswith("0 videos sent again")


def test_lost_events_are_found_whatever_became_of_them(
    pipeline: Pipeline, recover: Operator, class_video: ClassVideo
) -> None:
    pipeline.csv_of("lost/there.mp4", class_video((OBAMA,)))
    pipeline.csv_of("lost/replaced.mp4", class_video((OBAMA,)))
    with unnoticed(pipeline.aws):
        pipeline.upload("lost/lecture.mp4", class_video((OBAMA,)))
        pipeline.upload("lost/lecture", class_video((BIDEN,), suffix=".mov"))
        pipeline.upload("lost/replaced.mp4", class_video((BIDEN,)))
        pipeline.upload("lost/broken.mp4", b"no video")
        pipeline.upload("lost/notes.txt", b"buy chalk")
        pipeline.upload("lost/", b"")
        pipeline.upload("elsewhere.mp4", class_video((STRANGER,)))
    here = ("--prefix", "lost/")

    assert recover("missing", "--until", "1h", *here).out == "0 videos sent again.\n"
    assert recover("missing", "--since", "1h", *here, "--dry-run").status == 1
    trial = recover("missing", "--dry-run", *here)
    assert trial.status == 1
    assert trial.out == (
        "lost/broken.mp4: would be sent again (it has no result)\n"
        "lost/lecture: would be sent again (it has no result)\n"
        "lost/lecture.mp4: would be sent again (it has no result)\n"
        "lost/replaced.mp4: would be sent again (its result is of an earlier video)\n"
        "4 videos to be sent again.\n"
    )
    assert "4 videos were uploaded within the last hour" in trial.err
    assert pipeline.result("lost/lecture.csv") is None

    said = recover("missing", "--wait", *FAST, *here)
    assert said.status == 0
    assert "lost/lecture: a CSV\n" in said.out
    assert "lost/broken.mp4: an error report: " in said.out
    assert "4 of 4 videos answered" in said.out
    for key, name in (
        ("lost/lecture.csv", "Barack Obama"),
        ("lost/lecture.video.csv", "Joe Biden"),
        ("lost/replaced.csv", "Joe Biden"),
    ):
        result = pipeline.result(key)
        assert result is not None
        assert result.names == {name}
    assert recover("missing", *here).out == "0 videos sent again.\n"
    assert pipeline.result("elsewhere.csv") is None

    assert recover("missing", "--wait", *FAST, "--prefix", "elsewhere").status == 0
    assert pipeline.result("elsewhere.csv") is not None


def test_results_of_another_gallery_or_recogniser_are_made_anew(
    pipeline: Pipeline, recover: Operator, class_video: ClassVideo, tmp_path: Path
) -> None:
    here = ("--prefix", "outdated/")
    pipeline.csv_of("outdated/a.mp4", class_video((STRANGER,)))
    with unnoticed(pipeline.aws):
        pipeline.upload("outdated/missing.mp4", class_video((STRANGER,)))
    assert recover("outdated", *here).out == "0 videos sent again.\n"

    (tmp_path / "portraits" / "g1").mkdir(parents=True)
    person_in_class(STRANGER).save(tmp_path / "portraits" / "g1" / "1.png")
    students = [Student(student_id="g1", name="Grace Hopper", major="navy", year="senior")]
    known = load_gallery(pipeline.aws.deployment)
    rows = enrol(students, tmp_path / "portraits", known=known).rows
    enrol_students(pipeline.aws.deployment, students, rows)
    try:
        assert recover("outdated", *here, "--until", "2026-01-01").out == "0 videos sent again.\n"
        trial = recover("outdated", *here, "--dry-run")
        assert trial.status == 1
        assert trial.out == (
            "outdated/a.mp4: would be sent again (made with another gallery)\n"
            "1 video to be sent again.\n"
        )
        said = recover("outdated", *here, *FAST, "--wait")
        assert said.status == 0
        assert "1 of 1 video answered: 1 a CSV." in said.out
        result = pipeline.result("outdated/a.csv")
        assert result is not None
        assert result.names == {"Grace Hopper"}
        assert recover("outdated", *here).out == "0 videos sent again.\n"

        with setting(pipeline, "TOLERANCE", "0.5"):
            assert "(made with another recogniser)" in recover("outdated", *here, "--dry-run").out
        with setting(pipeline, "TOLERANCE", "much"):
            wrong = recover("outdated", *here, "--dry-run")
        assert wrong.status == 3
        assert "TOLERANCE is 'much'" in wrong.err
        assert "'pulumi up'" in wrong.err
    finally:
        forget_students(pipeline.aws.deployment, ["g1"])


def test_a_csv_without_its_evidence_is_made_anew(
    pipeline: Pipeline, recover: Operator, class_video: ClassVideo
) -> None:
    here, key, s3 = ("--prefix", "no evidence/"), "no evidence/a.mp4", pipeline.aws.client("s3")
    place = {"Bucket": pipeline.aws.outputs.output_bucket, "Key": evidence_key(key)}
    pipeline.csv_of(key, class_video((OBAMA,)))
    s3.delete_object(**place)
    put_message(pipeline, failure(pipeline, key))
    assert recover("outdated", *here, "--dry-run").out == (
        f"{key}: would be sent again "
        "(the evidence beside its CSV is missing, or was made from something else)\n"
        "1 video to be sent again.\n"
    )
    trial = recover("failures", "--dry-run")
    assert f"{key}: would be sent again (failed " in trial.out
    assert recover("outdated", *here, *FAST, "--wait").status == 0
    assert Evidence.from_bytes(s3.get_object(**place)["Body"].read()).source.video == key
    assert recover("outdated", *here).out == "0 videos sent again.\n"


def test_error_reports_are_listed_with_their_reasons_and_remedies(
    pipeline: Pipeline, recover: Operator, class_video: ClassVideo
) -> None:
    strange = "failed/week 1/\u202egnp.mp4"
    pipeline.error_of(strange, b"no video")
    pipeline.error_of("failed/week 1/lecture.mp4", b"")
    pipeline.error_of("failed/week 2/lecture.mp4", b"no video")
    pipeline.csv_of("failed/week 2/good.mp4", class_video((STRANGER,)))
    pipeline.aws.client("s3").put_object(
        Bucket=pipeline.aws.outputs.output_bucket, Key="failed/own.error.json", Body=b"{}"
    )

    listed = recover("failed", "--prefix", "failed/", "--json")
    assert listed.status == 1
    reports = {report["video"]: report for report in json.loads(listed.out)}
    assert reports.keys() == {*(strange, "failed/week 1/lecture.mp4", "failed/week 2/lecture.mp4")}
    assert all(report["error"] and report["remedy"] for report in reports.values())

    table = recover("failed", "--prefix", "failed/week 1/lecture.mp4")
    assert "lecture.mp4" in table.out
    assert "what to do" in table.out
    assert "week 2" not in table.out
    assert "\u202e" not in recover("failed", "--prefix", "failed/").out
    assert recover("failed", "--prefix", "failed/week 3/").status == 0


RIGHTS = [
    # The right, the resource by the end of its ARN, and who can't do without it.
    ("s3:GetObject", "input", ("missing", "--prefix", "operator/")),
    ("s3:GetObject", "output", ("failed", "--prefix", "operator/")),
    ("s3:ListBucket", "input", ("missing", "--prefix", "operator/")),
    ("s3:ListBucket", "output", ("failed", "--prefix", "operator/")),
    ("s3:ListBucket", "gallery", ("outdated", "--prefix", "operator/")),
    ("sqs:GetQueueAttributes", "failures", ("failures",)),
    ("sqs:ReceiveMessage", "failures", ("failures",)),
    ("sqs:ChangeMessageVisibility", "failures", ("failures", "--dry-run")),
    ("sqs:DeleteMessage", "failures", ("failures",)),
    ("lambda:InvokeFunction", "function", ("missing", "--prefix", "operator/")),
    ("lambda:GetFunctionConfiguration", "function", ("outdated", "--prefix", "operator/")),
]


@pytest.fixture
def as_operator(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[dict[str, object]], None]]:
    """Let the commands be run by somebody who may do what the returned function is given."""
    iam = pipeline.aws.client("iam")
    iam.create_user(UserName="operator")
    access = iam.create_access_key(UserName="operator")["AccessKey"]
    session = boto3.Session(
        aws_access_key_id=access["AccessKeyId"],
        aws_secret_access_key=access["SecretAccessKey"],
        region_name=pipeline.aws.outputs.region,
    )
    monkeypatch.setattr(Deployment, "session", lambda _: session)

    def allow(policy: dict[str, object]) -> None:
        document = json.dumps(policy)
        iam.put_user_policy(UserName="operator", PolicyName="recover", PolicyDocument=document)

    yield allow
    iam.delete_user_policy(UserName="operator", PolicyName="recover")
    iam.delete_access_key(UserName="operator", AccessKeyId=access["AccessKeyId"])
    iam.delete_user(UserName="operator")


def test_the_rights_of_an_operator_suffice(
    pipeline: Pipeline,
    recover: Operator,
    class_video: ClassVideo,
    as_operator: Callable[[dict[str, object]], None],
) -> None:
    as_operator(json.loads(recover("policy").out))
    fail(pipeline, "operator/failed.mp4", class_video((OBAMA,)))
    with unnoticed(pipeline.aws):
        pipeline.upload("operator/lost", class_video((OBAMA,), suffix=".mov"))
        pipeline.upload("operator/broken.mp4", b"no video")

    assert recover("failures", "--dry-run").status == 1
    assert recover("failures", "--wait", *FAST).status == 0
    assert recover("missing", "--prefix", "operator/", "--wait", *FAST).status == 0
    assert recover("outdated", "--prefix", "operator/", "--wait", *FAST).status == 0
    assert "operator/broken.mp4" in recover("failed", "--prefix", "operator/", "--json").out


@pytest.mark.parametrize(
    ("action", "place", "command"), RIGHTS, ids=[f"{action} {place}" for action, place, _ in RIGHTS]
)
def test_each_right_of_an_operator_is_needed_and_named_where_it_lacks(  # noqa: PLR0913, PLR0917 - fixtures
    pipeline: Pipeline,
    recover: Operator,
    as_operator: Callable[[dict[str, object]], None],
    action: str,
    place: str,
    command: tuple[str, ...],
) -> None:
    with unnoticed(pipeline.aws):
        pipeline.upload("operator/right", b"\x00\x00\x01\xba")
    s3 = pipeline.aws.client("s3")
    s3.put_object(
        Bucket=pipeline.aws.outputs.output_bucket, Key="operator/x.error.json", Body=b"{}"
    )
    put_message(pipeline, failure(pipeline, "operator/gone.mp4"))
    stack = deployment("local")
    as_operator(without(operator_policy(stack), action, place, stack))

    said = recover(*command)

    assert said.status == 3, said
    assert "recover: not permitted: " in said.err
    assert action in said.err
    assert "Traceback" not in said.err
    s3.delete_object(Bucket=pipeline.aws.outputs.input_bucket, Key="operator/right")


def test_the_rights_that_are_tried_and_those_in_the_docs_are_all_there_are(
    pipeline: Pipeline,
) -> None:
    stack = pipeline.aws.deployment
    granted = {
        (action, place_of(resource, stack)) for action, resource in rights(operator_policy(stack))
    }
    assert granted == {(action, place) for action, place, _ in RIGHTS}
    section = (REPOSITORY / "docs" / "deploying.md").read_text(encoding="utf-8")
    section = section.partition("\n## Failures\n")[2].partition("\n## ")[0]
    documented = {(action, place) for place, actions in table(section) for action in actions}
    assert documented == granted


def rights(policy: dict[str, object]) -> Iterator[tuple[str, str]]:
    """Yield each action with each resource."""
    statements = policy["Statement"]
    assert isinstance(statements, list)
    for statement in statements:
        for action in statement["Action"]:
            for resource in statement["Resource"]:
                yield action, resource


def without(
    policy: dict[str, object], action: str, place: str, stack: Deployment
) -> dict[str, object]:
    """Return a policy without one right."""
    kept = [
        {"Effect": "Allow", "Action": [each], "Resource": [resource]}
        for each, resource in rights(policy)
        if (each, place_of(resource, stack)) != (action, place)
    ]
    return {**policy, "Statement": kept}


def place_of(resource: str, stack: Deployment) -> str:
    """Return which of a stack's resources an ARN is of."""
    names = {
        "input": stack.outputs.input_bucket,
        "output": stack.outputs.output_bucket,
        "gallery": stack.outputs.gallery_bucket,
        "failures": stack.outputs.failures_queue_url.rpartition("/")[2],
        "function": stack.outputs.function_name,
    }
    *_, name = resource.removesuffix(f":{stack.outputs.function_alias}").split(":")
    name = name.partition("/")[0]
    (place,) = (place for place, each in names.items() if each == name)
    return place


def table(section: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the rows of the table of rights in the docs: which resource, which actions."""
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| the "):
            yield (
                cells[0].split()[1].removesuffix("'s"),
                [word.strip("`,;") for word in cells[1].split() if ":" in word],
            )


def fail(pipeline: Pipeline, key: str, video: bytes) -> None:
    """Upload a video, and have the function really fail on it for good."""
    before = waiting(pipeline)
    with without_right(pipeline.aws, LOOKS_UP):
        pipeline.upload(key, video)
        wait_until(lambda: waiting(pipeline) == before + 1)


def failure(pipeline: Pipeline, key: str, *, bucket: str | None = None) -> dict[str, object]:
    """Return what Lambda says of an upload whose event has waited too long."""
    record = {
        "eventSource": "aws:s3",
        "eventTime": "2026-09-01T08:00:00.000Z",
        "s3": {
            "bucket": {"name": bucket or pipeline.aws.outputs.input_bucket},
            "object": {"key": quote_plus(key)},
        },
    }
    return {
        "version": "1.0",
        "timestamp": "2026-09-01T14:00:00.000Z",
        "requestContext": {"condition": "EventAgeExceeded", "approximateInvokeCount": 1},
        "requestPayload": {"Records": [record]},
    }


def put_message(pipeline: Pipeline, body: object) -> None:
    """Put a message into the failures queue."""
    pipeline.aws.client("sqs").send_message(
        QueueUrl=pipeline.aws.outputs.failures_queue_url, MessageBody=json.dumps(body)
    )


def depth(pipeline: Pipeline) -> tuple[int, int]:
    """Return how many messages wait in the queue, and how many are hidden."""
    found = FailuresQueue(pipeline.aws.deployment).depth()
    return found.waiting, found.hidden


def waiting(pipeline: Pipeline) -> int:
    """Return how many messages wait in the queue."""
    return depth(pipeline)[0]


def interrupted(*_: object) -> None:
    """Do what Ctrl-C does."""
    raise KeyboardInterrupt


@contextmanager
def setting(pipeline: Pipeline, name: str, value: str) -> Iterator[None]:
    """Move the alias, for a while, to a version with another variable."""
    client = pipeline.aws.deployer.client("lambda")  # nobody else may change it
    function, alias = pipeline.aws.outputs.function_name, pipeline.aws.outputs.function_alias
    before = client.get_alias(FunctionName=function, Name=alias)["FunctionVersion"]
    variables = client.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
    client.update_function_configuration(
        FunctionName=function, Environment={"Variables": {**variables, name: value}}
    )
    version = client.publish_version(FunctionName=function)["Version"]
    client.update_alias(FunctionName=function, Name=alias, FunctionVersion=version)
    try:
        yield
    finally:
        client.update_alias(FunctionName=function, Name=alias, FunctionVersion=before)
        client.update_function_configuration(
            FunctionName=function, Environment={"Variables": variables}
        )


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait for what the function does."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)
