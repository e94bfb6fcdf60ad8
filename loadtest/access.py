"""Why a bucket, or AWS as a whole, cannot be used: one line for each reason, with the remedy."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    InvalidRegionError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_WHO = "'aws sts get-caller-identity' says who you are"

_BY_CODE = {
    "NoSuchBucket": "there is no such bucket: it is misspelt, or was deleted",
    "404": "there is no such bucket: it is misspelt, or was deleted",
    "AccessDenied": f"not permitted: {_WHO}",
    "403": f"not permitted: {_WHO}",
    "InvalidAccessKeyId": "AWS does not know these credentials: sign in again",
    "SignatureDoesNotMatch": "the secret access key is wrong: sign in again",
    "ExpiredToken": "the credentials have expired: sign in again",
    "InvalidToken": "the session token is not valid: sign in again",
    "PermanentRedirect": "the bucket is in another region: set AWS_DEFAULT_REGION to it",
    "AuthorizationHeaderMalformed": (
        "the bucket is in another region: set AWS_DEFAULT_REGION to it"
    ),
    "IllegalLocationConstraintException": (
        "the bucket is in another region: set AWS_DEFAULT_REGION to it"
    ),
}

NOT_PERMITTED = ("AccessDenied", "403")


class AccessError(Exception):
    """What a run needs cannot be reached, and trying again would not help."""


@contextmanager
def access(what: str) -> Iterator[None]:
    """Turn a refusal that will not pass into an AccessError that says what was refused.

    What may pass by itself stays as it is.
    """
    try:
        yield
    except ProfileNotFound as error:
        raise AccessError(
            f"{what}: there is no AWS profile {error.kwargs['profile']!r}: correct AWS_PROFILE "
            "('aws configure list-profiles' lists them)"
        ) from None
    except NoCredentialsError:
        raise AccessError(
            f"{what}: no AWS credentials were found; sign in ('aws sso login', 'aws configure')"
        ) from None
    except NoRegionError:
        raise AccessError(f"{what}: no region is set; set AWS_DEFAULT_REGION") from None
    except EndpointConnectionError as error:
        raise AccessError(f"{what}: nothing answers ({error}); is the stack up?") from None
    except ClientError as error:
        code = error_code(error)
        if code not in _BY_CODE:
            raise
        raise AccessError(f"{what}: {_BY_CODE[code]}") from None


@contextmanager
def opening(service: str) -> Iterator[None]:
    """Turn what keeps boto3 from making a client of a service into an AccessError."""
    with access(f"opening {service}"):
        try:
            yield
        except InvalidRegionError as error:
            raise AccessError(
                f"opening {service}: {in_short(error)} Correct AWS_DEFAULT_REGION"
            ) from None
        except ValueError as error:
            # All that botocore has for an address that is none.
            raise AccessError(
                f"opening {service}: {error}; AWS_ENDPOINT_URL, and endpoint_url in AWS's "
                "configuration file, must be http://HOST or https://HOST, or not be set"
            ) from None


def error_code(error: ClientError) -> str:
    """Return the code by which AWS names an error."""
    return error.response["Error"]["Code"]


def in_short(error: AccessError | BotoCoreError | ClientError) -> str:
    """Return an error in its own words, on one line."""
    return " ".join(str(error).split())
