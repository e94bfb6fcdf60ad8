"""How what a resource stores is encrypted at rest, type by type.

A type that stores something has the inputs that say so and what they must hold at least: one way,
or several, of AWS's keys and of the account's own. None is for a type that stores nothing of its
own, or that AWS always encrypts. A type that is missing is
refused: whoever brings it in says here what it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class _Anything:
    """Stands for any value but none."""

    def __repr__(self) -> str:
        return "anything"


ANYTHING = _Anything()

ENCRYPTION: dict[str, tuple[Mapping[str, object], ...] | None] = {
    "aws:apigatewayv2/api:Api": None,
    "aws:apigatewayv2/integration:Integration": None,
    "aws:apigatewayv2/route:Route": None,
    "aws:apigatewayv2/stage:Stage": None,
    "aws:budgets/budget:Budget": None,
    "aws:cloudtrail/trail:Trail": None,  # what it writes is in a bucket
    "aws:cloudwatch/dashboard:Dashboard": None,
    "aws:cloudwatch/logGroup:LogGroup": None,  # CloudWatch encrypts every group, always
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": None,
    "aws:cloudwatch/metricAlarm:MetricAlarm": None,
    "aws:cognito/managedLoginBranding:ManagedLoginBranding": None,
    "aws:cognito/userGroup:UserGroup": None,
    "aws:cognito/userPool:UserPool": None,  # Cognito encrypts every pool, always
    "aws:cognito/userPoolClient:UserPoolClient": None,
    "aws:cognito/userPoolDomain:UserPoolDomain": None,
    "aws:dynamodb/table:Table": ({"serverSideEncryption": {"enabled": True}},),
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": None,
    "aws:ecr/repositoryPolicy:RepositoryPolicy": None,
    "aws:ecr/repository:Repository": (
        {"encryptionConfigurations": [{"encryptionType": "AES256"}]},
        {"encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": ANYTHING}]},
    ),
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": None,
    "aws:iam/policy:Policy": None,
    "aws:iam/role:Role": None,
    "aws:iam/rolePolicy:RolePolicy": None,
    "aws:lambda/alias:Alias": None,
    "aws:lambda/function:Function": None,  # the image is in ECR; Lambda encrypts variables, always
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": None,
    "aws:lambda/permission:Permission": None,
    "aws:s3/bucket:Bucket": None,  # a resource of its own says it: the next but one
    "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration": None,
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": ANYTHING}}]},
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": None,
    "aws:s3/bucketNotification:BucketNotification": None,
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": None,
    "aws:s3/bucketPolicy:BucketPolicy": None,
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": None,
    "aws:s3/bucketVersioning:BucketVersioning": None,
    "aws:scheduler/schedule:Schedule": None,  # AWS encrypts every schedule; its event is S3's
    "aws:sfn/stateMachine:StateMachine": None,  # AWS encrypts every machine's history, always
    "aws:sns/topic:Topic": None,  # CloudWatch cannot send to an encrypted one; alarms name nobody
    "aws:sns/topicSubscription:TopicSubscription": None,
    "aws:sqs/queue:Queue": ({"sqsManagedSseEnabled": True}, {"kmsMasterKeyId": ANYTHING}),
    "aws:sqs/queuePolicy:QueuePolicy": None,
    "docker:index/registryImage:RegistryImage": None,
    "pulumi:providers:docker": None,
}


def holds_at_least(value: object, least: object) -> bool:
    """Say whether a value has all that the other has; it may have more."""
    if isinstance(least, _Anything):
        return value is not None
    if isinstance(least, Mapping):
        return isinstance(value, Mapping) and all(
            name in value and holds_at_least(value[name], item) for name, item in least.items()
        )
    if isinstance(least, list):
        return (
            isinstance(value, Sequence)
            and not isinstance(value, str)
            and all(any(holds_at_least(item, wanted) for item in value) for wanted in least)
        )
    return value == least
