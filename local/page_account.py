"""Accounts of the teachers' page on the embedded AWS: made with a password that is good at once."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from local.aws import EmbeddedAws

STAFF = "staff"


@dataclass(frozen=True, kw_only=True)
class PageAccount:
    """What somebody signs in with."""

    email: str
    password: str = field(repr=False)


def make_page_account(
    aws: EmbeddedAws, email: str, groups: Collection[str] = (STAFF,)
) -> PageAccount:
    """Make an account in these groups, which are made where there are none of their names."""
    cognito, pool = aws.client("cognito-idp"), aws.outputs.user_pool_id
    there = {each["GroupName"] for each in cognito.list_groups(UserPoolId=pool)["Groups"]}
    account = PageAccount(email=email, password=secrets.token_urlsafe(12))
    cognito.admin_create_user(
        UserPoolId=pool,
        Username=email,
        UserAttributes=[
            {"Name": "email", "Value": email},
            {"Name": "email_verified", "Value": "true"},
        ],
        MessageAction="SUPPRESS",
    )
    cognito.admin_set_user_password(
        UserPoolId=pool, Username=email, Password=account.password, Permanent=True
    )
    for group in groups:
        if group not in there:
            cognito.create_group(UserPoolId=pool, GroupName=group)
        cognito.admin_add_user_to_group(UserPoolId=pool, Username=email, GroupName=group)
    return account
