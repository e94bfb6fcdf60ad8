"""AWS's partitions, as far as names differ between them.

A partition is a group of regions with accounts, ARNs and a console of its own. What is in ARNs
comes from the provider, and its clients find the endpoints. What is left are the domains below.
The names by which services are trusted and permitted (`lambda.amazonaws.com` and the like) are the
same in all of these partitions, as the provider's `get_service_principal` has them too.
"""

from __future__ import annotations

from botocore.exceptions import UnknownRegionError
from botocore.session import Session

# The console's, of each region under the region's name. That of the European sovereign cloud is in
# https://docs.aws.eu/general/latest/gr/endpoints.html; all four are in aws-vault's table (ByteNess/
# aws-vault#285), which people sign in with.
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
        partition = str(Session().get_partition_for_region(region))
    except UnknownRegionError:
        return None
    return partition if partition in CONSOLE_DOMAINS else None


def console_address(region: str) -> str:
    """Return where the console of a region is, for a region that has a partition."""
    return f"https://{region}.{CONSOLE_DOMAINS[partition_of(region) or 'aws']}"
