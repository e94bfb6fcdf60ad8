"""The handler of the page's function: Lambda calls it for each request that comes to the API."""

from __future__ import annotations

import logging
import os

from mangum import Mangum

from page.application import application
from page.clients import dynamodb_client, s3_client
from page.services import Services
from page.settings import Settings

# What they log is not ours to check, and may have an address with a key in it.
for _name in ("boto3", "botocore", "urllib3", "mangum"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)

# Read when the function starts, so that a wrong setting fails the start.
SETTINGS = Settings.from_environment(os.environ)

handler = Mangum(application(Services.of(SETTINGS, s3_client(), dynamodb_client())), lifespan="off")
