"""The page's settings, from the environment that the deployment gives its function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class SettingsError(ValueError):
    """An environment variable is missing or has a value that cannot be used."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where the page is, who vouches for those who sign in, and what it shows.

    `sign_in_url` is where Cognito's pages are, `keys_url` where it publishes what its tokens are
    signed with, and `issuer` what it calls itself in them.
    """

    page_url: str
    sign_in_url: str
    issuer: str
    keys_url: str
    client_id: str
    signed_in_table: str
    students_table: str
    input_bucket: str
    output_bucket: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read the settings from environment variables of the fields' names in capitals.

        AWS_ENDPOINT_URL, which tells AWS's own libraries that AWS is elsewhere, holds for Cognito
        as well: it is there on the embedded AWS.

        Raises:
            SettingsError: one is missing or empty.

        """
        issuer = _text(environment, "ISSUER")
        sign_in_url = _text(environment, "SIGN_IN_URL")
        keys = issuer
        if elsewhere := environment.get("AWS_ENDPOINT_URL"):
            sign_in_url = elsewhere
            keys = f"{elsewhere}/{issuer.rpartition('/')[2]}"
        return cls(
            page_url=_text(environment, "PAGE_URL"),
            sign_in_url=sign_in_url,
            issuer=issuer,
            keys_url=f"{keys}/.well-known/jwks.json",
            client_id=_text(environment, "CLIENT_ID"),
            signed_in_table=_text(environment, "SIGNED_IN_TABLE"),
            students_table=_text(environment, "STUDENTS_TABLE"),
            input_bucket=_text(environment, "INPUT_BUCKET"),
            output_bucket=_text(environment, "OUTPUT_BUCKET"),
        )


def _text(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "")
    if not value:
        raise SettingsError(f"The environment variable {name} is not set.")
    return value
