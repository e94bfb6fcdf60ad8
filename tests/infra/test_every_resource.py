"""What holds for every resource of every stack, those that are yet to be written included."""

from __future__ import annotations

import importlib
import inspect
import re
from collections import Counter

import pytest

from tests.infra.recording import ACCOUNT, Program, Registration, run_program, statements

# How what a resource stores is encrypted at rest: its property, and the value it must have. None
# is for a type that stores nothing of its own. A type that is missing here fails the test below.
ENCRYPTION: dict[str, tuple[str, object] | None] = {
    "aws:apigatewayv2/api:Api": None,
    "aws:apigatewayv2/integration:Integration": None,
    "aws:apigatewayv2/route:Route": None,
    "aws:apigatewayv2/stage:Stage": None,
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
    "aws:dynamodb/table:Table": ("serverSideEncryption", {"enabled": True}),
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": None,
    "aws:ecr/repositoryPolicy:RepositoryPolicy": None,
    "aws:ecr/repository:Repository": ("encryptionConfigurations", [{"encryptionType": "AES256"}]),
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": None,
    "aws:iam/policy:Policy": None,
    "aws:iam/role:Role": None,
    "aws:iam/rolePolicy:RolePolicy": None,
    "aws:lambda/alias:Alias": None,
    "aws:lambda/function:Function": None,  # the image is in ECR; Lambda encrypts variables, always
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": None,
    "aws:lambda/permission:Permission": None,
    "aws:s3/bucket:Bucket": None,  # a resource of its own says it: see test_buckets.py
    "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration": None,
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": None,
    "aws:s3/bucketNotification:BucketNotification": None,
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": None,
    "aws:s3/bucketPolicy:BucketPolicy": None,
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": None,
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": None,
    "aws:s3/bucketVersioning:BucketVersioning": None,
    "aws:scheduler/schedule:Schedule": None,  # AWS encrypts every schedule; its event is S3's
    "aws:sns/topic:Topic": None,  # CloudWatch cannot send to an encrypted one; alarms name nobody
    "aws:sns/topicSubscription:TopicSubscription": None,
    "aws:sqs/queue:Queue": ("sqsManagedSseEnabled", True),
    "aws:sqs/queuePolicy:QueuePolicy": None,
    "docker:index/registryImage:RegistryImage": None,
    "pulumi:providers:docker": None,
}


@pytest.fixture(params=["dev", "prod", "local", "prod with alarms sent"])
def program(request: pytest.FixtureRequest) -> Program:
    """Each stack as it is configured, and one with everything that can be switched on."""
    if request.param == "prod with alarms sent":
        return run_program("prod", alarmEmail="engineer@school.example")
    found: Program = request.getfixturevalue(request.param)
    return found


def resources(program: Program) -> list[Registration]:
    return [each for each in program.registrations if each.custom]


def takes_tags(kind: str) -> bool:
    """Look the type up in the provider's package, rather than believe the program."""
    package, module, name = kind.split(":")
    if package != "aws":
        return False
    module = {"lambda": "lambda_"}.get(module.partition("/")[0], module.partition("/")[0])
    resource_class = getattr(importlib.import_module(f"pulumi_aws.{module}"), name)
    return "tags" in inspect.signature(resource_class._internal_init).parameters


def test_tags_say_whose_it_is_wherever_the_type_takes_them(program: Program) -> None:
    tagged = [each for each in resources(program) if takes_tags(each.kind)]
    assert len(tagged) > 8
    stack = program.registrations[0].urn.split(":")[2]
    for each in tagged:
        assert each.inputs["tags"] == {"project": "lambdalens", "stack": stack}, each.urn


def test_what_is_stored_is_encrypted(program: Program) -> None:
    for each in resources(program):
        encryption = ENCRYPTION[each.kind]
        if encryption:
            name, value = encryption
            assert each.inputs[name] == value, each.urn


def test_nothing_is_allowed_by_a_wildcard(program: Program) -> None:
    allowing = 0
    for each in resources(program):
        for name in ("policy", "assumeRolePolicy"):
            if each.kind == "aws:ecr/lifecyclePolicy:LifecyclePolicy" or name not in each.inputs:
                continue
            for statement in statements(each.inputs[name]):
                if statement["Effect"] == "Deny":
                    continue
                allowing += 1
                assert "NotAction" not in statement
                assert "NotResource" not in statement
                assert "*" not in str(statement["Action"]), each.urn
                if each.kind == "aws:ecr/repositoryPolicy:RepositoryPolicy":
                    assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}
                    (sources,) = statement["Condition"].values()
                    assert all(ACCOUNT in source for source in sources["aws:SourceArn"])
                elif name == "policy":
                    assert "Principal" not in statement
                    assert all(len(arn) > 1 for arn in statement["Resource"]), each.urn
    assert allowing > 1


def test_every_resource_belongs_to_a_component(program: Program) -> None:
    for each in resources(program):
        parent = program.by_urn(each.parent)
        assert parent.kind.startswith("lambdalens:"), each.urn


def test_components_are_named_for_their_module_and_class(program: Program) -> None:
    components = [each for each in program.registrations if not each.custom]
    assert len(components) >= 5
    for each in components:
        assert re.fullmatch(r"lambdalens:[a-z_]+:[A-Z][A-Za-z]+", each.kind)
        _, module, name = each.kind.split(":")
        assert hasattr(importlib.import_module(f"stacks.{module}"), name)


def test_no_two_resources_are_one_to_pulumi(program: Program) -> None:
    urns = Counter(each.urn for each in program.registrations)
    assert not [urn for urn, count in urns.items() if count > 1]


def test_nothing_that_v8_of_the_provider_drops_is_used(program: Program) -> None:
    assert not [each.kind for each in resources(program) if each.kind.endswith("V2")]
