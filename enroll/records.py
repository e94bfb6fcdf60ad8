"""The students' records as they are in the table, read one by one or all together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer

from function.composed_text import composed, spellings
from function.students import Student

if TYPE_CHECKING:
    from stacks.outputs import Deployment


def all_records(stack: Deployment) -> dict[str, Student]:
    """Return every student's record by the composed id. Raises a botocore exception."""
    pages = (
        stack.client("dynamodb")
        .get_paginator("scan")
        .paginate(TableName=stack.outputs.students_table, ConsistentRead=True)
    )
    records = (Student.from_item(item) for page in pages for item in page["Items"])
    return {composed(record.student_id): record for record in records}


def records_of(stack: Deployment, student_id: str) -> list[dict[str, Any]]:
    """Return a student's record with all that it has, as plain values, in a list.

    The list is empty if there is none; where earlier versions kept an id as it was typed, it may
    have several. Raises a botocore exception.
    """
    client, plain = stack.client("dynamodb"), TypeDeserializer()
    answers = (
        client.get_item(
            TableName=stack.outputs.students_table,
            Key={"student_id": {"S": spelling}},
            ConsistentRead=True,
        )
        for spelling in sorted(spellings(student_id))
    )
    return [plain.deserialize({"M": answer["Item"]}) for answer in answers if "Item" in answer]
