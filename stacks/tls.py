"""The statement of a resource policy that refuses plain http."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pulumi


def tls_only_policy(actions: str, resources: Sequence[pulumi.Input[str]]) -> dict[str, object]:
    """Return a policy that denies the actions to everyone whose request is not encrypted.

    It grants nothing: who may do what is for the policies of users and roles to say.
    """
    return {"Version": "2012-10-17", "Statement": [tls_only_statement(actions, resources)]}


def tls_only_statement(actions: str, resources: Sequence[pulumi.Input[str]]) -> dict[str, object]:
    """Return the statement of that policy."""
    return {
        "Sid": "OnlyOverTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": actions,
        "Resource": resources,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
