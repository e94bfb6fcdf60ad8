"""AWS's partitions, as far as names differ between them.

A partition is a group of regions with accounts, ARNs and a console of its own. What is in ARNs
comes from the provider, and its clients find the endpoints. What is left are the domains below.
The names by which services are trusted and permitted (`lambda.amazonaws.com` and the like) are the
same in all of these partitions, as the provider's `get_service_principal` has them too.
"""

from __future__ import annotations

from functools import cache

from botocore.exceptions import UnknownRegionError
from botocore.loaders import Loader
from botocore.regions import EndpointResolver

# The console's, of each region under the region's name. botocore has none of them: they are as the
# consoles of each partition call themselves. Only the first has been opened for this project.
CONSOLE_DOMAINS = {
    "aws": "console.aws.amazon.com",
    "aws-us-gov": "console.amazonaws-us-gov.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-eusc": "console.amazonaws-eusc.eu",
}

# What the addresses of ECR, and of all else that is asked over the network, end in; botocore's
# partitions.json has them.
DNS_SUFFIXES = ("amazonaws.com", "amazonaws.com.cn", "amazonaws.eu")


def partition_of(region: str) -> str | None:
    """Return the partition of a region, or None if none of those above has regions of such names.

    Decided by the form of the name alone: a new region is known before botocore lists it.
    """
    try:
        partition = str(_regions().get_partition_for_region(region))
    except UnknownRegionError:
        return None
    return partition if partition in CONSOLE_DOMAINS else None


@cache
def _regions() -> EndpointResolver:
    # Not a session's, which first reads the user's profile, and fails where that is broken.
    return EndpointResolver(Loader().load_data("endpoints"))


def console_address(region: str) -> str:
    """Return where the console of a region is, for a region that has a partition."""
    return f"https://{region}.{CONSOLE_DOMAINS[partition_of(region) or 'aws']}"
