"""The teachers' page: nothing of it without the setting, and with it no more than it needs."""

from __future__ import annotations

import re

import pytest

from function.results import CORRECTIONS_SUFFIX
from page.settings import Settings
from stacks.settings import StackSettingsError
from stacks.teachers_page import COMMAND
from tests.infra.recording import Program, configured, run_program, run_program_with, statements

PAGE = "lambdalens-page"
FUNCTION = "lambda/function:Function"


@pytest.fixture(scope="module")
def made() -> Program:
    return run_program("prod", teachersPage="true")


def test_without_the_setting_there_is_nothing_of_it(dev: Program, prod: Program) -> None:
    for program in (dev, prod):
        kinds = {each.kind.partition(":")[2].partition("/")[0] for each in program.registrations}
        assert not kinds & {"cognito", "apigatewayv2"}
        assert not [each.urn for each in program.registrations if "page" in each.name]
        assert (program.exports["pageUrl"], program.exports["userPoolId"]) == ("", "")


def test_with_it_nothing_else_changes(prod: Program, made: Program) -> None:
    before = {
        each.urn: each.inputs for each in prod.registrations if "registryImage" not in each.urn
    }
    now = {each.urn: each.inputs for each in made.registrations}
    assert {urn for urn, inputs in before.items() if now[urn] != inputs} <= {
        # The time of the image's tag.
        each.urn
        for each in made.every("ecr/lifecyclePolicy:LifecyclePolicy")
    }


def test_it_runs_the_recognisers_image_with_another_command(made: Program) -> None:
    function = made.one(FUNCTION, PAGE).inputs
    assert function["imageUri"] == made.one(FUNCTION, "lambdalens-recogniser").inputs["imageUri"]
    assert function["imageConfig"] == {"commands": [COMMAND]}
    (old_ones,) = made.every("ecr/lifecyclePolicy:LifecyclePolicy")
    assert made.one(FUNCTION, PAGE).urn in old_ones.depends_on


def test_it_reads_its_environment(made: Program) -> None:
    settings = Settings.from_environment(
        made.one(FUNCTION, PAGE).inputs["environment"]["variables"]
    )
    assert settings.page_url == made.exports["pageUrl"]
    pool = made.one("cognito/userPool:UserPool")
    assert settings.issuer == f"https://{pool.outputs['endpoint']}"
    assert settings.keys_url == f"{settings.issuer}/.well-known/jwks.json"
    domain = made.one("cognito/userPoolDomain:UserPoolDomain").inputs["domain"]
    assert settings.sign_in_url == f"https://{domain}.auth.us-east-1.amazoncognito.com"
    assert settings.client_id == made.one("cognito/userPoolClient:UserPoolClient").id


def test_its_role_allows_exactly_what_it_does(made: Program) -> None:
    def arn(kind: str, name: str) -> str:
        return str(made.one(kind, name).outputs["arn"])

    videos = arn("s3/bucket:Bucket", "lambdalens-input")
    results = arn("s3/bucket:Bucket", "lambdalens-output")
    signed_in = arn("dynamodb/table:Table", f"{PAGE}-signed-in")
    log = arn("cloudwatch/logGroup:LogGroup", PAGE)
    allowed = {
        (action, resource)
        for statement in statements(made.one("iam/rolePolicy:RolePolicy", PAGE).inputs["policy"])
        for action in statement["Action"]
        for resource in statement["Resource"]
    }
    assert allowed == {
        ("s3:ListBucket", videos),
        ("s3:ListBucket", results),
        ("s3:GetObject", f"{results}/*"),
        ("s3:GetObject", f"{videos}/*"),
        ("s3:PutObject", f"{results}/*{CORRECTIONS_SUFFIX}"),
        ("s3:PutObject", f"{videos}/*"),
        ("s3:ListMultipartUploadParts", f"{videos}/*"),
        ("s3:AbortMultipartUpload", f"{videos}/*"),
        ("dynamodb:Scan", arn("dynamodb/table:Table", "lambdalens-students")),
        ("dynamodb:GetItem", signed_in),
        ("dynamodb:PutItem", signed_in),
        ("dynamodb:DeleteItem", signed_in),
        ("logs:CreateLogStream", f"{log}:*"),
        ("logs:PutLogEvents", f"{log}:*"),
    }


def test_accounts_are_made_by_an_administrator_with_a_second_factor(made: Program) -> None:
    pool = made.one("cognito/userPool:UserPool")
    assert pool.inputs["adminCreateUserConfig"]["allowAdminCreateUserOnly"] is True
    assert pool.inputs["mfaConfiguration"] == "ON"
    assert pool.inputs["softwareTokenMfaConfiguration"] == {"enabled": True}
    assert pool.inputs["deletionProtection"] == "ACTIVE"
    assert pool.protect
    without = run_program("dev", teachersPage="true", pageMfa="false")
    assert without.one("cognito/userPool:UserPool").inputs["mfaConfiguration"] == "OFF"


def test_codes_go_to_the_page_alone_and_need_no_secret(made: Program) -> None:
    client = made.one("cognito/userPoolClient:UserPoolClient").inputs
    url = made.exports["pageUrl"]
    assert client["callbackUrls"] == [f"{url}/auth/callback"]
    assert client["logoutUrls"] == [f"{url}/auth/signed-out"]
    assert client["generateSecret"] is False
    assert client["allowedOauthFlows"] == ["code"]
    assert not [flow for flow in client["explicitAuthFlows"] if "PASSWORD" in flow]


def test_requests_are_limited_and_their_log_says_neither_who_nor_what(made: Program) -> None:
    stage = made.one("apigatewayv2/stage:Stage")
    settings = stage.inputs["defaultRouteSettings"]
    assert 0 < settings["throttlingRateLimit"] <= settings["throttlingBurstLimit"]
    fields = set(re.findall(r"\$context\.(\w+)", stage.inputs["accessLogSettings"]["format"]))
    assert not fields & {"path", "identity", "authorizer", "routeKey", "domainName"}
    permission = made.one("lambda/permission:Permission", PAGE)
    assert permission.urn in stage.depends_on
    api = made.one("apigatewayv2/api:Api").outputs["executionArn"]
    assert permission.inputs["sourceArn"] == f"{api}/*/$default"


def test_the_bucket_lets_scripts_of_the_page_in_and_of_no_other(made: Program) -> None:
    cors = made.one("s3/bucketCorsConfiguration:BucketCorsConfiguration").inputs
    assert cors["bucket"] == made.one("s3/bucket:Bucket", "lambdalens-input").id
    (rule,) = cors["corsRules"]
    assert rule["allowedOrigins"] == [made.exports["pageUrl"]]
    assert rule["exposeHeaders"] == ["ETag"]


def test_who_is_signed_in_is_forgotten(made: Program) -> None:
    table = made.one("dynamodb/table:Table", f"{PAGE}-signed-in")
    assert table.inputs["ttl"] == {"attributeName": "expires", "enabled": True}
    assert table.inputs["billingMode"] == "PAY_PER_REQUEST"
    assert not table.protect


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1"])
def test_where_nobody_can_sign_in_it_is_refused(region: str) -> None:
    changed = {"lambdalens:teachersPage": "true", "aws:region": region}
    with pytest.raises(StackSettingsError, match=f"aws:region is '{region}'") as refused:
        run_program_with("dev", configured("dev") | changed)
    assert "\n" not in str(refused.value)
