"""Asking AWS itself before anything is changed, as the provider's own checks do not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pulumi

# What is only good to know is no reason to wait for long, nor to try again.
_ANSWER = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 2})


class UnansweredError(Exception):
    """AWS does not tell, or may not be asked; the message is one line."""


def aws_client(service: str, aws: pulumi.Config) -> Any:  # noqa: ANN401 - of boto3
    """Return a client for the account that the AWS provider with this configuration works in.

    Raise UnansweredError where only the provider can sign in there.
    """
    for own in ("accessKey", "assumeRoles", "assumeRoleWithWebIdentity"):
        if aws.get(own):
            raise UnansweredError(f"only Pulumi's provider signs in with aws:{own}")
    endpoints: Mapping[str, str] = {
        name: address
        for addresses in aws.get_object("endpoints") or []
        for name, address in addresses.items()
    }
    try:
        session = boto3.Session(region_name=aws.require("region"), profile_name=aws.get("profile"))
        return session.client(
            service,  # type: ignore[call-overload]
            endpoint_url=endpoints.get(service),
            config=_ANSWER,
        )
    except BotoCoreError as error:
        raise UnansweredError(one_line(error)) from error


def one_line(error: Exception) -> str:
    """Return an error's message on one line."""
    return " ".join(str(error).split())
