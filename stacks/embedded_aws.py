"""Sessions with the embedded AWS, which the user's own AWS settings have no say in.

It is for those without an AWS account, but not without the traces of one: a profile, a
configuration file, a company's proxy. boto3 reads them all, fails where they are broken, and would
send what is meant for this machine through the proxy. So nothing of them is read here.
"""

from __future__ import annotations

import os

import boto3
from botocore.config import Config
from botocore.session import Session

# The embedded AWS knows one administrator, whose key's id and secret are both this; it listens on
# loopback only.
ADMINISTRATOR = "test"


def embedded_aws_session(region: str) -> boto3.Session:
    """Return a session of the administrator; its clients still need the endpoint's URL."""
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
        aws_access_key_id=ADMINISTRATOR,
        aws_secret_access_key=ADMINISTRATOR,
        botocore_session=session,
    )
