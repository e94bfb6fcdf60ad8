"""One embedded AWS for all tests, with the sample class enrolled; and the handler by itself."""

from __future__ import annotations

import importlib
import io
from typing import TYPE_CHECKING, cast

import boto3
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect, sync_playwright

from enroll.deployed import enrol_students, load_gallery
from enroll.enrolment import enrol
from function.recogniser.faces.encoding import find_faces
from function.recogniser.identity.gallery import Gallery
from function.student_list import read_students
from function.students import Student
from local.aws import LocalAws
from local.emulator import REGION, start_emulator
from local.lifeline import Lifeline
from local.page_account import PageAccount, make_page_account
from samples.pictures import sample_picture
from samples.sample_class import make_sample_class, person_in_class
from samples.sample_video import Scene, write_video
from tests.integration.handler_alone import (
    GALLERY,
    LONG_VIDEOS,
    LOOKS,
    RESULTS,
    STUDENTS,
    VIDEOS,
)
from tests.integration.pipeline import Pipeline
from tests.integration.the_page import CHROMIUM, COURSE, DESKTOP, PATIENCE_MS, ThePage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, BrowserContext
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client

    from tests.integration.handler_alone import App

    ClassVideo = Callable[..., bytes]

SMALL = (640, 360)
"""Width and height in pixels: faces are large enough to be found, and quickly."""


@pytest.fixture(scope="session")
def aws() -> Iterator[LocalAws]:
    with LocalAws() as aws:
        yield aws


@pytest.fixture(scope="session")
def pipeline(aws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    sample = make_sample_class(tmp_path_factory.mktemp("class"))
    students = read_students(sample.students)
    known = load_gallery(aws.deployment)
    enrolment = enrol(students, sample.portraits, known=known)
    assert not enrolment.refused
    enrol_students(aws.deployment, students, enrolment.rows)
    return Pipeline(aws)


@pytest.fixture(scope="session")
def class_video(tmp_path_factory: pytest.TempPathFactory) -> ClassVideo:
    """Make a video of these people, one second of each group."""
    folder = tmp_path_factory.mktemp("videos")

    def video(*groups: tuple[str, ...], suffix: str = ".mp4") -> bytes:
        path = folder / f"video{suffix}"
        scenes = [
            Scene(seconds=1, pictures=[person_in_class(name) for name in group]) for group in groups
        ]
        return write_video(path, scenes, size=SMALL).read_bytes()

    return video


@pytest.fixture(scope="session")
def the_page(aws: LocalAws) -> ThePage:
    functions = aws.client("lambda").list_functions()["Functions"]
    # There may be another one, of a stack that a test saw refused.
    pages = (each for each in functions if each["FunctionName"].startswith("lambdalens-page"))
    (variables,) = (
        of_page
        for each in pages
        if (of_page := each["Environment"]["Variables"])["OUTPUT_BUCKET"]
        == aws.outputs.output_bucket
    )
    return ThePage(aws=aws, variables=variables)


@pytest.fixture(scope="session")
def staff(aws: LocalAws) -> PageAccount:
    return make_page_account(aws, "staff@school.example")


@pytest.fixture(scope="session")
def teacher(aws: LocalAws) -> PageAccount:
    return make_page_account(aws, "teacher@school.example", [COURSE])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # A machine that is busy is no fault of the page.
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM or "chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    width, height = DESKTOP
    context = browser.new_context(viewport={"width": width, "height": height})
    context.set_default_timeout(PATIENCE_MS)
    yield context
    context.close()


OBAMA, BIDEN, COLLINS, STRANGER = (
    "obama3.jpg",
    "biden.jpg",
    "astronaut.png",
    "grace_hopper.jpg",
)


@pytest.fixture(scope="module")
def environment() -> Iterator[None]:
    """Start an emulator with the buckets and the table, and point this process to it."""
    with Lifeline() as lifeline, pytest.MonkeyPatch.context() as patch:
        emulator = start_emulator(lifeline, port=0, retry_base_seconds=1)
        for name, value in {
            "AWS_ENDPOINT_URL": emulator.endpoint_url,
            "AWS_ACCESS_KEY_ID": emulator.administrator.key_id,
            "AWS_SECRET_ACCESS_KEY": emulator.administrator.secret,
            "AWS_DEFAULT_REGION": REGION,
            "OUTPUT_BUCKET": RESULTS,
            "STUDENTS_TABLE": STUDENTS,
            "GALLERY_BUCKET": VIDEOS,
            "GALLERY_KEY": GALLERY,
            "LOOKS_BUCKET": LOOKS,
            "LONG_VIDEOS": LONG_VIDEOS,
            # In this process there is nobody to conduct: every video is one run.
            "RANGES_FROM_SECONDS": "86400",
            "SAMPLES_PER_SECOND": "2",
            "TOLERANCE": "0.6",
            "MARGIN": "0.02",
        }.items():
            patch.setenv(name, value)
        # It would go on with the keys of the emulator before this one.
        patch.setattr(boto3, "DEFAULT_SESSION", None)
        yield


@pytest.fixture(scope="module")
def s3(environment: None) -> S3Client:  # noqa: ARG001 - boto3 reads it
    client = boto3.client("s3")
    client.create_bucket(Bucket=VIDEOS)
    client.create_bucket(Bucket=RESULTS)
    client.create_bucket(Bucket=LOOKS)
    return client


@pytest.fixture(scope="module")
def dynamodb(environment: None) -> DynamoDBClient:  # noqa: ARG001 - boto3 reads it
    client = boto3.client("dynamodb")
    client.create_table(
        TableName=STUDENTS,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "student_id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "student_id", "AttributeType": "S"}],
    )
    return client


@pytest.fixture
def emptied(s3: S3Client, dynamodb: DynamoDBClient) -> None:
    """Leave nothing of one test to the next."""
    for bucket in (VIDEOS, RESULTS):
        for stored in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
            s3.delete_object(Bucket=bucket, Key=stored["Key"])
    for student_id in ("44", "46"):
        dynamodb.delete_item(TableName=STUDENTS, Key={"student_id": {"S": student_id}})


@pytest.fixture
def app(emptied: None) -> App:  # noqa: ARG001 - the module reads the environment as it loads
    """Return the handler's module as a new execution environment would load it."""
    return cast("App", importlib.reload(importlib.import_module("function.app")))


@pytest.fixture(scope="module")
def obama_picture() -> Image.Image:
    with Image.open(sample_picture("obama.jpg")) as picture:
        return picture.convert("RGB")


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory, obama_picture: Image.Image) -> bytes:
    path = tmp_path_factory.mktemp("videos") / "v.mp4"
    return write_video(path, [Scene(seconds=1, pictures=[obama_picture])]).read_bytes()


@pytest.fixture(scope="module")
def blank_video(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("videos") / "blank.mp4"
    return write_video(path, [Scene(seconds=0.2)], size=(160, 90)).read_bytes()


@pytest.fixture
def enrolled(
    s3: S3Client,
    dynamodb: DynamoDBClient,
    obama_picture: Image.Image,
    emptied: None,  # noqa: ARG001 - what was before goes first
) -> Gallery:
    (face,) = find_faces(np.asarray(obama_picture))
    gallery = Gallery(student_ids=("44",), encodings=face.encoding[np.newaxis])
    content = io.BytesIO()
    gallery.save(content)
    s3.put_object(Bucket=VIDEOS, Key=GALLERY, Body=content.getvalue())
    student = Student(student_id="44", name="Barack", major="law", year="senior")
    dynamodb.put_item(TableName=STUDENTS, Item=student.as_item())
    return gallery
