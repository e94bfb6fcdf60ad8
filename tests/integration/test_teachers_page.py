"""The teachers' page on the embedded AWS: in a real browser, and asked by everybody for everything.

Debian's package chromium is the browser: without it, those tests are skipped, and CI, which
installs it, sets LAMBDALENS_REQUIRE_CHROMIUM so that they cannot be.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import time
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from function.results import COLUMNS
from page.application import ROUTES
from page.signed_in import COOKIE
from tests.integration.conftest import OBAMA
from tests.integration.the_page import (
    COURSE,
    DESKTOP,
    HOSTILE,
    PART,
    PATIENCE_MS,
    PHONE,
    choose,
    needs_chromium,
    sign_in,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Route
    from starlette.routing import Route as PageRoute

    from local.aws import LocalAws
    from local.page_account import PageAccount
    from tests.integration.conftest import ClassVideo
    from tests.integration.pipeline import Pipeline
    from tests.integration.the_page import ThePage


@needs_chromium
def test_a_video_is_put_in_and_its_result_is_told(  # noqa: PLR0913, PLR0917 - fixtures
    the_page: ThePage,
    pipeline: Pipeline,
    class_video: ClassVideo,
    context: BrowserContext,
    teacher: PageAccount,
    tmp_path: Path,
) -> None:
    video = tmp_path / "lecture.mp4"
    video.write_bytes(class_video((OBAMA,)))
    page = context.new_page()
    complaints: list[str] = []
    asked: set[str] = set()
    page.on("console", lambda said: complaints.append(said.text))
    page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))

    sign_in(page, the_page.url, teacher)
    expect(page.get_by_role("heading", name="Courses")).to_be_visible()
    complaints.clear()  # Cognito's page has no icon
    page.get_by_role("link", name=COURSE).click()
    choose(page, video, "2026-09-01")

    expect(page.get_by_text("All of it is there.")).to_be_visible()
    session = page.get_by_role("listitem").filter(has_text="Tue 1 Sep 2026")
    expect(session).to_contain_text(re.compile("Being looked at|Done"))
    expect(session).to_contain_text("Done", timeout=PATIENCE_MS)
    assert pipeline.wait_for(f"{COURSE}/2026-09-01.csv", f"{COURSE}/2026-09-01.mp4").rows
    assert complaints == []
    assert asked == {urlsplit(the_page.url).netloc, urlsplit(the_page.aws.endpoint_url).netloc}

    (cookie,) = (each for each in context.cookies(the_page.url) if each.get("name") == COOKIE)
    assert (cookie.get("secure"), cookie.get("httpOnly"), cookie.get("sameSite")) == (
        *(True, True),
        "Lax",
    )
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    # The cookie is of no use to whoever has kept it.
    assert the_page.ask("/", session=cookie.get("value")).status == 303


@needs_chromium
def test_a_broken_upload_goes_on_and_sends_nothing_twice(
    the_page: ThePage, context: BrowserContext, teacher: PageAccount, tmp_path: Path
) -> None:
    video = tmp_path / "long lecture.mp4"
    video.write_bytes(b"\0\0\0\x18ftypisom" + os.urandom(2 * PART))
    page = context.new_page()
    sent: list[str] = []
    broken = True

    def put(route: Route) -> None:
        number = re.search(r"partNumber=(\d+)", route.request.url)
        assert number
        if broken and number[1] != "1":
            route.abort("connectionreset")
        else:
            sent.append(number[1])
            route.continue_()

    page.route(re.compile(r"partNumber="), put)
    sign_in(page, f"{the_page.url}/courses/{COURSE}", teacher)
    with page.expect_response(re.compile(r"partNumber=1\b")) as first:
        choose(page, video, "2026-09-02")
    assert first.value.status == 200
    expect(page.get_by_text("The connection broke.")).to_be_visible()
    # Somebody closes the page, and comes back.
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(the_page.url)
    broken = False
    page.goto(f"{the_page.url}/courses/{COURSE}")
    choose(page, video, "2026-09-02")

    expect(page.get_by_text("All of it is there.")).to_be_visible()
    assert sorted(sent) == ["1", "2", "3"]
    stored = the_page.aws.client("s3").head_object(
        Bucket=the_page.aws.outputs.input_bucket, Key=f"{COURSE}/2026-09-02.mp4"
    )
    assert stored["ContentLength"] == video.stat().st_size
    # It is no video, and the page says what its report says.
    session = page.get_by_role("listitem").filter(has_text="Wed 2 Sep 2026")
    expect(session).to_contain_text("Failed", timeout=PATIENCE_MS)
    expect(session.locator(".why")).not_to_be_empty()


def test_the_same_video_once_more_does_not_wait_for_a_result(
    the_page: ThePage, pipeline: Pipeline
) -> None:
    key, content = f"{COURSE}/2026-09-07.mp4", b"no video"
    pipeline.error_of(key, content)
    pipeline.upload(key, content)
    shown = the_page.ask(f"/courses/{COURSE}", session=the_page.session_of(COURSE)).body
    session = shown.partition('datetime="2026-09-07"')[2].partition("</li>")[0]
    assert "Failed" in session


@needs_chromium
def test_what_was_cancelled_leaves_nothing(
    the_page: ThePage, context: BrowserContext, teacher: PageAccount, tmp_path: Path
) -> None:
    video = tmp_path / "lecture.mp4"
    video.write_bytes(os.urandom(PART + 1))
    page = context.new_page()
    page.route(re.compile(r"partNumber=2"), lambda route: route.abort("connectionreset"))
    sign_in(page, f"{the_page.url}/courses/{COURSE}", teacher)
    choose(page, video, "2026-09-03")
    expect(page.get_by_text("The connection broke.")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()

    expect(page.get_by_text("Cancelled.")).to_be_visible()
    uploads = the_page.aws.client("s3").list_multipart_uploads(
        Bucket=the_page.aws.outputs.input_bucket, Prefix=f"{COURSE}/2026-09-03"
    )
    assert not uploads.get("Uploads")


@needs_chromium
def test_nothing_is_overwritten_and_a_file_that_is_no_video_is_told_at_once(
    the_page: ThePage, context: BrowserContext, teacher: PageAccount, tmp_path: Path
) -> None:
    the_page.aws.client("s3").put_object(
        Bucket=the_page.aws.outputs.output_bucket, Key=f"{COURSE}/2026-09-04.mov.csv", Body=b""
    )
    page = context.new_page()
    sign_in(page, f"{the_page.url}/courses/{COURSE}", teacher)
    for name, content, said in (
        ("lecture.mp4", b"x", "There is a recording of this day already."),
        ("notes.txt", b"x", "notes.txt is no video, by its name."),
        ("nothing.mp4", b"", "nothing.mp4 is empty."),
    ):
        file = tmp_path / name
        file.write_bytes(content)
        choose(page, file, "2026-09-04")
        expect(page.get_by_role("alert")).to_contain_text(said)


@needs_chromium
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_everybody_can_use_every_page(
    the_page: ThePage, browser: Browser, size: tuple[int, int], scheme: Literal["light", "dark"]
) -> None:
    s3, outputs = the_page.aws.client("s3"), the_page.aws.outputs
    s3.put_object(Bucket=outputs.output_bucket, Key="axe/2026-09-01.csv", Body=b"")
    s3.put_object(
        Bucket=outputs.output_bucket,
        Key="axe/2026-09-02-2.error.json",
        Body=json.dumps({"error": HOSTILE, "remedy": "Record it again."}),
    )
    s3.put_object(Bucket=outputs.output_bucket, Key=f"{HOSTILE}/{HOSTILE}.csv", Body=b"")
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=scheme
    )
    context.add_cookies(
        [
            {
                "name": COOKIE,
                "value": the_page.session_of("staff"),
                "url": the_page.url.replace("http:", "https:"),
                "secure": True,
            }
        ]
    )
    page = context.new_page()
    weight: list[int] = []
    page.on("response", lambda answer: weight.append(len(answer.body())))
    for path, heading in (
        ("/", "Courses"),
        ("/courses/axe", "axe"),
        ("/courses/empty", "empty"),
        (f"/courses/{quote(HOSTILE, safe='')}", HOSTILE),
        ("/nowhere", "Nothing here"),
        ("/auth/signed-out", "You are signed out"),
        ("/auth/callback?code=x&state=y", "Signing in did not work"),
    ):
        weight.clear()
        page.goto(f"{the_page.url}{path}")
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        found = Axe().run(page)
        assert found.violations_count == 0, f"{path}: {found.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert sum(weight) < 100_000
    context.close()


PERSONS: dict[str, tuple[str, ...] | None] = {
    "nobody": None,
    "no group": (),
    "another course": ("chemistry",),
    "the course": (COURSE,),
    "staff": ("staff",),
}
OWN, FOREIGN, EVERYBODY = {"the course", "staff"}, {"no group", "another course"}, set(PERSONS)


@pytest.fixture(scope="module")
def _a_session(the_page: ThePage) -> None:
    """Put the result of a session there, whose recording is not kept any more."""
    the_page.aws.client("s3").put_object(
        Bucket=the_page.aws.outputs.output_bucket,
        Key=f"{COURSE}/2026-09-08.csv",
        Body=",".join(COLUMNS).encode(),
    )


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
@pytest.mark.parametrize("person", PERSONS)
@pytest.mark.usefixtures("_a_session")
def test_every_route_asks_who_it_is(the_page: ThePage, route: PageRoute, person: str) -> None:
    guard, method, path = route.name.split()
    groups = PERSONS[person]
    session = None if groups is None else the_page.session_of(*groups)
    path = path.replace(":path}", "}").format(course=COURSE, name="page.css", session="2026-09-08")
    answer = the_page.ask(path, method=method, session=session, body={})
    if guard == "public":
        assert answer.status in {200, 303, 400}
    elif session is None:
        # To sign in, and where a script asks, that it has to.
        assert answer.status == (303 if method == "GET" else 401)
        assert COURSE not in answer.body
    elif guard == "signed_in":
        assert answer.status in {200, 303}
    else:
        assert guard == "of_course"
        # 410: the recording is gone.
        expected = {200, 400, 410} if person in OWN else {404}
        assert answer.status in expected
        # As if there were no such course.
        if person in FOREIGN:
            elsewhere = path.replace(COURSE, "nobody-has-it")
            there = the_page.ask(elsewhere, method=method, session=session, body={})
            assert (there.status, there.body) == (answer.status, answer.body)


def test_one_who_teaches_sees_no_other_course(the_page: ThePage) -> None:
    the_page.aws.client("s3").put_object(
        Bucket=the_page.aws.outputs.output_bucket, Key="secret-course/x.csv", Body=b""
    )
    first = the_page.ask("/", session=the_page.session_of(COURSE)).body
    assert COURSE in first
    assert "secret-course" not in first
    assert "secret-course" in the_page.ask("/", session=the_page.session_of("staff")).body


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", ""])
def test_what_changes_something_must_come_from_the_page(the_page: ThePage, origin: str) -> None:
    session = the_page.session_of(COURSE)
    path = f"/courses/{COURSE}/upload/begin"
    asked = {"day": "2026-09-05", "lesson": 1, "file": "x.mp4", "size": 1}
    answer = the_page.ask(path, method="POST", session=session, body=asked, origin=origin or " ")
    assert answer.status == 403
    assert the_page.ask(path, method="POST", session=session, body=asked).status == 200


@pytest.mark.parametrize(
    ("what", "asked", "status"),
    [
        ("begin", {"day": "2026-02-30", "lesson": 1, "file": "x.mp4", "size": 1}, 422),
        ("begin", {"day": "2199-01-01", "lesson": 1, "file": "x.mp4", "size": 1}, 422),
        ("begin", {"day": "2026-09-05", "lesson": 0, "file": "x.mp4", "size": 1}, 422),
        ("begin", {"day": "2026-09-05", "lesson": 1, "file": "x.exe", "size": 1}, 422),
        ("begin", {"day": "2026-09-05", "lesson": 1, "file": "x.mp4", "size": 0}, 422),
        ("begin", {"day": "2026-09-05", "lesson": 1, "file": "x.mp4", "size": 1 << 43}, 422),
        ("begin", {"day": "2026-09-05", "lesson": "1", "file": "x.mp4", "size": 1}, 400),
        ("begin", {"day": "../../x", "lesson": 1, "file": "x.mp4", "size": 1}, 422),
        ("begin", [], 400),
        ("addresses", {"name": "../x.mp4", "upload": "u", "size": 1, "numbers": [1]}, 410),
        ("addresses", {"name": "2026-09-05.csv", "upload": "u", "size": 1, "numbers": [1]}, 410),
        ("addresses", {"name": "2026-09-05.mp4", "upload": "u", "size": 1, "numbers": []}, 400),
        ("finish", {"name": "2026-09-05.mp4", "upload": "unknown", "size": 1}, 410),
        ("give-up", {"name": "2026-09-05.mp4", "upload": "unknown"}, 410),
    ],
)
def test_no_other_upload_is_begun_than_of_a_video_of_a_day(
    the_page: ThePage, what: str, asked: object, status: int
) -> None:
    session = the_page.session_of(COURSE)
    path = f"/courses/{COURSE}/upload/{what}"
    answer = the_page.ask(path, method="POST", session=session, body=asked)
    assert answer.status == status
    assert "refused" in json.loads(answer.body)


def test_an_address_is_for_one_part_of_one_size(the_page: ThePage) -> None:
    session = the_page.session_of(COURSE)

    def asked(what: str, **body: object) -> dict[str, str]:
        path = f"/courses/{COURSE}/upload/{what}"
        answer = the_page.ask(path, method="POST", session=session, body=body)
        read: dict[str, str] = json.loads(answer.body)
        return read

    begun = asked("begin", day="2026-09-06", lesson=2, file="x.MP4", size=10)
    assert begun["name"] == "2026-09-06-2.mp4"
    about = {"name": begun["name"], "upload": begun["upload"], "size": 10}
    (address,) = asked("addresses", **about, numbers=[1, 2]).values()
    parts = urlsplit(address)
    for body, status in ((b"x" * 11, 403), (b"x" * 10, 200)):
        connection = http.client.HTTPConnection(parts.netloc, timeout=20)
        connection.request("PUT", f"{parts.path}?{parts.query}", body)
        assert connection.getresponse().status == status
    # Not yet all, if more was said.
    assert asked("finish", **about | {"size": 11})["refused"]
    asked("give-up", **{name: about[name] for name in ("name", "upload")})


def test_what_has_expired_or_was_forged_is_nobody(the_page: ThePage) -> None:
    session = the_page.session_of("staff")
    assert the_page.ask("/", session=session).status == 200
    dynamodb, table = the_page.aws.client("dynamodb"), the_page.variables["SIGNED_IN_TABLE"]
    items = dynamodb.scan(TableName=table)["Items"]
    assert not [item for item in items if session in str(item)]
    for item in items:
        dynamodb.put_item(TableName=table, Item=item | {"expires": {"N": str(int(time.time()))}})
    for each in (session, f"{session}x", "", "%", "x" * 4000):
        assert the_page.ask("/", session=each or None).status == 303


def test_nobody_is_sent_elsewhere(the_page: ThePage) -> None:
    for then in ("//evil.example/courses/", "https://evil.example", "/\\evil.example"):
        answer = the_page.ask(f"/auth/sign-in?then={quote(then, safe='')}")
        (cookie,) = (
            each for each in answer.headers.get_all("Set-Cookie", []) if "signing-in" in each
        )
        kept = json.loads(bytes.fromhex(cookie.partition("=")[2].partition(";")[0]))
        assert kept["then"] == "/"


def test_every_answer_says_what_its_page_may_load(the_page: ThePage) -> None:
    for path in ("/", "/nowhere", "/static/page.css", "/auth/signed-out"):
        headers = the_page.ask(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
    assert the_page.ask("/static/..%2Fapp.py").status == 404


def test_the_log_says_who_and_not_what(the_page: ThePage) -> None:
    the_page.ask(f"/courses/{COURSE}", session=the_page.session_of(COURSE))
    logs = the_page.aws.client("logs")
    (group,) = (
        each["LoggingConfig"]["LogGroup"]
        for each in the_page.aws.client("lambda").list_functions()["Functions"]
        if each.get("Environment", {}).get("Variables") == the_page.variables
    )
    deadline = time.monotonic() + 20
    said = ""
    while "of_course GET" not in said and time.monotonic() < deadline:
        said = str(logs.filter_log_events(logGroupName=group, limit=10_000)["events"])
    assert "of_course GET /courses/{course}: 200 for an-id" in said
    for name in (COURSE, "somebody@school.example", "staff@school.example", "axe"):
        assert name not in said


@pytest.fixture(scope="session", autouse=True)
def _nothing_of_it_stays(aws: LocalAws) -> Iterator[None]:
    """Take away what these tests put in, which others count."""
    yield
    s3 = aws.client("s3")
    for bucket in (aws.outputs.input_bucket, aws.outputs.output_bucket):
        for each in s3.list_objects_v2(Bucket=bucket).get("Contents", ()):
            if "/2026-09-0" in each["Key"] or each["Key"].startswith((HOSTILE, "secret-course")):
                s3.delete_object(Bucket=bucket, Key=each["Key"])
