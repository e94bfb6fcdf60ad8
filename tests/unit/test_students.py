"""Students' records are looked up in batches, until the table has answered for all of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber

from function import students as students_module
from function.students import Student, StudentsTableBusyError, look_up

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

TABLE = "students"


@pytest.fixture
def client() -> DynamoDBClient:
    return boto3.client(
        "dynamodb",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - nothing is sent
    )


@pytest.fixture
def stub(client: DynamoDBClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    monkeypatch.setattr(students_module, "_FIRST_PAUSE_SECONDS", 0)
    with Stubber(client) as stub:
        yield stub
        stub.assert_no_pending_responses()


def student(student_id: str) -> Student:
    return Student(student_id=student_id, name=f"n{student_id}", major="m", year="y")


def keys(*ids: str) -> dict[str, Any]:
    return {TABLE: {"Keys": [{"student_id": {"S": student_id}} for student_id in ids]}}


def answer(*ids: str, unprocessed: dict[str, Any] | None = None) -> dict[str, Any]:
    items = [student(student_id).as_item() for student_id in ids]
    return {"Responses": {TABLE: items}, "UnprocessedKeys": unprocessed or {}}


def test_a_record_survives_the_table() -> None:
    assert Student.from_item(student("1").as_item()) == student("1")
    known = replace(
        student("1"),
        courses=("physics-10b", "Ethik"),
        consent=date(2026, 9, 1),
        until=date(2027, 7, 31),
    )
    assert Student.from_item(known.as_item()) == known
    assert known.as_item()["until"] == {"S": "2027-07-31"}


def test_what_is_not_known_is_not_in_the_item() -> None:
    assert student("1").as_item().keys() == {"student_id", "name", "major", "year"}


def test_what_an_item_lacks_is_empty() -> None:
    expected = Student(student_id="1", name="", major="", year="")
    assert Student.from_item({"student_id": {"S": "1"}, "year": {"N": "3"}}) == expected
    odd: dict[str, AttributeValueTypeDef] = {
        "student_id": {"S": "1"},
        "courses": {"L": [{"N": "1"}]},
        "until": {"S": "summer"},
    }
    assert Student.from_item(odd) == expected


@pytest.mark.usefixtures("stub")
def test_nobody_needs_no_request(client: DynamoDBClient) -> None:
    assert look_up(client, TABLE, []) == {}


def test_students_are_found_by_id_and_each_asked_for_once(
    client: DynamoDBClient, stub: Stubber
) -> None:
    stub.add_response("batch_get_item", answer("2", "1"), {"RequestItems": keys("1", "2", "3")})
    found = look_up(client, TABLE, ["1", "2", "1", "3"])
    assert found == {"1": student("1"), "2": student("2")}


def test_more_than_a_hundred_take_several_requests(client: DynamoDBClient, stub: Stubber) -> None:
    ids = [str(number) for number in range(250)]
    for batch in (ids[:100], ids[100:200], ids[200:]):
        stub.add_response("batch_get_item", answer(*batch), {"RequestItems": keys(*batch)})
    assert list(look_up(client, TABLE, ids)) == ids


def test_unanswered_keys_are_asked_for_again(client: DynamoDBClient, stub: Stubber) -> None:
    first = answer("1", unprocessed=keys("2"))
    stub.add_response("batch_get_item", first, {"RequestItems": keys("1", "2")})
    stub.add_response("batch_get_item", answer("2"), {"RequestItems": keys("2")})
    assert list(look_up(client, TABLE, ["1", "2"])) == ["1", "2"]


def test_a_table_that_never_answers_is_given_up(client: DynamoDBClient, stub: Stubber) -> None:
    for _ in range(students_module._ATTEMPTS):
        stub.add_response("batch_get_item", answer(unprocessed=keys("1")))
    with pytest.raises(StudentsTableBusyError, match=TABLE):
        look_up(client, TABLE, ["1"])
