"""A session and the register on the teachers' page: looked at, played, corrected and taken home."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote, urlencode, urlsplit

import openpyxl
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from enroll.__main__ import main as enroll
from enroll.deployed import load_gallery
from function.students import Student
from local.page_account import make_page_account
from page.signed_in import COOKIE
from register.corrections import Correction, Lesson, What, corrections_bytes, read_corrections
from samples.sample_class import BIDEN as BIDEN_ID
from samples.sample_class import OBAMA as OBAMA_ID
from stacks import outputs
from tests.integration.conftest import BIDEN, OBAMA
from tests.integration.the_page import DESKTOP, HOSTILE, PATIENCE_MS, PHONE, choose, needs_chromium
from tests.integration.the_page import sign_in as signed_in_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route

    from local.page_account import PageAccount
    from tests.integration.conftest import ClassVideo
    from tests.integration.pipeline import Pipeline
    from tests.integration.the_page import Asked, ThePage

COURSE = "history-9"
SESSION = "2026-10-05"
PAGE = f"/courses/{COURSE}/sessions/{SESSION}"
ELSEWHERE = "9999"
STUDENTS = (
    Student(student_id=OBAMA_ID, name="Barack Obama", major="law", year="senior"),
    Student(student_id=BIDEN_ID, name="Joe Biden", major="law", year="senior"),
    Student(student_id=ELSEWHERE, name=HOSTILE, major="", year=""),
)


@pytest.fixture(scope="module")
def video(class_video: ClassVideo) -> bytes:
    return class_video(*[(OBAMA, BIDEN)] * 4)


@pytest.fixture(scope="module")
def course(the_page: ThePage, pipeline: Pipeline, video: bytes) -> Iterator[str]:
    """Have a course with three students, two of whom are in its one recording."""
    dynamodb, names = the_page.aws.client("dynamodb"), the_page.aws.outputs
    table, s3 = names.students_table, the_page.aws.client("s3")
    before = [
        dynamodb.get_item(TableName=table, Key={"student_id": {"S": each.student_id}}).get("Item")
        for each in STUDENTS
    ]
    for each in STUDENTS:
        item = each.as_item() | {"courses": {"L": [{"S": COURSE}]}}
        dynamodb.put_item(TableName=table, Item=item)
    pipeline.csv_of(f"{COURSE}/{SESSION}.mp4", video)
    yield COURSE
    for each, item in zip(STUDENTS, before, strict=True):
        if item:
            dynamodb.put_item(TableName=table, Item=item)
        else:
            dynamodb.delete_item(TableName=table, Key={"student_id": {"S": each.student_id}})
    for bucket in (names.input_bucket, names.output_bucket):
        for stored in s3.list_objects_v2(Bucket=bucket, Prefix=f"{COURSE}/").get("Contents", ()):
            s3.delete_object(Bucket=bucket, Key=stored["Key"])


@pytest.fixture(scope="module")
def historian(the_page: ThePage) -> PageAccount:
    return make_page_account(the_page.aws, "historian@school.example", [COURSE])


@pytest.fixture
def uncorrected(the_page: ThePage, course: str) -> Iterator[str]:
    """Return the key of the session's corrections, of which there are none."""
    key = f"{course}/{SESSION}.corrections.json"
    where = {"Bucket": the_page.aws.outputs.output_bucket, "Key": key}
    the_page.aws.client("s3").delete_object(**where)
    yield key
    the_page.aws.client("s3").delete_object(**where)


def row(page: Page, name: str) -> Locator:
    return page.locator(".student").filter(has_text=name)


def let_in(context: BrowserContext, the_page: ThePage, *groups: str) -> None:
    context.add_cookies(
        [
            {
                "name": COOKIE,
                "value": the_page.session_of(*groups),
                "url": the_page.url.replace("http:", "https:"),
                "secure": True,
            }
        ]
    )


def send(the_page: ThePage, path: str, group: str = COURSE, /, **form: str) -> Asked:
    """Send a form as a browser does without scripts."""
    return the_page.ask(
        path, method="POST", session=the_page.session_of(group), form=urlencode(form)
    )


@needs_chromium
def test_from_a_recording_to_the_register(  # noqa: PLR0913, PLR0917 - fixtures
    the_page: ThePage,
    course: str,
    video: bytes,
    context: BrowserContext,
    historian: PageAccount,
    tmp_path: Path,
) -> None:
    file = tmp_path / "lesson.mp4"
    file.write_bytes(video)
    page = context.new_page()
    complaints: list[str] = []
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
    signed_in_at(page, f"{the_page.url}/courses/{course}", historian)
    expect(page.get_by_role("heading", name=course)).to_be_visible()
    page.on("console", lambda said: complaints.append(said.text))
    choose(page, file, "2026-10-06")
    session = page.get_by_role("listitem").filter(has_text="Tue 6 Oct 2026")
    expect(session).to_contain_text("Done", timeout=PATIENCE_MS)
    session.get_by_role("link").click()

    expect(row(page, "Barack Obama").locator(".badge")).to_have_text("present")
    expect(row(page, "Joe Biden").locator(".badge")).to_have_text("present")
    expect(row(page, HOSTILE).locator(".badge")).to_have_text("not seen")
    expect(page.get_by_text("absent")).to_have_count(0)

    play = row(page, "Barack Obama").get_by_role("link", name=re.compile("Barack Obama, at"))
    sighting = float(play.get_attribute("data-time") or "nan")
    play.click()
    expect(page.locator("#box")).to_be_visible()
    expect(page.locator("#playing")).to_contain_text("in the frame")
    told: dict[str, Any] = page.evaluate(
        "() => ({time: video.currentTime, paused: video.paused,"
        " box: box.getBoundingClientRect().toJSON(),"
        " picture: video.getBoundingClientRect().toJSON()})"
    )
    assert abs(told["time"] - sighting) < 0.3
    assert told["paused"]
    shares = [float(share) for share in (play.get_attribute("data-box") or "").split()]
    drawn, picture = told["box"], told["picture"]
    assert (drawn["x"] - picture["x"]) / picture["width"] == pytest.approx(shares[0], abs=0.01)
    assert (drawn["y"] - picture["y"]) / picture["height"] == pytest.approx(shares[1], abs=0.01)
    assert drawn["width"] / picture["width"] == pytest.approx(shares[2], abs=0.01)

    row(page, "Joe Biden").get_by_role("button", name="Not them").click()
    expect(row(page, "Joe Biden").locator(".badge")).to_have_text("not seen")
    expect(row(page, "Joe Biden")).to_contain_text("somebody else was seen, said by you on")
    row(page, HOSTILE).get_by_role("button", name="Was here").click()
    expect(row(page, HOSTILE).locator(".badge")).to_have_text("present")
    row(page, "Joe Biden").get_by_role("button", name="Undo").click()
    expect(row(page, "Joe Biden").locator(".badge")).to_have_text("present")

    page.goto(f"{the_page.url}/courses/{course}/register?from=2026-10-06&until=2026-10-06")
    here = page.get_by_role("row").filter(has_text=HOSTILE)
    expect(here).to_contain_text("1/1")
    with page.expect_download() as downloaded:
        page.get_by_role("button", name="Workbook").click()
    book = openpyxl.load_workbook(io.BytesIO(downloaded.value.path().read_bytes()))
    cells = [cell.value for line in book["Register"].iter_rows() for cell in line]
    assert HOSTILE in cells
    assert downloaded.value.suggested_filename == f"{course}.xlsx"
    assert complaints == []
    assert asked == {urlsplit(the_page.url).netloc, urlsplit(the_page.aws.endpoint_url).netloc}


@needs_chromium
def test_when_an_address_has_expired_it_goes_on_where_it_was(
    the_page: ThePage, course: str, context: BrowserContext
) -> None:
    let_in(context, the_page, course)
    page = context.new_page()
    page.goto(f"{the_page.url}{PAGE}")
    addresses: list[str] = []
    page.on(
        "response",
        lambda answer: addresses.append(answer.url) if "/video/" in answer.url else None,
    )
    expired = True

    def fetched(route: Route) -> None:
        nonlocal expired
        if expired:
            expired = False
            route.fulfill(status=403, body="<Code>AccessDenied</Code>")
        else:
            route.continue_()

    page.route(re.compile(r"X-Amz-Signature="), fetched)
    row(page, "Barack Obama").locator(".play").click()
    expect(page.locator("#playing")).to_contain_text("in the frame")
    expect(page.locator("#box")).to_be_visible()
    assert len(addresses) == 2
    # And in the middle of it: the next fetch is refused.
    page.evaluate("() => new Promise(done => { video.onseeked = done; video.currentTime = 2.5 })")
    before = page.evaluate("() => video.src")
    page.wait_for_timeout(1100)  # addresses of one second are the same
    page.evaluate("() => video.dispatchEvent(new Event('error'))")
    page.wait_for_function(
        "before => video.src !== before && video.readyState > 1 && video.currentTime >= 2.5",
        arg=before,
    )
    assert len(addresses) == 3


def test_an_address_is_of_one_recording_for_five_minutes(the_page: ThePage, course: str) -> None:
    path = f"/courses/{course}/video/{SESSION}"
    answer = the_page.ask(path, session=the_page.session_of(course), accept="application/json")
    told = json.loads(answer.body)
    assert told["seconds"] == 300
    assert "X-Amz-Expires=300" in told["address"]
    assert f"/{course}/{SESSION}.mp4?" in told["address"]
    # Without a script the browser is led there.
    led = the_page.ask(path, session=the_page.session_of(course))
    assert (led.status, led.headers["Location"].partition("?")[0]) == (
        303,
        told["address"].partition("?")[0],
    )


def test_a_recording_that_is_gone_or_another_is_said_to_be(the_page: ThePage, course: str) -> None:
    s3, names = the_page.aws.client("s3"), the_page.aws.outputs
    result = s3.get_object(Bucket=names.output_bucket, Key=f"{course}/{SESSION}.csv")
    content = result["Body"].read()
    # Of the first there is no recording, of the second another. Nobody looks at a text.
    s3.put_object(Bucket=names.input_bucket, Key=f"{course}/other.txt", Body=b"another")
    for session in ("gone", "other.txt.video"):
        s3.put_object(
            Bucket=names.output_bucket,
            Key=f"{course}/{session}.csv",
            Body=content,
            Metadata=result["Metadata"],
        )
        asker = the_page.session_of(course)
        shown = the_page.ask(f"/courses/{course}/sessions/{session}", session=asker)
        assert "not kept any more" in shown.body
        assert 'class="button play"' not in shown.body
        assert the_page.ask(f"/courses/{course}/video/{session}", session=asker).status == 410
        s3.delete_object(Bucket=names.output_bucket, Key=f"{course}/{session}.csv")


def test_a_correction_says_who_and_when_and_stays_when_it_is_taken_back(
    the_page: ThePage, uncorrected: str
) -> None:
    path = f"/courses/{COURSE}/corrections/{SESSION}"
    began = datetime.now(UTC).replace(microsecond=0)
    answer = send(the_page, path, student=BIDEN_ID, what="not them")
    assert (answer.status, answer.headers["Location"].partition("#")[0]) == (303, PAGE)
    send(the_page, path, student=BIDEN_ID, what="undo")
    send(the_page, path, student=ELSEWHERE, what="excused")
    stored = the_page.aws.client("s3").get_object(
        Bucket=the_page.aws.outputs.output_bucket, Key=uncorrected
    )
    first, second = read_corrections(stored["Body"].read())
    assert (first.student_id, first.what, first.undone) == (BIDEN_ID, What.NOT_THEM, True)
    assert (second.student_id, second.what, second.undone) == (ELSEWHERE, What.EXCUSED, False)
    assert first.who == second.who == "an-id"
    assert began <= first.when <= second.when
    evidence = json.loads(
        the_page.aws.client("s3")
        .get_object(Bucket=the_page.aws.outputs.output_bucket, Key=f"{COURSE}/{SESSION}.json")[
            "Body"
        ]
        .read()
    )
    (biden,) = (each for each in evidence["students"] if each["student_id"] == BIDEN_ID)
    assert first.tolerance is not None
    assert 0 < biden["best"]["distance"] - first.tolerance <= 0.0101
    assert second.tolerance is None


@pytest.mark.usefixtures("uncorrected")
def test_who_is_late_is_counted_from_when_the_lesson_began(the_page: ThePage) -> None:
    path = f"/courses/{COURSE}/lesson/{SESSION}"
    assert send(the_page, path, starts="0:02").status == 303
    shown = the_page.ask(PAGE, session=the_page.session_of(COURSE)).body
    assert 'value="0:00:02"' in shown
    for nonsense in ("", "soon", "-1", "99:00", "1:99"):
        assert send(the_page, path, starts=nonsense).status in {400, 422}
    # A correction leaves it as it is.
    send(the_page, f"/courses/{COURSE}/corrections/{SESSION}", student=OBAMA_ID, what="confirm")
    assert 'value="0:00:02"' in the_page.ask(PAGE, session=the_page.session_of(COURSE)).body


@pytest.mark.usefixtures("uncorrected")
def test_nothing_else_is_taken_down(the_page: ThePage) -> None:
    path = f"/courses/{COURSE}/corrections/{SESSION}"
    for form in (
        {"student": OBAMA_ID, "what": "absent"},
        {"student": "somebody else", "what": "excused"},
        {"what": "excused"},
        {"student": OBAMA_ID},
    ):
        assert send(the_page, path, COURSE, **form).status == 400
    for session in ("nothing", f"../{COURSE}/{SESSION}", f"%2e%2e/{COURSE}/{SESSION}"):
        elsewhere = f"/courses/{COURSE}/corrections/{session}"
        assert send(the_page, elsewhere, student=OBAMA_ID, what="excused").status == 404
    others = send(the_page, path, "chemistry", student=OBAMA_ID, what="excused")
    assert others.status == 404
    outside = the_page.ask(
        path,
        method="POST",
        session=the_page.session_of(COURSE),
        form=urlencode({"student": OBAMA_ID, "what": "excused"}),
        origin="https://elsewhere.example",
    )
    assert outside.status == 403
    found = the_page.aws.client("s3").list_objects_v2(
        Bucket=the_page.aws.outputs.output_bucket, Prefix=f"{COURSE}/{SESSION}.corrections"
    )
    assert not found.get("Contents")


def test_corrections_of_another_form_are_neither_read_nor_written_over(
    the_page: ThePage, uncorrected: str
) -> None:
    s3, bucket = the_page.aws.client("s3"), the_page.aws.outputs.output_bucket
    s3.put_object(Bucket=bucket, Key=uncorrected, Body=b'{"version": 9}')
    assert "is left out" in the_page.ask(PAGE, session=the_page.session_of(COURSE)).body
    path = f"/courses/{COURSE}/corrections/{SESSION}"
    assert send(the_page, path, student=OBAMA_ID, what="excused").status == 409
    assert s3.get_object(Bucket=bucket, Key=uncorrected)["Body"].read() == b'{"version": 9}'


def test_reprocessing_leaves_corrections_as_they_are(
    the_page: ThePage, pipeline: Pipeline, uncorrected: str, video: bytes
) -> None:
    path = f"/courses/{COURSE}/corrections/{SESSION}"
    send(the_page, path, student=ELSEWHERE, what="was here")
    key, bucket = f"{COURSE}/{SESSION}.csv", the_page.aws.outputs.output_bucket
    the_page.aws.client("s3").delete_object(Bucket=bucket, Key=key)
    pipeline.csv_of(f"{COURSE}/{SESSION}.mp4", video)
    stored = the_page.aws.client("s3").get_object(Bucket=bucket, Key=uncorrected)["Body"].read()
    assert [each.student_id for each in read_corrections(stored)] == [ELSEWHERE]


@pytest.mark.usefixtures("course")
def test_the_files_are_those_that_the_register_makes(the_page: ThePage) -> None:
    at = f"/courses/{COURSE}"
    term = f"from={SESSION}&until={SESSION}"

    def asked(path: str, groups: tuple[str, ...] = (COURSE,)) -> Asked:
        return the_page.ask(path, session=the_page.session_of(*groups))

    table = asked(f"{at}/register/table.csv?{term}&separator={quote(';')}&decimal={quote(',')}")
    header, *lines = csv.reader(io.StringIO(table.body.removeprefix("\ufeff")), delimiter=";")
    assert header[4] == SESSION
    by_id = {line[0]: line for line in lines}
    assert set(by_id) == {each.student_id for each in STUDENTS}
    assert by_id[OBAMA_ID][4] == "present"
    assert by_id[OBAMA_ID][-1] == "100,0"
    # No formula comes out of a name.
    assert by_id[ELSEWHERE][1] == f"'{HOSTILE}"
    assert table.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''")
    every = list(csv.DictReader(io.StringIO(asked(f"{at}/register/moodle.csv?{term}").body)))
    assert {(each["idnumber"], each["status"]) for each in every} == {
        (OBAMA_ID, "P"),
        (BIDEN_ID, "P"),
    }
    one = list(csv.DictReader(io.StringIO(asked(f"{at}/moodle/{SESSION}").body)))
    assert {each["idnumber"] for each in one} == {OBAMA_ID, BIDEN_ID}
    for wrong in ("separator=x", "decimal=x", "from=yesterday"):
        assert asked(f"{at}/register/table.csv?{wrong}").status == 400
    assert "No session in this time" in asked(f"{at}/register?until=2001-01-01").body


@needs_chromium
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_everybody_can_use_a_session_and_the_register(  # noqa: PLR0913, PLR0917 - fixtures
    the_page: ThePage,
    course: str,
    browser: Browser,
    uncorrected: str,
    size: tuple[int, int],
    scheme: Literal["light", "dark"],
) -> None:
    said = [
        Correction(student_id=student, what=what, who="another", when=datetime.now(UTC))
        for student, what in ((ELSEWHERE, What.EXCUSED), (BIDEN_ID, What.NOT_THEM))
    ]
    lesson = Lesson(starts=1.0, who="another", when=datetime.now(UTC))
    the_page.aws.client("s3").put_object(
        Bucket=the_page.aws.outputs.output_bucket,
        Key=uncorrected,
        Body=corrections_bytes(said, lesson),
    )
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=scheme
    )
    let_in(context, the_page, course)
    page = context.new_page()
    weight: list[int] = []
    page.on(
        "response",
        # The recording is no part of the page.
        lambda answer: weight.append(0 if ".mp4" in answer.url else len(answer.body())),
    )
    for path in (PAGE, f"/courses/{course}/register"):
        weight.clear()
        page.goto(f"{the_page.url}{path}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.wait_for_load_state("networkidle")
        assert 0 < sum(weight) < 100_000
        if path == PAGE:
            row(page, "Barack Obama").locator(".play").click()
            expect(page.locator("#box")).to_be_visible()
        found = Axe().run(page)
        assert found.violations_count == 0, f"{path}: {found.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    context.close()


def test_what_a_teacher_says_is_not_them_the_next_audit_takes_into_the_gallery(
    the_page: ThePage,
    pipeline: Pipeline,
    uncorrected: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outputs, "LOCAL_STACK_FILE", pipeline.stack_file(tmp_path))
    s3, bucket = the_page.aws.client("s3"), the_page.aws.outputs.output_bucket

    def tolerance(*, undone: bool) -> float | None:
        said = Correction(
            student_id=OBAMA_ID,
            what=What.NOT_THEM,
            who="an-id",
            when=datetime.now(UTC),
            undone=undone,
            tolerance=0.47,
        )
        s3.put_object(Bucket=bucket, Key=uncorrected, Body=corrections_bytes([said]))
        enroll(["audit", "--stack", "local", "--apply"])
        return load_gallery(the_page.aws.deployment).student(OBAMA_ID).tolerance

    assert tolerance(undone=False) == 0.47
    assert tolerance(undone=True) is None
