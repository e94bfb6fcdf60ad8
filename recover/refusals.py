"""What AWS refuses, in words that name the right that was lacking."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from botocore.exceptions import BotoCoreError

_FORBIDDEN = ("403", "AccessDenied", "AccessDeniedException")

# Asking for metadata counts as reading. What is not there is forbidden to who may not list.
_RIGHTS = {
    "HeadObject": "s3:GetObject, and s3:ListBucket to tell what is not there",
    "GetObject": "s3:GetObject, and s3:ListBucket to tell what is not there",
    "ListObjectsV2": "s3:ListBucket",
    "Scan": "dynamodb:Scan",
    "GetQueueAttributes": "sqs:GetQueueAttributes",
    "ReceiveMessage": "sqs:ReceiveMessage",
    "ChangeMessageVisibility": "sqs:ChangeMessageVisibility",
    "DeleteMessage": "sqs:DeleteMessage",
    "Invoke": "lambda:InvokeFunction",
    "GetFunctionConfiguration": "lambda:GetFunctionConfiguration",
}


def in_words(error: BotoCoreError | ClientError) -> str:
    """Say on one line what was refused, and the remedy."""
    if isinstance(error, ClientError) and error.response["Error"]["Code"] in _FORBIDDEN:
        right = _RIGHTS.get(error.operation_name, error.operation_name)
        return (
            f"not permitted: {right}: 'python -m recover policy' prints the rights that are "
            "needed, 'aws sts get-caller-identity' says who you are"
        )
    return (
        f"{' '.join(str(error).split())}: check that the stack is up, and whose credentials you "
        "use ('aws sts get-caller-identity')"
    )
