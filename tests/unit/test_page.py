"""The parts of the teachers' page that need neither AWS nor a browser."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from function.results import csv_key, error_key
from page import texts
from page.accounts import Account
from page.cognito import Attempt, Cognito, SignInError
from page.sessions import LATE, Object, Session, State, _sessions
from page.settings import Settings, SettingsError
from page.uploads import MB, MOST_PARTS, SMALLEST_PART, checked_name, part_size, video_name

ENVIRONMENT = {
    "PAGE_URL": "https://page.example",
    "SIGN_IN_URL": "https://lambdalens-x.auth.eu-central-1.amazoncognito.com",
    "ISSUER": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_x",
    "CLIENT_ID": "client",
    "SIGNED_IN_TABLE": "signed-in",
    "STUDENTS_TABLE": "students",
    "INPUT_BUCKET": "videos",
    "OUTPUT_BUCKET": "results",
}
SETTINGS = Settings.from_environment(ENVIRONMENT)
KEY = RSAKey.generate_key(2048, {"alg": "RS256", "use": "sig"}, auto_kid=True)
OTHER_KEY = RSAKey.generate_key(2048, {"alg": "RS256", "use": "sig"}, auto_kid=True)
ATTEMPT = Attempt.random()


def account(*groups: str) -> Account:
    return Account(id="id", email="e@school.example", groups=frozenset(groups))


def claims(**changes: object) -> dict[str, Any]:
    return {
        "iss": SETTINGS.issuer,
        "aud": SETTINGS.client_id,
        "token_use": "id",
        "nonce": ATTEMPT.nonce,
        "exp": int(time.time()) + 300,
        "sub": "an-id",
        "email": "somebody@school.example",
        "cognito:groups": ["physics-10b"],
    } | changes


def account_of(token: str, monkeypatch: pytest.MonkeyPatch) -> Account:
    published = KeySet([KEY]).as_dict(private=False)
    monkeypatch.setattr("page.cognito._asked", lambda _address: published)
    return Cognito(settings=SETTINGS)._account_of(token, ATTEMPT)


def test_a_token_says_who_has_signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    token = jwt.encode({"alg": "RS256", "kid": KEY.kid}, claims(), KEY)
    found = account_of(token, monkeypatch)
    assert found == Account(
        id="an-id", email="somebody@school.example", groups=frozenset({"physics-10b"})
    )


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_other"},
        {"aud": "another client"},
        {"token_use": "access"},
        {"nonce": "another attempt's"},
        {"exp": 1},
        *({missing: None} for missing in ("iss", "aud", "token_use", "nonce", "exp", "sub")),
    ],
    ids=str,
)
def test_a_token_of_another_kind_is_refused(
    change: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {name: value for name, value in claims(**change).items() if value is not None}
    token = jwt.encode({"alg": "RS256", "kid": KEY.kid}, said, KEY)
    with pytest.raises(SignInError):
        account_of(token, monkeypatch)


@pytest.mark.parametrize("kid", [KEY.kid, OTHER_KEY.kid], ids=["ours", "its own"])
def test_a_token_of_another_key_is_refused(kid: str, monkeypatch: pytest.MonkeyPatch) -> None:
    token = jwt.encode({"alg": "RS256", "kid": kid}, claims(), OTHER_KEY)
    with pytest.raises(SignInError):
        account_of(token, monkeypatch)


@pytest.mark.parametrize("token", ["", "None", "a.b.c", "eyJhbGciOiJub25lIn0.e30."])
def test_what_is_no_token_is_refused(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SignInError):
        account_of(token, monkeypatch)


def test_the_embedded_aws_has_cognito_where_everything_is() -> None:
    there = Settings.from_environment(ENVIRONMENT | {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"})
    assert there.sign_in_url == "http://127.0.0.1:4566"
    assert there.keys_url == "http://127.0.0.1:4566/eu-central-1_x/.well-known/jwks.json"
    assert there.issuer == SETTINGS.issuer


@pytest.mark.parametrize("name", ENVIRONMENT)
def test_a_missing_setting_is_named(name: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} is not set"):
        Settings.from_environment(ENVIRONMENT | {name: ""})


def test_a_group_is_of_the_course_it_is_named_for() -> None:
    teacher = account("physics-10b", "Biology%2011", "a/b", "%ff")
    assert teacher.courses == {"physics-10b", "Biology 11"}
    assert teacher.may_see("Biology 11")
    assert not teacher.may_see("biology 11")
    assert not teacher.may_see("staff")
    assert account("staff").may_see("anything")
    assert account("staff").courses == frozenset()


@given(
    day=st.dates(min_value=date(2000, 1, 1), max_value=date(2026, 1, 1)),
    lesson=st.integers(1, 20),
    file=st.text(max_size=20).map(lambda stem: f"{stem}.MP4"),
)
def test_a_name_is_of_the_day_and_of_nothing_that_was_typed(
    day: date, lesson: int, file: str
) -> None:
    name = video_name(day=day.isoformat(), lesson=lesson, file=file)
    assert name.startswith(day.isoformat())
    assert name.endswith(".mp4")
    assert "/" not in name
    assert checked_name(name) == name


@given(st.integers(1, 5 * 1024**4))
def test_parts_are_as_many_and_as_large_as_s3_takes(size: int) -> None:
    each = part_size(size)
    assert SMALLEST_PART <= each <= 5 * 1024**3
    assert -(-size // each) <= MOST_PARTS
    assert each % MB == 0


def test_a_session_is_what_has_come_of_its_newest_video() -> None:
    now = datetime.now(UTC)
    before, after = now - timedelta(minutes=5), now - timedelta(minutes=1)
    videos = {f"c/{name}": before for name in ("done.mp4", "bad.mov", "new.mp4", "again.mp4")}
    videos |= {"c/late.mp4": now - 2 * LATE, "c/notes.txt": before, "c/week1/x": before}
    results = {
        csv_key("c/done.mp4"): after,
        error_key("c/bad.mov"): after,
        csv_key("c/again.mp4"): before - timedelta(hours=1),
        csv_key("c/week1/x"): after,
        "c/gone.csv": before,
        "c/unreadable.error.json": before,
        "c/gone.error.json": before,
        "c/done.json": after,
    }
    # The same once more, which the recogniser passes over: its result is as good as before.
    videos["c/same.mp4"] = after
    results[csv_key("c/same.mp4")] = before
    sessions = list(
        _sessions(
            "c/",
            {key: Object(time=when, etag=f"of {key}") for key, when in videos.items()},
            {key: Object(time=when, etag="") for key, when in results.items()},
            {csv_key("c/same.mp4"): "of c/same.mp4", csv_key("c/again.mp4"): "another"}.get,
        )
    )
    found = {each.name: each for each in sessions}
    assert len(found) == len(sessions)
    assert {name: each.state for name, each in found.items()} == {
        "done": State.DONE,
        "bad.mov": State.FAILED,
        "new": State.WAITING,
        "again": State.WAITING,
        "same": State.DONE,
        "late": State.LATE,
        "week1/x.video": State.DONE,
        "gone": State.DONE,
        "unreadable": State.FAILED,
    }
    assert found["gone"].video is None
    assert found["done"].result == "c/done.csv"


@pytest.mark.parametrize(
    ("name", "day", "label"),
    [
        ("2026-11-23", date(2026, 11, 23), ""),
        ("2026-11-23-2", date(2026, 11, 23), "2"),
        ("2026-11-23.mov", date(2026, 11, 23), ".mov"),
        ("2026-13-23", None, "2026-13-23"),
        ("lecture", None, "lecture"),
    ],
)
def test_a_session_is_of_the_day_that_its_name_begins_with(
    name: str, day: date | None, label: str
) -> None:
    session = Session(name=name, state=State.DONE, since=datetime.now(UTC))
    assert (session.day, session.label) == (day, label)


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (1, "0.0 KB"),
        (1536, "1.5 KB"),
        (10 * MB, "10 MB"),
        (2048 * MB, "2 GB"),
        (1 << 60, "1048576 TB"),
    ],
)
def test_sizes_are_said_as_people_do(count: int, said: str) -> None:
    assert texts.size(count) == said
