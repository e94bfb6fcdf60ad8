"""What whoever deploys the stack may do: in CI, or a colleague who is no administrator.

It is what the AWS provider calls to make, change, read, tag and delete each of the program's types
of resources; tests/engine/test_deployer.py says of each action by which call it is known, or that
it is expected of the real provider and was not seen here. Everything whose ARN has a name in it is
limited to names that begin as this project's do. Which other things a stack has, such as the page,
decides which rights there are.

Whoever may give rights to roles and hand these to functions may do whatever a role can. So the
setting `permissionsBoundary` is what makes this policy a limit: with it, roles are made, and given
rights, only with that boundary on them, and no boundary is taken away.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_aws import get_caller_identity_output

from stacks.partition import partition_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pulumi

    from stacks.settings import StackSettings

GITHUB = "token.actions.githubusercontent.com"
# What the stack's roles are for, and so what they may be handed to.
PASSED_TO = ("lambda.amazonaws.com", "scheduler.amazonaws.com", "states.amazonaws.com")


@dataclass(frozen=True, kw_only=True)
class Part:
    """The rights to one kind of thing; `resources` are ARNs without what they begin with alike."""

    service: str
    resources: tuple[str, ...]
    reads: str = ""
    writes: str = ""


def parts(settings: StackSettings) -> Iterator[Part]:
    """Yield the rights that the parts of a stack with these settings take.

    In a resource, {here} is the region and the account, {account} the account.
    """
    yield from _STORES
    yield from _RUNS
    yield from _WATCHES
    yield _roles(settings)
    if not settings.protect_data:
        # A bucket is deleted when it is empty.
        yield Part(
            service="s3",
            resources=("::lambdalens-*/*",),
            writes="DeleteObject DeleteObjectVersion",
        )
    if settings.teachers_page:
        yield from _PAGE
    if settings.data_events:
        yield from _TRAIL
    if settings.monthly_budget:
        yield Part(
            service="budgets",
            resources=(":{account}:budget/lambdalens-*",),
            reads="ViewBudget ListTagsForResource",
            writes="ModifyBudget TagResource UntagResource",
        )
    if settings.github_repository and not settings.github_oidc_provider:
        yield Part(
            service="iam",
            resources=(f":{{account}}:oidc-provider/{GITHUB}",),
            reads="GetOpenIDConnectProvider",
            writes="CreateOpenIDConnectProvider DeleteOpenIDConnectProvider "
            "TagOpenIDConnectProvider UntagOpenIDConnectProvider",
        )


_STORES = (
    Part(
        service="s3",
        resources=("::lambdalens-*",),
        reads="ListBucket ListBucketVersions GetBucketPublicAccessBlock GetBucketOwnershipControls "
        "GetEncryptionConfiguration GetBucketVersioning GetLifecycleConfiguration GetBucketPolicy "
        "GetBucketNotification GetBucketCORS GetBucketTagging GetBucketAcl GetBucketWebsite "
        "GetAccelerateConfiguration GetBucketRequestPayment GetBucketLogging "
        "GetReplicationConfiguration GetBucketObjectLockConfiguration",
        writes="CreateBucket DeleteBucket PutBucketPublicAccessBlock PutBucketOwnershipControls "
        "PutEncryptionConfiguration PutBucketVersioning PutLifecycleConfiguration PutBucketPolicy "
        "DeleteBucketPolicy PutBucketNotification PutBucketTagging",
    ),
    Part(
        service="dynamodb",
        resources=("{here}:table/lambdalens-*",),
        reads="DescribeTable DescribeContinuousBackups DescribeTimeToLive ListTagsOfResource",
        writes="CreateTable UpdateTable DeleteTable UpdateContinuousBackups TagResource "
        "UntagResource",
    ),
    Part(
        service="sqs",
        resources=("{here}:lambdalens-*",),
        reads="GetQueueAttributes ListQueueTags",
        writes="CreateQueue SetQueueAttributes DeleteQueue TagQueue UntagQueue",
    ),
    Part(
        service="ecr",
        resources=("{here}:repository/lambdalens-*",),
        reads="DescribeRepositories GetRepositoryPolicy GetLifecyclePolicy ListTagsForResource "
        "BatchGetImage GetDownloadUrlForLayer DescribeImages DescribeImageScanFindings",
        writes="CreateRepository DeleteRepository SetRepositoryPolicy DeleteRepositoryPolicy "
        "PutLifecyclePolicy DeleteLifecyclePolicy TagResource UntagResource "
        "BatchCheckLayerAvailability InitiateLayerUpload UploadLayerPart CompleteLayerUpload "
        "PutImage",
    ),
    Part(service="ecr", resources=("*",), reads="GetAuthorizationToken"),
)
_RUNS = (
    Part(
        service="lambda",
        resources=("{here}:function:lambdalens-*",),
        reads="GetFunction GetFunctionConfiguration ListVersionsByFunction "
        "GetFunctionCodeSigningConfig GetFunctionConcurrency GetAlias GetPolicy "
        "GetFunctionEventInvokeConfig ListTags",
        writes="CreateFunction UpdateFunctionConfiguration UpdateFunctionCode DeleteFunction "
        "PublishVersion PutFunctionConcurrency DeleteFunctionConcurrency CreateAlias UpdateAlias "
        "DeleteAlias AddPermission RemovePermission PutFunctionEventInvokeConfig "
        "UpdateFunctionEventInvokeConfig DeleteFunctionEventInvokeConfig TagResource UntagResource",
    ),
    Part(service="lambda", resources=("*",), reads="GetAccountSettings"),
    Part(
        service="scheduler",
        resources=("{here}:schedule/default/lambdalens-*",),
        reads="GetSchedule",
        writes="CreateSchedule UpdateSchedule DeleteSchedule",
    ),
    Part(
        service="states",
        resources=("{here}:stateMachine:lambdalens-*",),
        reads="DescribeStateMachine ListStateMachineVersions ListTagsForResource",
        writes="CreateStateMachine UpdateStateMachine DeleteStateMachine TagResource UntagResource",
    ),
    # The provider has a definition checked before it changes anything.
    Part(service="states", resources=("*",), reads="ValidateStateMachineDefinition"),
)
_WATCHES = (
    Part(
        service="logs",
        resources=("{here}:log-group:lambdalens-*",),
        reads="DescribeMetricFilters ListTagsForResource",
        writes="CreateLogGroup DeleteLogGroup PutRetentionPolicy PutMetricFilter "
        "DeleteMetricFilter TagResource UntagResource",
    ),
    Part(service="logs", resources=("{here}:log-group:*",), reads="DescribeLogGroups"),
    Part(
        service="cloudwatch",
        resources=("{here}:alarm:lambdalens-*", ":{account}:dashboard/lambdalens-*"),
        reads="DescribeAlarms GetDashboard ListTagsForResource",
        writes="PutMetricAlarm DeleteAlarms PutDashboard DeleteDashboards TagResource "
        "UntagResource",
    ),
    Part(
        service="sns",
        resources=("{here}:lambdalens-*",),
        reads="GetTopicAttributes GetSubscriptionAttributes ListTagsForResource",
        writes="CreateTopic SetTopicAttributes DeleteTopic Subscribe Unsubscribe TagResource "
        "UntagResource",
    ),
)
# Their ARNs have ids in them, which AWS chooses.
_PAGE = (
    Part(service="s3", resources=("::lambdalens-*",), writes="PutBucketCORS"),
    Part(service="dynamodb", resources=("{here}:table/lambdalens-*",), writes="UpdateTimeToLive"),
    Part(
        service="cognito-idp",
        resources=("{here}:userpool/*",),
        reads="DescribeUserPool GetUserPoolMfaConfig DescribeUserPoolClient "
        "DescribeManagedLoginBranding GetGroup ListTagsForResource",
        writes="UpdateUserPool SetUserPoolMfaConfig DeleteUserPool CreateUserPoolClient "
        "UpdateUserPoolClient DeleteUserPoolClient CreateUserPoolDomain UpdateUserPoolDomain "
        "DeleteUserPoolDomain CreateManagedLoginBranding UpdateManagedLoginBranding "
        "DeleteManagedLoginBranding CreateGroup UpdateGroup DeleteGroup TagResource UntagResource",
    ),
    Part(
        service="cognito-idp",
        resources=("*",),
        reads="DescribeUserPoolDomain",
        writes="CreateUserPool",
    ),
    Part(
        service="apigateway",
        resources=("{region}::/apis", "{region}::/apis/*", "{region}::/tags/*"),
        reads="GET",
        writes="POST PATCH PUT DELETE",
    ),
    # An API's access log is delivered by CloudWatch, on behalf of whoever asks for it.
    Part(
        service="logs",
        resources=("*",),
        reads="GetLogDelivery ListLogDeliveries DescribeResourcePolicies",
        writes="CreateLogDelivery UpdateLogDelivery DeleteLogDelivery PutResourcePolicy",
    ),
)
_TRAIL = (
    Part(
        service="cloudtrail",
        resources=("{here}:trail/lambdalens-*",),
        reads="GetTrailStatus GetEventSelectors GetInsightSelectors ListTags",
        writes="CreateTrail UpdateTrail DeleteTrail StartLogging StopLogging PutEventSelectors "
        "AddTags RemoveTags",
    ),
    Part(service="cloudtrail", resources=("*",), reads="DescribeTrails"),
)


def _roles(settings: StackSettings) -> Part:
    policies = (
        " CreatePolicy DeletePolicy CreatePolicyVersion DeletePolicyVersion TagPolicy UntagPolicy"
    )
    return Part(
        service="iam",
        resources=(":{account}:role/lambdalens-*", ":{account}:policy/lambdalens-*"),
        reads="GetRole GetRolePolicy ListRolePolicies ListAttachedRolePolicies "
        "ListInstanceProfilesForRole"
        + (" GetPolicy GetPolicyVersion ListPolicyVersions" if settings.people_policies else ""),
        writes="UpdateRole UpdateAssumeRolePolicy DeleteRole DeleteRolePolicy TagRole UntagRole"
        + (policies if settings.people_policies else ""),
    )


def deployer_policy(
    settings: StackSettings,
    *,
    region: str,
    only_reads: bool = False,
) -> pulumi.Output[str]:
    """Return the policy document, in JSON; `only_reads` is for whoever previews and refreshes."""
    return get_caller_identity_output().account_id.apply(
        lambda known: json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": list(_statements(settings, region, known, only_reads=only_reads)),
            },
            # IAM counts what it keeps, and there is a lot.
            separators=(",", ":"),
        )
    )


def _statements(
    settings: StackSettings, region: str, account: str, *, only_reads: bool
) -> Iterator[dict[str, object]]:
    def arn(service: str, rest: str) -> str:
        if rest == "*":
            return rest
        named = rest.format(here=f"{region}:{account}", region=region, account=account)
        return f"arn:{partition_of(region)}:{service}:{named}"

    for part in parts(settings):
        names = part.reads if only_reads else f"{part.reads} {part.writes}"
        if actions := [f"{part.service}:{name}" for name in names.split()]:
            yield {
                "Effect": "Allow",
                "Action": actions,
                "Resource": [arn(part.service, each) for each in part.resources],
            }
    if settings.kms_key_arn and not only_reads:
        # Tables and the repository keep a grant of their own.
        yield {
            "Effect": "Allow",
            "Action": ["kms:DescribeKey", "kms:CreateGrant"],
            "Resource": [settings.kms_key_arn],
        }
    if only_reads:
        return
    roles, boundary = [arn("iam", ":{account}:role/lambdalens-*")], settings.permissions_boundary
    yield {
        "Effect": "Allow",
        "Action": ["iam:CreateRole", "iam:PutRolePolicy"]
        + (["iam:PutRolePermissionsBoundary"] if boundary else []),
        "Resource": roles,
        **(
            {"Condition": {"StringEquals": {"iam:PermissionsBoundary": boundary}}}
            if boundary
            else {}
        ),
    }
    yield {
        "Effect": "Allow",
        "Action": ["iam:PassRole"],
        "Resource": roles,
        "Condition": {"StringEquals": {"iam:PassedToService": [*PASSED_TO]}},
    }
