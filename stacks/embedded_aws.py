"""Sessions with the embedded AWS, which the user's own AWS settings have no say in.

It is for those without an AWS account, but not without the traces of one: a profile, a
configuration file, a company's proxy. boto3 reads them all, fails where they are broken, and would
send what is meant for this machine through the proxy. So nothing of them is read here.
"""

from __future__ import annotations

import os
import secrets
import string
from dataclasses import dataclass, field
from typing import Self

import boto3
from botocore.config import Config
from botocore.session import Session

_KEY_ID_CHARACTERS = string.ascii_uppercase + "234567"


@dataclass(frozen=True, kw_only=True)
class AccessKey:
    """An access key of the embedded AWS, good for one run of it."""

    key_id: str
    secret: str = field(repr=False)

    @classmethod
    def random(cls) -> Self:
        """Make one that nobody can guess, in the form of AWS's own."""
        characters = (secrets.choice(_KEY_ID_CHARACTERS) for _ in range(16))
        return cls(key_id="AKIA" + "".join(characters), secret=secrets.token_urlsafe(30))


def embedded_aws_session(region: str, access_key: AccessKey) -> boto3.Session:
    """Return a session with that key; its clients still need the endpoint's URL."""
    # Each variable without the places it is otherwise looked up in: its name in the
    # configuration file, and in the environment.
    variables = {
        name: (None, None, default, conversion)
        for name, (_, _, default, conversion) in Session.SESSION_VARIABLES.items()
    }
    for file in ("config_file", "credentials_file"):
        variables[file] = (None, None, os.devnull, None)
    session = Session(session_vars=variables)
    session.set_default_client_config(Config(proxies={}))
    return boto3.Session(
        region_name=region,
        aws_access_key_id=access_key.key_id,
        aws_secret_access_key=access_key.secret,
        botocore_session=session,
    )
