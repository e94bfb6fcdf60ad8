"""Who is signed in: a random text in a cookie, and what it stands for in a table.

There is nothing in the cookie but the text, and of that the table has only a hash: who reads the
table can't sign in with it. What is deleted there is signed out at once. DynamoDB forgets what has
expired by itself, but takes its time, so that the time is looked at here, too.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from page.accounts import Account

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

COOKIE = "__Host-session"
"""The prefix has browsers take it only over https, for this host alone, and all of its paths."""

SECONDS = 8 * 60 * 60
"""A working day. Groups are those of the time of signing in."""


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    """The table of who is signed in."""

    dynamodb: DynamoDBClient
    table: str

    def begin(self, account: Account) -> str:
        """Remember an account, and return what its cookie is to say."""
        session = secrets.token_urlsafe(32)
        self.dynamodb.put_item(
            TableName=self.table,
            Item={
                "session": {"S": _hashed(session)},
                "account": {"S": account.id},
                "email": {"S": account.email},
                "groups": {"L": [{"S": group} for group in sorted(account.groups)]},
                "expires": {"N": str(int(time.time()) + SECONDS)},
            },
        )
        return session

    def account(self, session: str) -> Account | None:
        """Return who has a cookie that says this, or None if nobody does any more."""
        found = self.dynamodb.get_item(
            TableName=self.table, Key={"session": {"S": _hashed(session)}}, ConsistentRead=True
        )
        item = found.get("Item")
        if item is None or int(item["expires"]["N"]) <= time.time():
            return None
        return Account(
            id=item["account"]["S"],
            email=item["email"]["S"],
            groups=frozenset(group["S"] for group in item["groups"]["L"]),
        )

    def end(self, session: str) -> None:
        """Forget whose cookie says this."""
        self.dynamodb.delete_item(TableName=self.table, Key={"session": {"S": _hashed(session)}})


def _hashed(session: str) -> str:
    # Of a random text of 256 bits nobody finds another way back than to have it.
    return hashlib.sha256(session.encode()).hexdigest()
