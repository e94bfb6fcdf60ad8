"""The page's clients of AWS: somebody waits for each of their answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client

_PATIENCE = Config(
    connect_timeout=2,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 3},
)
# Left to itself, boto3 signs addresses in a way, and for a host, that regions but the oldest
# refuse (boto/boto3#421), and has uploads be of parts with checksums that a browser doesn't send.
_ADDRESSES = Config(
    signature_version="s3v4",
    s3={"addressing_style": "virtual"},
    request_checksum_calculation="when_required",
)


def s3_client() -> S3Client:
    """Return a client for S3, for any thread to use."""
    return boto3.client("s3", config=_PATIENCE.merge(_ADDRESSES))


def dynamodb_client() -> DynamoDBClient:
    """Return a client for DynamoDB, for any thread to use."""
    return boto3.client("dynamodb", config=_PATIENCE)
