"""The teachers' page: who signs in, what answers them, and all that it may do.

An HTTP API hands every request to one function, which runs the image of the recogniser with another
command. Nothing of it costs anything while nobody asks.

*Who gets in* is for Cognito to say: accounts are made by an administrator and by nobody else, they
sign in on Cognito's own page, and a group of the name of a course lets them see that course. So no
password ever comes to the function. There is no secret between the function and Cognito: the code
flow with PKCE needs none.

*What it may do* is to list videos and results, to read both, to put videos in, to write what
teachers correct beside a result and nothing else of it, and to read the students' records. It has
no right to the gallery: whoever breaks in here finds no encoding of a face.

*What it keeps* is who is signed in, in a table of its own, that forgets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumi_aws import apigatewayv2, cloudwatch, cognito, dynamodb, iam, lambda_, s3

from stacks.component import Component
from stacks.key_of_own import WRITE, key_rights, table_encryption
from stacks.partition import partition_of
from stacks.policy_document import allow
from stacks.settings import StackSettingsError

if TYPE_CHECKING:
    from stacks.buckets import Buckets
    from stacks.settings import StackSettings

COMMAND = "page.app.handler"
STAFF = "staff"
# As function.results has it, which the program that deploys does without.
CORRECTIONS_SUFFIX = ".corrections.json"
MEMORY_MB = 512
# An HTTP API waits for thirty seconds at most. No request takes one.
TIMEOUT_SECONDS = 20
# Requests a second, on average and in a burst: a school's, and not those of somebody who tries to
# run up a bill. Half a dozen parts of a page are fetched at once, and then nothing for a while.
REQUESTS_PER_SECOND = 50
BURST = 100
INVITATION_DAYS = 7
SHORTEST_PASSWORD = 12
# How long a browser may remember what the bucket allows the page.
CORS_SECONDS = 3600


class TeachersPage(Component):
    """The page at `url`, for the accounts of `user_pool`, answered by `function`."""

    def __init__(  # noqa: PLR0913 - what the page shows is made elsewhere
        self,
        name: str,
        settings: StackSettings,
        *,
        image_uri: pulumi.Input[str],
        buckets: Buckets,
        students: dynamodb.Table,
        region: str,
    ) -> None:
        """Raise StackSettingsError where AWS has no pages to sign in on."""
        super().__init__(name)
        if partition_of(region) != "aws":
            raise StackSettingsError(
                f"lambdalens:teachersPage is True and aws:region is {region!r}: the page is signed "
                "in to through Cognito's pages, which are there in AWS's own regions; set "
                "teachersPage to false."
            )
        self._name = name
        self._settings = settings
        self._children = pulumi.ResourceOptions(parent=self)
        self._api = apigatewayv2.Api(
            name,
            description="The teachers' page of LambdaLens.",
            protocol_type="HTTP",
            opts=self._children,
        )
        self.url = self._api.api_endpoint
        self.user_pool = self._accounts()
        client, sign_in_url = self._signing_in(region)
        self._let_page_upload(buckets.input)
        signed_in = dynamodb.Table(
            f"{name}-signed-in",
            billing_mode="PAY_PER_REQUEST",
            hash_key="session",
            attributes=[{"name": "session", "type": "S"}],
            ttl={"attribute_name": "expires", "enabled": True},
            server_side_encryption=table_encryption(settings),
            # Nothing that anybody would want to have back.
            point_in_time_recovery={"enabled": False},
            opts=self._children,
        )
        # Made here, and not by Lambda at the first record, so that records expire.
        self.log_group = self._log_group(name)
        environment: dict[str, pulumi.Input[str]] = {
            "PAGE_URL": self.url,
            "SIGN_IN_URL": sign_in_url,
            "ISSUER": pulumi.Output.concat("https://", self.user_pool.endpoint),
            "CLIENT_ID": client.id,
            "SIGNED_IN_TABLE": signed_in.name,
            "STUDENTS_TABLE": students.name,
            "INPUT_BUCKET": buckets.input.id,
            "OUTPUT_BUCKET": buckets.output.id,
        }
        self.function = self._function(
            image_uri, environment, self._permissions(buckets, students, signed_in)
        )
        self._answer_by_function()
        self.register_outputs({"url": self.url, "userPool": self.user_pool.id})

    def _accounts(self) -> cognito.UserPool:
        protect = self._settings.protect_data
        pool = cognito.UserPool(
            self._name,
            user_pool_tier="ESSENTIALS",
            admin_create_user_config={
                "allow_admin_create_user_only": True,
                "invite_message_template": {
                    "email_subject": "Your account for LambdaLens",
                    "email_message": pulumi.Output.concat(
                        "You can sign in at ",
                        self.url,
                        " as {username} with the password {####} and choose one of your own. "
                        f"The password is good for {INVITATION_DAYS} days.",
                    ),
                    "sms_message": "{username} {####}",
                },
            },
            username_attributes=["email"],
            username_configuration={"case_sensitive": False},
            # Or a forgotten password could not be set anew.
            auto_verified_attributes=["email"],
            account_recovery_setting={
                "recovery_mechanisms": [{"name": "verified_email", "priority": 1}]
            },
            password_policy={
                "minimum_length": SHORTEST_PASSWORD,
                # Length is what counts: NIST SP 800-63B, 5.1.1.2.
                "require_lowercase": False,
                "require_numbers": False,
                "require_symbols": False,
                "require_uppercase": False,
                "temporary_password_validity_days": INVITATION_DAYS,
            },
            # "OPTIONAL" asks nobody, ever, to set a second factor up: it would be there for show.
            mfa_configuration="ON" if self._settings.page_mfa else "OFF",
            software_token_mfa_configuration=(
                {"enabled": True} if self._settings.page_mfa else None
            ),
            deletion_protection="ACTIVE" if protect else "INACTIVE",
            opts=pulumi.ResourceOptions(parent=self, protect=protect),
        )
        cognito.UserGroup(
            STAFF,
            name=STAFF,
            description="Sees all courses. Another group is of the course that it is named for.",
            user_pool_id=pool.id,
            opts=self._children,
        )
        return pool

    def _signing_in(self, region: str) -> tuple[cognito.UserPoolClient, pulumi.Output[str]]:
        """Return what the function is to Cognito, and the address of the pages to sign in on."""
        client = cognito.UserPoolClient(
            self._name,
            user_pool_id=self.user_pool.id,
            generate_secret=False,
            allowed_oauth_flows_user_pool_client=True,
            allowed_oauth_flows=["code"],
            allowed_oauth_scopes=["openid", "email"],
            callback_urls=[pulumi.Output.concat(self.url, "/auth/callback")],
            logout_urls=[pulumi.Output.concat(self.url, "/auth/signed-out")],
            supported_identity_providers=["COGNITO"],
            # No way in but the page: none of Cognito's API that takes a password.
            explicit_auth_flows=["ALLOW_REFRESH_TOKEN_AUTH"],
            prevent_user_existence_errors="ENABLED",
            # The function takes note of who it is, and throws the tokens away.
            access_token_validity=5,
            id_token_validity=5,
            refresh_token_validity=60,
            token_validity_units={
                "access_token": "minutes",
                "id_token": "minutes",
                "refresh_token": "minutes",
            },
            opts=self._children,
        )
        # Must be nobody else's in the region, as the pool's own id is.
        prefix = self.user_pool.id.apply(lambda id_: f"lambdalens-{id_.rpartition('_')[2].lower()}")
        domain = cognito.UserPoolDomain(
            self._name,
            domain=prefix,
            user_pool_id=self.user_pool.id,
            managed_login_version=2,
            opts=self._children,
        )
        # Without it, a client's pages are "unavailable".
        cognito.ManagedLoginBranding(
            self._name,
            user_pool_id=self.user_pool.id,
            client_id=client.id,
            use_cognito_provided_values=True,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[domain]),
        )
        url = pulumi.Output.concat("https://", prefix, f".auth.{region}.amazoncognito.com")
        return client, url

    def _let_page_upload(self, bucket: s3.Bucket) -> None:
        """Let the page's scripts, and those of no other page, use addresses that were signed."""
        s3.BucketCorsConfiguration(
            self._name,
            bucket=bucket.id,
            cors_rules=[
                {
                    "allowed_origins": [self.url],
                    "allowed_methods": ["GET", "PUT"],
                    "allowed_headers": ["*"],
                    "expose_headers": ["ETag"],
                    "max_age_seconds": CORS_SECONDS,
                }
            ],
            opts=self._children,
        )

    def _log_group(self, name: str) -> cloudwatch.LogGroup:
        return cloudwatch.LogGroup(
            name,
            retention_in_days=self._settings.log_retention_days,
            kms_key_id=self._settings.kms_key_arn,
            opts=self._children,
        )

    def _function(
        self,
        image_uri: pulumi.Input[str],
        environment: dict[str, pulumi.Input[str]],
        allowed: dict[str, object],
    ) -> lambda_.Function:
        assume = {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
        role = iam.Role(
            self._name,
            description="What the teachers' page of LambdaLens may do.",
            assume_role_policy=pulumi.Output.json_dumps(
                {"Version": "2012-10-17", "Statement": [assume]}
            ),
            opts=self._children,
        )
        permissions = iam.RolePolicy(
            self._name,
            role=role.name,
            policy=pulumi.Output.json_dumps(allowed),
            opts=self._children,
        )
        return lambda_.Function(
            self._name,
            description="Answers on the teachers' page.",
            package_type="Image",
            image_uri=image_uri,
            image_config={"commands": [COMMAND]},
            architectures=[self._settings.architecture],
            role=role.arn,
            memory_size=MEMORY_MB,
            timeout=TIMEOUT_SECONDS,
            logging_config={
                "log_format": "JSON",
                "log_group": self.log_group.name,
                "application_log_level": "INFO",
                "system_log_level": "WARN",
            },
            environment={"variables": environment},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[permissions]),
        )

    def _permissions(
        self, buckets: Buckets, students: dynamodb.Table, signed_in: dynamodb.Table
    ) -> dict[str, object]:
        videos = pulumi.Output.concat(buckets.input.arn, "/*")
        results = pulumi.Output.concat(buckets.output.arn, "/*")
        corrections = pulumi.Output.concat(results, CORRECTIONS_SUFFIX)
        log_streams = pulumi.Output.concat(self.log_group.arn, ":*")
        return {
            "Version": "2012-10-17",
            "Statement": [
                allow("ListSessions", ["s3:ListBucket"], [buckets.input.arn, buckets.output.arn]),
                # Of the videos, it signs addresses for browsers: no more than what it may itself.
                allow("ReadResultsAndPlayVideos", ["s3:GetObject"], [results, videos]),
                allow("WriteCorrections", ["s3:PutObject"], [corrections]),
                allow(
                    "PutVideosInByParts",
                    ["s3:PutObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"],
                    [videos],
                ),
                allow("ReadCoursesAndStudents", ["dynamodb:Scan"], [students.arn]),
                allow(
                    "KeepWhoIsSignedIn",
                    ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem"],
                    [signed_in.arn],
                ),
                allow("WriteLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], [log_streams]),
                *key_rights(self._settings, WRITE),
            ],
        }

    def _answer_by_function(self) -> None:
        api = self._api
        integration = apigatewayv2.Integration(
            self._name,
            api_id=api.id,
            integration_type="AWS_PROXY",
            integration_uri=self.function.arn,
            payload_format_version="2.0",
            opts=self._children,
        )
        route = apigatewayv2.Route(
            self._name,
            api_id=api.id,
            route_key="$default",
            target=pulumi.Output.concat("integrations/", integration.id),
            opts=self._children,
        )
        permission = lambda_.Permission(
            self._name,
            function=self.function.name,
            action="lambda:InvokeFunction",
            principal="apigateway.amazonaws.com",
            source_arn=pulumi.Output.concat(api.execution_arn, "/*/$default"),
            opts=self._children,
        )
        requests = self._log_group(f"{self._name}-requests")
        apigatewayv2.Stage(
            self._name,
            name="$default",
            api_id=api.id,
            auto_deploy=True,
            default_route_settings={
                "throttling_rate_limit": REQUESTS_PER_SECOND,
                "throttling_burst_limit": BURST,
            },
            # Neither who asked nor for what: a path has the name of a course in it.
            access_log_settings={
                "destination_arn": requests.arn,
                "format": '{"time":"$context.requestTime","request":"$context.requestId",'
                '"method":"$context.httpMethod","status":"$context.status",'
                '"milliseconds":"$context.responseLatency",'
                '"error":"$context.integrationErrorMessage"}',
            },
            # Before it is allowed to, the API would answer that something went wrong.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[route, permission]),
        )
