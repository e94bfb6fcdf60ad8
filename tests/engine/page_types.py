"""The types of AWS resources that the teachers' page is made of, all but its function and table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.resources.request import aws_spelling
from tests.engine.made_locally import made_locally
from tests.engine.resource_type import ResourceType, if_there, one_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.account import Account

    Properties = Mapping[str, Any]


class PageTypes:
    """The types, in an account."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._cognito = account.client("cognito-idp")
        self._gateway = account.client("apigatewayv2")
        self._s3 = account.client("s3")

    def table(self) -> dict[str, ResourceType]:
        """Return each type under its token."""
        return {**self._of_accounts(), **self._of_apis(), **self._of_buckets()}

    def _of_accounts(self) -> dict[str, ResourceType]:
        cognito = self._cognito
        return {
            "aws:cognito/userPool:UserPool": ResourceType(
                create=made_locally(self._account, "aws:cognito/userPool:UserPool"),
                update=self._change_pool,
                delete=lambda id_, _: cognito.delete_user_pool(UserPoolId=id_),
                read=if_there(lambda id_, _: cognito.describe_user_pool(UserPoolId=id_)),
                named="name",
                replaced_by=frozenset({"usernameAttributes", "usernameConfiguration"}),
            ),
            "aws:cognito/userPoolClient:UserPoolClient": ResourceType(
                create=made_locally(self._account, "aws:cognito/userPoolClient:UserPoolClient"),
                update=lambda *_: {},
                delete=lambda id_, client: cognito.delete_user_pool_client(
                    UserPoolId=client["userPoolId"], ClientId=id_
                ),
                read=if_there(
                    lambda id_, client: cognito.describe_user_pool_client(
                        UserPoolId=client["userPoolId"], ClientId=id_
                    )
                ),
                named="name",
                replaced_by=frozenset({"userPoolId", "generateSecret"}),
            ),
            "aws:cognito/userPoolDomain:UserPoolDomain": ResourceType(
                create=made_locally(self._account, "aws:cognito/userPoolDomain:UserPoolDomain"),
                update=lambda *_: {},
                delete=lambda id_, domain: cognito.delete_user_pool_domain(
                    Domain=id_, UserPoolId=domain["userPoolId"]
                ),
                read=if_there(lambda id_, _: cognito.describe_user_pool_domain(Domain=id_)),
                replaced_by=frozenset({"domain", "userPoolId"}),
            ),
            "aws:cognito/managedLoginBranding:ManagedLoginBranding": ResourceType(
                create=made_locally(
                    self._account, "aws:cognito/managedLoginBranding:ManagedLoginBranding"
                ),
                update=lambda *_: {},
                delete=lambda *_: None,
                read=if_there(
                    lambda _, branding: cognito.describe_user_pool_client(
                        UserPoolId=branding["userPoolId"], ClientId=branding["clientId"]
                    )
                ),
                replaced_by=frozenset({"userPoolId", "clientId"}),
            ),
            "aws:cognito/userGroup:UserGroup": ResourceType(
                create=made_locally(self._account, "aws:cognito/userGroup:UserGroup"),
                update=lambda *_: {},
                delete=lambda _, group: cognito.delete_group(
                    GroupName=group["name"], UserPoolId=group["userPoolId"]
                ),
                read=if_there(
                    lambda _, group: cognito.get_group(
                        GroupName=group["name"], UserPoolId=group["userPoolId"]
                    )
                ),
                replaced_by=frozenset({"name", "userPoolId"}),
            ),
        }

    def _change_pool(self, pool: str, _: Properties, new: Properties) -> Properties:
        self._cognito.update_user_pool(
            UserPoolId=pool,
            DeletionProtection=new["deletionProtection"],
            Policies={"PasswordPolicy": aws_spelling(new["passwordPolicy"])},
        )
        return {}

    def _of_apis(self) -> dict[str, ResourceType]:
        gateway = self._gateway
        return {
            "aws:apigatewayv2/api:Api": ResourceType(
                create=made_locally(self._account, "aws:apigatewayv2/api:Api"),
                update=lambda *_: {},
                delete=lambda id_, _: gateway.delete_api(ApiId=id_),
                read=if_there(lambda id_, _: gateway.get_api(ApiId=id_)),
                named="name",
                replaced_by=frozenset({"protocolType"}),
            ),
            "aws:apigatewayv2/integration:Integration": ResourceType(
                create=made_locally(self._account, "aws:apigatewayv2/integration:Integration"),
                update=lambda *_: {},
                delete=lambda id_, integration: gateway.delete_integration(
                    ApiId=integration["apiId"], IntegrationId=id_
                ),
                read=if_there(
                    lambda id_, integration: gateway.get_integration(
                        ApiId=integration["apiId"], IntegrationId=id_
                    )
                ),
                replaced_by=frozenset({"apiId", "integrationType"}),
            ),
            "aws:apigatewayv2/route:Route": ResourceType(
                create=made_locally(self._account, "aws:apigatewayv2/route:Route"),
                update=lambda *_: {},
                delete=lambda id_, route: gateway.delete_route(ApiId=route["apiId"], RouteId=id_),
                read=if_there(
                    lambda id_, route: gateway.get_route(ApiId=route["apiId"], RouteId=id_)
                ),
                replaced_by=frozenset({"apiId"}),
            ),
            "aws:apigatewayv2/stage:Stage": ResourceType(
                create=made_locally(self._account, "aws:apigatewayv2/stage:Stage"),
                update=lambda *_: {},
                delete=lambda id_, stage: gateway.delete_stage(ApiId=stage["apiId"], StageName=id_),
                read=if_there(
                    lambda id_, stage: one_of(
                        gateway.get_stages(ApiId=stage["apiId"])["Items"], StageName=id_
                    )
                ),
                replaced_by=frozenset({"apiId", "name"}),
            ),
        }

    def _of_buckets(self) -> dict[str, ResourceType]:
        s3, kind = self._s3, "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration"
        create = made_locally(self._account, kind)
        return {
            kind: ResourceType(
                create=create,
                update=lambda _, __, new: create("", new).outputs,
                delete=lambda id_, _: s3.delete_bucket_cors(Bucket=id_),
                read=if_there(lambda id_, _: s3.get_bucket_cors(Bucket=id_)),
                replaced_by=frozenset({"bucket"}),
                is_deleted_first=True,
            )
        }
