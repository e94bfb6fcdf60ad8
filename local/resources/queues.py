"""SQS: the failures queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.resources.request import Created, Request

if TYPE_CHECKING:
    from local.resources.request import Creator


def _queue(request: Request) -> Created:
    sqs = request.account.client("sqs")
    name = request.physical_name()
    request.refuse_key(request.take("kmsMasterKeyId"))
    attributes = {
        "MessageRetentionPeriod": request.take("messageRetentionSeconds", default=345600),
        "SqsManagedSseEnabled": request.take("sqsManagedSseEnabled", default=True),
    }
    url: str = sqs.create_queue(
        QueueName=name, Attributes={key: str(value).lower() for key, value in attributes.items()}
    )["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    return Created(id=url, outputs={"name": name, "url": url, "arn": arn["QueueArn"]})


def _queue_policy(request: Request) -> Created:
    url = request.take("queueUrl")
    request.account.client("sqs").set_queue_attributes(
        QueueUrl=url, Attributes={"Policy": request.take("policy")}
    )
    return Created(id=url)


CREATORS: dict[str, Creator] = {
    "aws:sqs/queue:Queue": _queue,
    "aws:sqs/queuePolicy:QueuePolicy": _queue_policy,
}
