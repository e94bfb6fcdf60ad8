"""A stack's life by a user who has the deployer's policy and no other right.

IAM is enforced by the embedded AWS. Each action of the policy is either one that the stand-in of
the provider asked for here, or one that the table below has a reason to expect of the real
provider, which cannot be had here.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stacks.deployer import GITHUB
from stacks.embedded_aws import AccessKey
from tests.engine.asked_actions import JOURNAL
from tests.engine.inventory import inventory
from tests.infra.recording import ACCOUNT, run_program

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from local.account import Account
    from tests.engine.workspace import Workspace

USER = "colleague"
EVERYTHING = {
    "teachersPage": True,
    "pageMfa": False,
    "peoplePolicies": True,
    "githubRepository": "school/lambdalens",
    "alarmEmail": "engineer@school.example",
    "requireTls": False,
}


UNNAMED_HERE = {
    *(f"cloudwatch:{each}" for each in ("DeleteAlarms", "DescribeAlarms")),
    *(f"cloudwatch:{each}Dashboard" for each in ("Get", "Put")),
    "cloudwatch:DeleteDashboards",
    "ecr:DescribeRepositories",
    *(f"iam:{each}" for each in ("CreatePolicy", "DeletePolicy", "GetPolicy", "PutRolePolicy")),
    *(f"iam:{each}" for each in ("ListPolicyVersions", "DeleteRolePolicy", "GetRolePolicy")),
    *(f"iam:{each}Role" for each in ("Create", "Delete", "Get")),
    "lambda:CreateFunction",
    "logs:DescribeLogGroups",
    *(f"sns:{each}" for each in ("CreateTopic", "DeleteTopic", "GetTopicAttributes")),
    *(f"sns:{each}" for each in ("Subscribe", "Unsubscribe", "GetSubscriptionAttributes")),
}
"""Actions for which the embedded AWS, unlike AWS, does not look what they are of."""

OF_THE_STAND_IN = ("iam:SimulatePrincipalPolicy", "lambda:ListAliases")
"""What only our stand-in asks, to refuse what AWS would refuse by itself."""

_TAGS = "the provider tags what takes tags, and reads them (internal/tags of its source)"
_BUCKET = "the read of aws_s3_bucket asks for each part of a bucket (internal/service/s3/bucket.go)"
_PUSH = "a push, and the look at an image (docs.aws.amazon.com/AmazonECR, image-push-iam.html)"
_DELIVERY = "an HTTP API's access log (docs.aws.amazon.com/apigateway, http-api-logging.html)"
_CHANGE = "what changes in place when its inputs do, and is not changed here"
_READ = "the read or the wait of the provider's resource (internal/service of its source)"
WHY: dict[str, str] = {
    r"\w+(-\w+)?:(Tag|Untag|ListTags|AddTags|RemoveTags)\w*": _TAGS,
    r"sqs:ListQueueTags|s3:(Get|Put)BucketTagging|apigateway:PUT": _TAGS,
    r"s3:Get(BucketAcl|BucketWebsite|AccelerateConfiguration|BucketRequestPayment)": _BUCKET,
    r"s3:Get(BucketLogging|ReplicationConfiguration|BucketObjectLockConfiguration)": _BUCKET,
    r"s3:(Get|Put|Delete)BucketPolicy": "policies of buckets, which plain http leaves out here",
    r"s3:DeleteObject(Version)?": "buckets that are emptied before they are deleted",
    r"sqs:SetQueueAttributes": "the queue's policy, which plain http leaves out here",
    r"ecr:(BatchCheckLayerAvailability|InitiateLayerUpload|UploadLayerPart)": _PUSH,
    r"ecr:(CompleteLayerUpload|PutImage|BatchGetImage|GetDownloadUrlForLayer)": _PUSH,
    r"ecr:GetAuthorizationToken": "the login for the push, by the program's own call",
    r"logs:\w*LogDeliver\w+|logs:(Put|Describe)ResourcePolic\w+": _DELIVERY,
    r"lambda:GetAccountSettings": "stacks/limits.py, before the function is made",
    r"iam:PassRole": "asked for by Lambda and the Scheduler when they are given a role",
    r"\w+(-\w+)?:(Update|Set)\w+|apigateway:PATCH|iam:(Create|Delete)PolicyVersion": _CHANGE,
    r"lambda:(Put|Delete)FunctionConcurrency": _CHANGE,
    r"lambda:(Delete|Get|Put)(Alias|FunctionEventInvokeConfig)": "named otherwise by the emulator",
    r"cognito-idp:(Create|Delete|Describe)ManagedLoginBranding": "the embedded AWS has one look",
    r"\w+(-\w+)?:(Get|List|Describe)\w+": _READ,
    r"states:ValidateStateMachineDefinition": "the plan of the provider's resource of a machine",
}
"""By patterns of actions: why the real provider, or AWS for it, is expected to ask for them."""


def why(action: str) -> str | None:
    """Return how an action is known that nobody asked for here, or None."""
    return next((reason for known, reason in WHY.items() if re.fullmatch(known, action)), None)


@pytest.fixture
def colleague(account: Account) -> Iterator[AccessKey]:
    """Make a user who may nothing yet."""
    iam = account.client("iam")
    iam.create_user(UserName=USER)
    key = iam.create_access_key(UserName=USER)["AccessKey"]
    yield AccessKey(key_id=key["AccessKeyId"], secret=key["SecretAccessKey"])
    for name in iam.list_user_policies(UserName=USER)["PolicyNames"]:
        iam.delete_user_policy(UserName=USER, PolicyName=name)
    iam.delete_access_key(UserName=USER, AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName=USER)


@pytest.fixture
def provider(account: Account) -> Iterator[str]:
    """Make what an account has one of, and the embedded AWS knows no name of for IAM."""
    iam = account.client("iam")
    arn: str = iam.create_open_id_connect_provider(
        Url=f"https://{GITHUB}", ClientIDList=["sts.amazonaws.com"]
    )["OpenIDConnectProviderArn"]
    yield arn
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)


def policy_for(settings: Mapping[str, object], account: Account) -> str:
    """Return the policy that a stack of these settings exports, in this account."""
    texts = {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in settings.items()
    }
    policy: str = run_program("dev", **texts).exports["deployerPolicy"]
    return policy.replace(ACCOUNT, account.account_id)


def with_what_is_of_the_embedded_aws(policy: str) -> str:
    """Return the policy with what is asked here otherwise than by AWS and its provider.

    What the policy itself allows, it allows still, and nothing is added that it does not name.
    """
    document = json.loads(policy)
    allowed = {action for each in document["Statement"] for action in each["Action"]}
    assert allowed >= UNNAMED_HERE
    more = [*sorted(UNNAMED_HERE), *OF_THE_STAND_IN]
    document["Statement"].append({"Effect": "Allow", "Action": more, "Resource": "*"})
    return json.dumps(document)


def allow(account: Account, policy: str) -> None:
    account.client("iam").put_user_policy(
        UserName=USER, PolicyName="deployer", PolicyDocument=policy
    )


def test_a_stack_lives_by_the_deployer_s_rights_alone(
    workspace: Workspace, account: Account, colleague: AccessKey, provider: str
) -> None:
    before = inventory(account)
    settings = EVERYTHING | {"githubOidcProvider": provider}
    workspace.pulumi("stack", "init", "dev")
    workspace.configure("dev", **settings)
    policy = policy_for(settings, account)
    allow(account, with_what_is_of_the_embedded_aws(policy))
    asked = Path(workspace.environment["HOME"]) / "asked"
    as_colleague = {
        "AWS_ACCESS_KEY_ID": colleague.key_id,
        "AWS_SECRET_ACCESS_KEY": colleague.secret,
        JOURNAL: str(asked),
    }
    workspace.environment.update(as_colleague)

    workspace.up("dev")
    workspace.up("dev")
    workspace.pulumi("refresh", "--yes", "--expect-no-changes", "-s", "dev")
    workspace.configure("dev", memoryMb=2048, logRetentionDays=14, peoplePolicies=True)
    workspace.up("dev")
    workspace.pulumi("destroy", "--yes", "-s", "dev")

    assert inventory(account) == before
    actions = {tuple(json.loads(line)) for line in asked.read_text().splitlines()}
    asked_for = {action for action, _ in actions} - {*OF_THE_STAND_IN, "sts:GetCallerIdentity"}
    allowed = {action for each in json.loads(policy)["Statement"] for action in each["Action"]}
    assert asked_for <= allowed
    assert {each for each in UNNAMED_HERE if (each, "*") not in actions} == set()
    unexplained = {each for each in allowed - asked_for if not why(each)}
    assert unexplained == set()
