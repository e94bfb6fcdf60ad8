"""Cognito: who has an account, in which groups, and the pages to sign in on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from local.resources.request import Created, RefusedError, Request, aws_spelling

if TYPE_CHECKING:
    from collections.abc import Iterable

    from local.resources.request import Creator

_HOSTS_WITHOUT_TLS = ("localhost", "127.0.0.1", "[::1]")
_DOMAIN_PREFIX = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_WORDS_OF_AWS = ("aws", "amazon", "cognito")


def _user_pool(request: Request) -> Created:
    cognito = request.account.client("cognito-idp")
    if request.take("mfaConfiguration", default="OFF") != "OFF":
        raise RefusedError(
            "the embedded AWS asks nobody for a second factor: set pageMfa to false for it"
        )
    request.take("softwareTokenMfaConfiguration")
    invitation = request.take("adminCreateUserConfig", default={})
    pool = cognito.create_user_pool(
        PoolName=request.physical_name(),
        UserPoolTier=request.take("userPoolTier", default="ESSENTIALS"),
        AdminCreateUserConfig=aws_spelling(invitation, smsMessage="SMSMessage"),
        UsernameAttributes=request.take("usernameAttributes", default=[]),
        UsernameConfiguration=aws_spelling(
            request.take("usernameConfiguration", default={"caseSensitive": True})
        ),
        AutoVerifiedAttributes=request.take("autoVerifiedAttributes", default=[]),
        AccountRecoverySetting=aws_spelling(request.take("accountRecoverySetting", default={})),
        Policies={"PasswordPolicy": aws_spelling(request.take("passwordPolicy", default={}))},
        DeletionProtection=request.take("deletionProtection", default="INACTIVE"),
    )["UserPool"]
    identity = pool["Id"]
    return Created(
        id=identity,
        outputs={
            "name": pool["Name"],
            "arn": pool["Arn"],
            # AWS's, wherever the emulator is: its tokens say so.
            "endpoint": f"cognito-idp.{request.account.region}.amazonaws.com/{identity}",
        },
    )


def _client(request: Request) -> Created:
    """Make a client, with addresses that AWS would send somebody to who has signed in."""
    cognito = request.account.client("cognito-idp")
    addresses = {name: request.take(name, default=[]) for name in ("callbackUrls", "logoutUrls")}
    _refuse_plain_http(address for each in addresses.values() for address in each)
    units = request.take("tokenValidityUnits", default={})
    client = cognito.create_user_pool_client(
        UserPoolId=request.take("userPoolId"),
        ClientName=request.physical_name(),
        GenerateSecret=request.take("generateSecret", default=False),
        AllowedOAuthFlowsUserPoolClient=request.take(
            "allowedOauthFlowsUserPoolClient", default=False
        ),
        AllowedOAuthFlows=request.take("allowedOauthFlows", default=[]),
        AllowedOAuthScopes=request.take("allowedOauthScopes", default=[]),
        CallbackURLs=addresses["callbackUrls"],
        LogoutURLs=addresses["logoutUrls"],
        SupportedIdentityProviders=request.take("supportedIdentityProviders", default=[]),
        ExplicitAuthFlows=request.take("explicitAuthFlows", default=[]),
        PreventUserExistenceErrors=request.take("preventUserExistenceErrors", default="LEGACY"),
        AccessTokenValidity=request.take("accessTokenValidity", default=60),
        IdTokenValidity=request.take("idTokenValidity", default=60),
        RefreshTokenValidity=request.take("refreshTokenValidity", default=30),
        TokenValidityUnits=aws_spelling(units),
    )["UserPoolClient"]
    return Created(id=client["ClientId"], outputs={"name": client["ClientName"]})


def _refuse_plain_http(addresses: Iterable[str]) -> None:
    """Refuse what the emulator takes: AWS sends nobody to plain http but on their own machine."""
    for address in addresses:
        parts = urlsplit(address)
        host = parts.hostname or ""
        is_own = host in _HOSTS_WITHOUT_TLS or host.endswith(".localhost")
        if parts.scheme != "https" and not is_own:
            raise RefusedError(f"{address} is not https, and AWS takes http for localhost only")


def _domain(request: Request) -> Created:
    domain = request.take("domain")
    if not _DOMAIN_PREFIX.fullmatch(domain) or any(word in domain for word in _WORDS_OF_AWS):
        raise RefusedError(
            f"the domain {domain} is not of lower-case letters, digits and hyphens, or has one of "
            f"{', '.join(_WORDS_OF_AWS)} in it"
        )
    request.account.client("cognito-idp").create_user_pool_domain(
        Domain=domain,
        UserPoolId=request.take("userPoolId"),
        ManagedLoginVersion=request.take("managedLoginVersion", default=1),
    )
    return Created(id=domain)


def _branding(request: Request) -> Created:
    """Look whether there is what is to be branded: the emulator's pages have one look."""
    pool, client = request.take("userPoolId"), request.take("clientId")
    request.take("useCognitoProvidedValues")
    try:
        request.account.client("cognito-idp").describe_user_pool_client(
            UserPoolId=pool, ClientId=client
        )
    except ClientError as error:
        raise RefusedError(f"there is no client {client} of {pool} to brand") from error
    return Created(id=f"{pool},{client}", outputs={"managedLoginBrandingId": client})


def _group(request: Request) -> Created:
    name, pool = request.take("name"), request.take("userPoolId")
    request.account.client("cognito-idp").create_group(
        GroupName=name, UserPoolId=pool, Description=request.take("description", default="")
    )
    return Created(id=f"{pool}/{name}")


CREATORS: dict[str, Creator] = {
    "aws:cognito/userPool:UserPool": _user_pool,
    "aws:cognito/userPoolClient:UserPoolClient": _client,
    "aws:cognito/userPoolDomain:UserPoolDomain": _domain,
    "aws:cognito/managedLoginBranding:ManagedLoginBranding": _branding,
    "aws:cognito/userGroup:UserGroup": _group,
}
