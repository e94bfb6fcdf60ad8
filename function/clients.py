"""The clients for AWS: how long they wait, how often they ask, and how their errors leave them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NoReturn

import boto3
from botocore.config import Config

from function.failed_requests import unanswered

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client
    from types_boto3_stepfunctions import SFNClient

# What they log is not ours to check, and may have an address with a key in it.
for _name in ("boto3", "botocore", "urllib3"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)

# The defaults are a minute of silence, five times over, and a run has fifteen minutes for all. The
# services answer within a second; a read waits for the next bytes, not for all of an object.
_PATIENCE = Config(
    connect_timeout=3,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 4},
)


def s3_client() -> S3Client:
    """Return a client for S3, for any thread to use."""
    client = boto3.client("s3", config=_PATIENCE)
    client.meta.events.register("after-call-error.s3", _raise_ours)
    return client


def dynamodb_client() -> DynamoDBClient:
    """Return a client for DynamoDB, for any thread to use."""
    client = boto3.client("dynamodb", config=_PATIENCE)
    client.meta.events.register("after-call-error.dynamodb", _raise_ours)
    return client


def stepfunctions_client() -> SFNClient:
    """Return a client for Step Functions, for any thread to use."""
    client = boto3.client("stepfunctions", config=_PATIENCE)
    client.meta.events.register("after-call-error.sfn", _raise_ours)
    return client


def _raise_ours(event_name: str, exception: Exception, **_: object) -> NoReturn:
    """Put an error of ours in the place of one that comes from the connection."""
    operation = event_name.rpartition(".")[2]
    raise unanswered(operation, exception) from None
