"""What an operator must be allowed to do, on which of a stack's resources, for these commands."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from stacks.outputs import Deployment


def operator_policy(stack: Deployment) -> dict[str, object]:
    """Return an IAM policy of exactly the rights that these commands need."""
    outputs = stack.outputs
    partition = stack.session().get_partition_for_region(outputs.region)
    # The queue's URL is the one output that tells the account.
    account, queue = urlsplit(outputs.failures_queue_url).path.strip("/").split("/")
    here = f"{outputs.region}:{account}"
    videos, results, gallery = (
        f"arn:{partition}:s3:::{bucket}"
        for bucket in (outputs.input_bucket, outputs.output_bucket, outputs.gallery_bucket)
    )
    return {
        "Version": "2012-10-17",
        "Statement": [
            _allow("ReadVideosAndResults", ["s3:GetObject"], [f"{videos}/*", f"{results}/*"]),
            # Of the gallery, its ETag is enough.
            _allow("FindThemAndTheGallery", ["s3:ListBucket"], [videos, results, gallery]),
            _allow(
                "WorkThroughFailures",
                [
                    "sqs:GetQueueAttributes",
                    "sqs:ReceiveMessage",
                    "sqs:ChangeMessageVisibility",
                    "sqs:DeleteMessage",
                ],
                [f"arn:{partition}:sqs:{here}:{queue}"],
            ),
            _allow(
                "SendEventsAgain",
                ["lambda:InvokeFunction", "lambda:GetFunctionConfiguration"],
                [f"arn:{partition}:lambda:{here}:function:{outputs.live_function}"],
            ),
        ],
    }


def _allow(sid: str, actions: list[str], resources: list[str]) -> dict[str, object]:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources}
