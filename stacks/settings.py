"""The settings of a stack, typed and checked before any resource is registered.

`Pulumi.yaml` says what each setting is for and what it is when a stack's file does not name it.
This module is the one reader of them: past it, a setting is a checked value of the right type.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.config import ConfigMissingError, ConfigTypeError
from pulumi.runtime.config import CONFIG, get_config_env

from stacks.names import camel_case
from stacks.partition import DNS_SUFFIXES, partition_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_IMAGE_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
# A digest only: Lambda refuses a tag with a digest, and does not notice when a bare tag moves.
_IMAGE_URI = re.compile(
    rf"\d{{12}}\.dkr\.ecr\.[a-z0-9-]+\.({'|'.join(map(re.escape, DNS_SUFFIXES))})"
    r"/[a-z0-9._/-]+@sha256:[0-9a-f]{64}"
)
_DATE = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
_POLICY_ARN = re.compile(r"arn:[a-z-]+:iam::(\d{12}|aws):policy/[\w+=,.@/-]+")
_ROLE_ARN = re.compile(r"arn:[a-z-]+:iam::\d{12}:role/[\w+=,.@/-]+")
_GITHUB_REPOSITORY = re.compile(r"[A-Za-z0-9-]{1,39}/[\w.-]{1,100}")
_GITHUB_PROVIDER = re.compile(
    r"arn:[a-z-]+:iam::\d{12}:oidc-provider/token\.actions\.githubusercontent\.com"
)
_KEY_ARN = re.compile(r"arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key/[\w-]+")
# What all of AWS's services take in a tag.
_TAG = re.compile(r"[\w .:/=+@-]+")
_LONGEST_TAG = {"name": 128, "value": 256}
_OWN_TAGS = ("project", "stack")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
# The periods that CloudWatch Logs offers, up to five years; nobody needs our logs for longer.
_LOG_RETENTION_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827)
_UNRESERVED = -1
_MOST_SAMPLES_PER_SECOND = 60
# What Step Functions runs at once of an inline Map, about.
# https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html
_MOST_RANGES_AT_ONCE = 40
_SECONDS_OF_A_DAY = 24 * 60 * 60
# What alarmEmail says where it is meant that nobody is told, and not merely forgotten.
_NOBODY = "none"


class StackSettingsError(pulumi.RunError):
    """A setting is missing, unknown, of the wrong type or out of its range.

    A RunError, because Pulumi shows its message alone, without a traceback.
    """


@dataclass(frozen=True, kw_only=True)
class StackSettings:
    """One stack's settings; `Pulumi.yaml` describes each under its camelCase name."""

    image_digest: str | None
    image_uri: str | None
    base_date: str | None
    architecture: str
    memory_mb: int
    timeout_seconds: int
    reserved_concurrency: int
    ranges_at_once: int
    ranges_from_seconds: int
    samples_per_second: float
    tolerance: float
    margin: float
    video_expiry_days: int
    result_expiry_days: int
    log_retention_days: int
    protect_data: bool
    point_in_time_recovery: bool
    require_tls: bool
    require_consent: bool
    alarm_email: str | None
    monthly_budget: int
    teachers_page: bool
    page_mfa: bool
    people_policies: bool
    permissions_boundary: str | None
    extra_tags: Mapping[str, str]
    gallery_readers: tuple[str, ...]
    kms_key_arn: str | None
    github_repository: str | None
    github_oidc_provider: str | None
    data_events: bool

    @classmethod
    def from_config(cls, config: pulumi.Config) -> StackSettings:
        """Read every setting. Raise StackSettingsError, in one line, at the first wrong one."""
        try:
            settings = cls(
                image_digest=config.require("imageDigest") or None,
                image_uri=config.require("imageUri") or None,
                base_date=config.require("baseDate") or None,
                architecture=config.require("architecture"),
                memory_mb=config.require_int("memoryMb"),
                timeout_seconds=config.require_int("timeoutSeconds"),
                reserved_concurrency=config.require_int("reservedConcurrency"),
                ranges_at_once=config.require_int("rangesAtOnce"),
                ranges_from_seconds=config.require_int("rangesFromSeconds"),
                samples_per_second=config.require_float("samplesPerSecond"),
                tolerance=config.require_float("tolerance"),
                margin=config.require_float("margin"),
                video_expiry_days=config.require_int("videoExpiryDays"),
                result_expiry_days=config.require_int("resultExpiryDays"),
                log_retention_days=config.require_int("logRetentionDays"),
                protect_data=config.require_bool("protectData"),
                point_in_time_recovery=config.require_bool("pointInTimeRecovery"),
                require_tls=config.require_bool("requireTls"),
                require_consent=config.require_bool("requireConsent"),
                alarm_email=_alarm_email(config),
                monthly_budget=config.require_int("monthlyBudget"),
                teachers_page=config.require_bool("teachersPage"),
                page_mfa=config.require_bool("pageMfa"),
                people_policies=config.require_bool("peoplePolicies"),
                permissions_boundary=config.require("permissionsBoundary") or None,
                extra_tags={
                    name: str(value) for name, value in _of_type(config, "extraTags", dict).items()
                },
                gallery_readers=tuple(map(str, _of_type(config, "galleryReaders", list))),
                kms_key_arn=config.require("kmsKeyArn") or None,
                github_repository=config.require("githubRepository") or None,
                github_oidc_provider=config.require("githubOidcProvider") or None,
                data_events=config.require_bool("dataEvents"),
            )
        except ConfigMissingError as error:
            raise StackSettingsError(
                f"{error.key} is not set: set it with 'pulumi config set {error.key} VALUE'."
            ) from None
        except ConfigTypeError as error:
            raise StackSettingsError(
                f"{error.key} is {error.value!r}: it must be of type {error.expect_type}."
            ) from None
        _refuse_unknown_keys(config)
        return settings

    def __post_init__(self) -> None:
        """Raise StackSettingsError naming the setting, its value and what is allowed."""
        _check_image(self.image_digest, self.image_uri)
        if self.base_date is not None and not _DATE.fullmatch(self.base_date):
            raise _wrong("baseDate", self.base_date, "a day, YYYY-MM-DD")
        if self.architecture not in ("x86_64", "arm64"):
            raise _wrong("architecture", self.architecture, "x86_64 or arm64")
        _check_range("memoryMb", self.memory_mb, 512, 10240)
        _check_range("timeoutSeconds", self.timeout_seconds, 30, 900)
        if self.reserved_concurrency != _UNRESERVED and self.reserved_concurrency < 1:
            raise _wrong("reservedConcurrency", self.reserved_concurrency, "-1, or 1 and more")
        _check_range("rangesAtOnce", self.ranges_at_once, 1, _MOST_RANGES_AT_ONCE)
        _check_range("rangesFromSeconds", self.ranges_from_seconds, 1, _SECONDS_OF_A_DAY)
        if not 0 < self.samples_per_second <= _MOST_SAMPLES_PER_SECOND:
            raise _wrong(
                "samplesPerSecond",
                self.samples_per_second,
                f"above 0, and at most {_MOST_SAMPLES_PER_SECOND}",
            )
        if not 0 < self.tolerance <= 1:
            raise _wrong("tolerance", self.tolerance, "above 0, and at most 1")
        if not 0 <= self.margin <= 1:
            raise _wrong("margin", self.margin, "from 0 to 1")
        _check_range("videoExpiryDays", self.video_expiry_days, 1, 3650)
        _check_range("resultExpiryDays", self.result_expiry_days, 1, 3650)
        if self.log_retention_days not in _LOG_RETENTION_DAYS:
            raise _wrong(
                "logRetentionDays",
                self.log_retention_days,
                f"one of {', '.join(map(str, _LOG_RETENTION_DAYS))}",
            )
        if self.alarm_email is not None and not _EMAIL.fullmatch(self.alarm_email):
            raise _wrong("alarmEmail", self.alarm_email, f"an e-mail address, or {_NOBODY}")
        _check_range("monthlyBudget", self.monthly_budget, 0, 1_000_000)
        if self.monthly_budget and self.alarm_email is None:
            raise _wrong("monthlyBudget", self.monthly_budget, "0 where alarmEmail has no address")
        self._check_account_rules()

    def _check_account_rules(self) -> None:
        _check_boundary(self.permissions_boundary)
        _check_tags(self.extra_tags)
        for role in self.gallery_readers:
            if not _ROLE_ARN.fullmatch(role):
                raise _wrong("galleryReaders", role, "a list of ARNs of roles, each named in full")
        repository, provider = self.github_repository, self.github_oidc_provider
        if repository is not None and not _GITHUB_REPOSITORY.fullmatch(repository):
            raise _wrong("githubRepository", repository, "OWNER/NAME, as GitHub has it")
        if provider is not None and not _GITHUB_PROVIDER.fullmatch(provider):
            raise _wrong(
                "githubOidcProvider",
                provider,
                "the ARN of a provider of token.actions.githubusercontent.com",
            )
        if self.kms_key_arn is not None and not _KEY_ARN.fullmatch(self.kms_key_arn):
            raise _wrong("kmsKeyArn", self.kms_key_arn, "the ARN of a key, not of an alias")


def region_from_config() -> str:
    """Return `aws:region`. Raise StackSettingsError, with the remedy, if it is not set or is none.

    There is no default for it: where people's data is kept is for those to decide who keep it.
    """
    region = pulumi.Config("aws").get("region")
    if not region:
        raise StackSettingsError(
            "aws:region is not set: choose where videos, faces and results are kept, as in "
            "'pulumi config set aws:region eu-central-1'."
        )
    if partition_of(region) is None:
        raise StackSettingsError(
            f"aws:region is {region!r}: it must be a region of AWS, of GovCloud, China and the "
            "European sovereign cloud too, such as eu-central-1."
        )
    return region


def _alarm_email(config: pulumi.Config) -> str | None:
    """Return whom alarms are sent to, if anybody.

    Where data is protected, classes depend on the stack: that nobody is told must be meant so.
    """
    email = config.require("alarmEmail")
    if not email and config.require_bool("protectData"):
        raise _wrong(
            "alarmEmail",
            email,
            f"an e-mail address, or {_NOBODY} if nobody is to be told, where protectData is true",
        )
    return None if email in ("", _NOBODY) else email


def _refuse_unknown_keys(config: pulumi.Config) -> None:
    """Raise StackSettingsError at a key of ours that is no setting: a typing error, most likely.

    Pulumi checks the types of the keys it knows from the schema and lets all others pass.
    """
    prefix = f"{config.name}:"
    known = {camel_case(name) for name in StackSettings.__dataclass_fields__}
    configured = {*CONFIG.get(), *get_config_env()}
    for key in sorted(configured):
        if key.startswith(prefix) and key.removeprefix(prefix) not in known:
            raise StackSettingsError(
                f"{key} is no setting: choose from {', '.join(sorted(known))}."
            )


def _check_image(digest: str | None, uri: str | None) -> None:
    if digest is not None and not _IMAGE_DIGEST.fullmatch(digest):
        raise _wrong(
            "imageDigest",
            digest,
            "the digest of an image in the stack's own repository, sha256:DIGEST",
        )
    if uri is not None and not _IMAGE_URI.fullmatch(uri):
        raise _wrong(
            "imageUri",
            uri,
            "an image in ECR by its digest alone, "
            "ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY@sha256:DIGEST",
        )
    if digest is not None and uri is not None:
        raise StackSettingsError(
            f"lambdalens:imageDigest is {digest!r} and lambdalens:imageUri is {uri!r}: only one "
            "may name the image: take the other away with 'pulumi config rm'."
        )


def _of_type(config: pulumi.Config, key: str, kind: type[Any]) -> Any:  # noqa: ANN401 - it differs
    """Return a setting that is a list or a mapping. Raise ConfigTypeError if it is another one."""
    value = config.require_object(key)
    if not isinstance(value, kind):
        raise ConfigTypeError(f"{config.name}:{key}", value, kind.__name__)
    return value


def _check_boundary(arn: str | None) -> None:
    if arn is None:
        return
    if not _POLICY_ARN.fullmatch(arn):
        raise _wrong("permissionsBoundary", arn, "the ARN of a policy")
    # Whoever deploys the stack may change its own policies, and must not widen its own bounds.
    if arn.rpartition("/")[2].startswith("lambdalens-"):
        raise _wrong("permissionsBoundary", arn, "a policy whose name is not the stack's own")


def _check_tags(tags: Mapping[str, str]) -> None:
    for name, value in tags.items():
        for what, text in (("name", name), ("value", value)):
            if not _TAG.fullmatch(text) or len(text) > _LONGEST_TAG[what]:
                raise _wrong(
                    "extraTags",
                    text,
                    f"a tag's {what}, of letters, digits, spaces and _.:/=+-@, "
                    f"at most {_LONGEST_TAG[what]}",
                )
        if name in _OWN_TAGS or name.lower().startswith("aws:"):
            raise _wrong(
                "extraTags", name, "another name than those that the stack sets and AWS keeps"
            )


def _check_range(key: str, value: int, lowest: int, highest: int) -> None:
    if not lowest <= value <= highest:
        raise _wrong(key, value, f"from {lowest} to {highest}")


def _wrong(key: str, value: object, allowed: str) -> StackSettingsError:
    return StackSettingsError(f"lambdalens:{key} is {value!r}: it must be {allowed}.")
