"""DynamoDB: the tables of students, and of who is signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.resources.request import Created, Request

if TYPE_CHECKING:
    from local.resources.request import Creator


def _table(request: Request) -> Created:
    dynamodb = request.account.client("dynamodb")
    name = request.physical_name()
    # The emulator's disk is a temporary folder: there is nothing to encrypt.
    request.refuse_key(request.take("serverSideEncryption", default={}).get("kmsKeyArn"))
    table = dynamodb.create_table(
        TableName=name,
        BillingMode=request.take("billingMode"),
        KeySchema=[{"AttributeName": request.take("hashKey"), "KeyType": "HASH"}],
        AttributeDefinitions=[
            {"AttributeName": attribute["name"], "AttributeType": attribute["type"]}
            for attribute in request.take("attributes")
        ],
        DeletionProtectionEnabled=request.take("deletionProtectionEnabled", default=False),
    )["TableDescription"]
    if request.take("pointInTimeRecovery", default={}).get("enabled"):
        dynamodb.update_continuous_backups(
            TableName=name,
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
        )
    if (ttl := request.take("ttl", default={})).get("enabled"):
        dynamodb.update_time_to_live(
            TableName=name,
            TimeToLiveSpecification={"Enabled": True, "AttributeName": ttl["attributeName"]},
        )
    return Created(id=name, outputs={"name": name, "arn": table["TableArn"]})


CREATORS: dict[str, Creator] = {"aws:dynamodb/table:Table": _table}
