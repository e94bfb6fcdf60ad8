"""The stand-in for `pulumi-resource-aws`: an embedded AWS at the end of the provider's endpoints.

What is made anew is made by the same code that `local/` makes it with. What changes in place, what
makes a new resource and what has a place for one only is taken from the provider's documentation.
"""

from __future__ import annotations

import json
import os
import secrets
from typing import TYPE_CHECKING, Any

from local.provisioning import caller_identity
from stacks.embedded_aws import AccessKey
from tests.engine.asked_actions import NotingAccount
from tests.engine.aws_functions import FunctionTypes
from tests.engine.aws_types import AwsTypes
from tests.engine.page_types import PageTypes
from tests.engine.provider import serve_provider
from tests.engine.registry_types import RegistryTypes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.engine.provider import Functions, Types


def configure(configuration: Mapping[str, Any]) -> tuple[Types, Functions]:
    """Return what the provider has for these settings, and the credentials of the environment."""
    account = NotingAccount(
        _endpoint(configuration),
        AccessKey(
            key_id=os.environ["AWS_ACCESS_KEY_ID"], secret=os.environ["AWS_SECRET_ACCESS_KEY"]
        ),
    )
    types = {
        **AwsTypes(account).table(),
        **FunctionTypes(account).table(),
        **PageTypes(account).table(),
        **RegistryTypes(account).table(),
    }
    functions: Functions = {
        "aws:index/getCallerIdentity:getCallerIdentity": lambda _: caller_identity(account),
        "aws:ecr/getAuthorizationToken:getAuthorizationToken": lambda _: {
            "id": account.region,
            "proxyEndpoint": f"https://{account.account_id}.dkr.ecr.{account.region}.amazonaws.com",
            "userName": "AWS",
            "password": f"password-{secrets.token_hex(16)}",
        },
    }
    return types, functions


def _endpoint(configuration: Mapping[str, Any]) -> str:
    """Return the endpoint that the stack names, or else the environment's."""
    endpoints = json.loads(configuration.get("endpoints", "[]"))
    url: str = endpoints[0]["s3"] if endpoints else os.environ["AWS_ENDPOINT_URL"]
    return url


if __name__ == "__main__":
    serve_provider("aws", configure)
