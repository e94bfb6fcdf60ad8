"""The students' records in DynamoDB: their form, and how they are looked up.

A record is an item with the partition key `student_id` and the attributes `name`, `major`
and `year`, all of them texts. Where they are known, it has `courses`, a list of texts, and the
ISO dates `consent` and `until`, the last day on which the student is recognised.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef, KeysAndAttributesUnionTypeDef

_KEYS_PER_REQUEST = 100  # DynamoDB's limit for BatchGetItem

# A batch that the table is too busy for is asked for again after up to 0.1 s, 0.2 s, and so on:
# 6 s in all, in which on-demand capacity has time to grow.
_ATTEMPTS = 7
_FIRST_PAUSE_SECONDS = 0.1


class StudentsTableBusyError(Exception):
    """The table kept on leaving keys unanswered; it may answer them later."""


@dataclass(frozen=True, kw_only=True)
class Student:
    """A student's record."""

    student_id: str
    name: str
    major: str
    year: str
    courses: tuple[str, ...] = ()
    consent: date | None = None
    until: date | None = None

    def as_item(self) -> dict[str, AttributeValueTypeDef]:
        """Return the record as an item of the table."""
        item: dict[str, AttributeValueTypeDef] = {
            "student_id": {"S": self.student_id},
            "name": {"S": self.name},
            "major": {"S": self.major},
            "year": {"S": self.year},
        }
        if self.courses:
            item["courses"] = {"L": [{"S": course} for course in self.courses]}
        for attribute, day in (("consent", self.consent), ("until", self.until)):
            if day:
                item[attribute] = {"S": day.isoformat()}
        return item

    @classmethod
    def from_item(cls, item: Mapping[str, AttributeValueTypeDef]) -> Student:
        """Return the record that an item of the table stands for; what it lacks is empty."""
        return cls(
            student_id=item["student_id"]["S"],
            name=_text(item, "name"),
            major=_text(item, "major"),
            year=_text(item, "year"),
            courses=tuple(
                each["S"] for each in item.get("courses", {}).get("L", ()) if "S" in each
            ),
            consent=_day(item, "consent"),
            until=_day(item, "until"),
        )


def _text(item: Mapping[str, AttributeValueTypeDef], attribute: str) -> str:
    return item.get(attribute, {}).get("S", "")


def _day(item: Mapping[str, AttributeValueTypeDef], attribute: str) -> date | None:
    try:
        return date.fromisoformat(_text(item, attribute))
    except ValueError:  # of a person's hand, perhaps: the gallery is what decides
        return None


def look_up(client: DynamoDBClient, table: str, student_ids: Collection[str]) -> dict[str, Student]:
    """Return the records of the students with these ids; those without a record are left out.

    Raises:
        StudentsTableBusyError: the table did not answer for all of them, several times over.
        botocore.exceptions.ClientError: the request was refused.

    """
    ids = list(dict.fromkeys(student_ids))
    students: dict[str, Student] = {}
    for start in range(0, len(ids), _KEYS_PER_REQUEST):
        students |= _look_up_batch(client, table, ids[start : start + _KEYS_PER_REQUEST])
    return students


def _look_up_batch(
    client: DynamoDBClient, table: str, student_ids: list[str]
) -> dict[str, Student]:
    students: dict[str, Student] = {}
    keys = [{"student_id": {"S": student_id}} for student_id in student_ids]
    request: Mapping[str, KeysAndAttributesUnionTypeDef] = {table: {"Keys": keys}}
    for attempt in range(_ATTEMPTS):
        response = client.batch_get_item(RequestItems=request)
        for item in response["Responses"].get(table, []):
            student = Student.from_item(item)
            students[student.student_id] = student
        request = response["UnprocessedKeys"]
        if not request:
            return students
        # Random, so that functions that were refused together do not come back together.
        time.sleep(random.uniform(0, _FIRST_PAUSE_SECONDS * 2**attempt))  # noqa: S311 - no secret
    raise StudentsTableBusyError(
        f"The table {table} left keys unanswered in {_ATTEMPTS} requests in a row."
    )
