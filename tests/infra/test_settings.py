"""A wrong setting is refused before anything is registered, in one line that names it."""

from __future__ import annotations

import json
import re
from contextvars import copy_context

import pulumi
import pytest

from function.recogniser.options import RecognitionOptionError, RecognitionOptions
from stacks.configuration import project, stack_configuration
from stacks.names import camel_case
from stacks.settings import StackSettings, StackSettingsError
from tests.infra.recording import run_program, run_program_with

GOOD_DIGEST = f"sha256:{'a' * 64}"
GOOD_IMAGE = f"{'1' * 12}.dkr.ecr.eu-west-1.amazonaws.com/lambdalens@{GOOD_DIGEST}"
IAM = "arn:aws:iam::123456789012"
CHINESE_IMAGE = GOOD_IMAGE.replace("eu-west-1.amazonaws.com", "cn-north-1.amazonaws.com.cn")
EUROPEAN_IMAGE = GOOD_IMAGE.replace("eu-west-1.amazonaws.com", "eusc-de-east-1.amazonaws.eu")
TAGGED_IMAGE = GOOD_IMAGE.replace("@", ":latest@")


def read(**settings: str) -> StackSettings:
    changed = {f"lambdalens:{key}": value for key, value in settings.items()}
    return read_configuration(stack_configuration("dev") | changed)


def read_configuration(configuration: dict[str, str]) -> StackSettings:
    def in_context() -> StackSettings:
        pulumi.runtime.set_all_config(configuration)
        return StackSettings.from_config(pulumi.Config("lambdalens"))

    # Pulumi keeps the configuration in a context variable; no other test should see ours.
    return copy_context().run(in_context)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("imageDigest", "latest", "the digest of an image in the stack's own repository"),
        ("imageDigest", GOOD_DIGEST[:-1], "sha256:DIGEST"),
        ("imageDigest", GOOD_DIGEST.upper(), "sha256:DIGEST"),
        ("imageDigest", GOOD_IMAGE, "sha256:DIGEST"),
        ("imageUri", "lambdalens:latest", "an image in ECR by its digest alone"),
        ("imageUri", TAGGED_IMAGE, "an image in ECR by its digest alone"),
        ("baseDate", "2026-13-01", "a day, YYYY-MM-DD"),
        ("architecture", "amd64", "must be x86_64 or arm64"),
        ("memoryMb", "511", "from 512 to 10240"),
        ("memoryMb", "10241", "from 512 to 10240"),
        ("memoryMb", "2 GB", "of type int"),
        ("memoryMb", "1769.5", "of type int"),
        ("timeoutSeconds", "29", "from 30 to 900"),
        ("timeoutSeconds", "901", "from 30 to 900"),
        ("reservedConcurrency", "0", "-1, or 1 and more"),
        ("reservedConcurrency", "-2", "-1, or 1 and more"),
        ("rangesAtOnce", "0", "from 1 to 40"),
        ("rangesAtOnce", "41", "from 1 to 40"),
        ("rangesFromSeconds", "0", "from 1 to 86400"),
        ("rangesFromSeconds", "86401", "from 1 to 86400"),
        ("rangesFromSeconds", "1h", "of type int"),
        ("samplesPerSecond", "0", "above 0, and at most 60"),
        ("samplesPerSecond", "60.1", "above 0, and at most 60"),
        ("samplesPerSecond", "nan", "above 0, and at most 60"),
        ("samplesPerSecond", "two", "of type float"),
        ("tolerance", "0", "above 0, and at most 1"),
        ("tolerance", "1.1", "above 0, and at most 1"),
        ("margin", "-0.1", "from 0 to 1"),
        ("margin", "1.1", "from 0 to 1"),
        ("videoExpiryDays", "0", "from 1 to 3650"),
        ("resultExpiryDays", "3651", "from 1 to 3650"),
        ("logRetentionDays", "8", "one of 1, 3, 5, 7, 14,"),
        ("protectData", "yes", "of type bool"),
        ("pointInTimeRecovery", "1", "of type bool"),
        ("requireTls", "off", "of type bool"),
        ("requireConsent", "yes", "of type bool"),
        ("alarmEmail", "the engineer", "an e-mail address, or none"),
        ("monthlyBudget", "-1", "from 0 to 1000000"),
        ("monthlyBudget", "12.50", "of type int"),
        ("monthlyBudget", "50", "0 where alarmEmail has no address"),
        ("teachersPage", "yes", "of type bool"),
        ("pageMfa", "optional", "of type bool"),
        ("peoplePolicies", "everybody", "of type bool"),
        ("permissionsBoundary", "bounds", "the ARN of a policy"),
        ("permissionsBoundary", f"{IAM}:policy/lambdalens-bounds", "not the stack's own"),
        ("extraTags", "cost-centre", "of type JSON object"),
        ("galleryReaders", "7", "of type list"),
        ("kmsKeyArn", "alias/school", "the ARN of a key, not of an alias"),
        ("githubRepository", "lambdalens", "OWNER/NAME"),
        ("githubRepository", "school/*", "OWNER/NAME"),
        ("githubOidcProvider", f"{IAM}:oidc-provider/example.org", "the ARN of a provider of"),
        ("dataEvents", "reads", "of type bool"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(key: str, value: str, message: str) -> None:
    with pytest.raises(StackSettingsError, match=re.escape(message)) as refused:
        read(**{key: value})
    assert f"lambdalens:{key} is " in str(refused.value)
    assert value in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("key", "value", "field", "read_as"),
    [
        ("imageDigest", GOOD_DIGEST, "image_digest", GOOD_DIGEST),
        ("imageUri", GOOD_IMAGE, "image_uri", GOOD_IMAGE),
        ("architecture", "arm64", "architecture", "arm64"),
        ("memoryMb", "512", "memory_mb", 512),
        ("timeoutSeconds", "900", "timeout_seconds", 900),
        ("reservedConcurrency", "1", "reserved_concurrency", 1),
        ("rangesAtOnce", "40", "ranges_at_once", 40),
        ("rangesFromSeconds", "86400", "ranges_from_seconds", 86400),
        ("samplesPerSecond", "0.5", "samples_per_second", 0.5),
        ("tolerance", "1", "tolerance", 1.0),
        ("margin", "0", "margin", 0.0),
        ("videoExpiryDays", "3650", "video_expiry_days", 3650),
        ("logRetentionDays", "1827", "log_retention_days", 1827),
        ("requireTls", "false", "require_tls", False),
        ("imageUri", CHINESE_IMAGE, "image_uri", CHINESE_IMAGE),
        ("imageUri", EUROPEAN_IMAGE, "image_uri", EUROPEAN_IMAGE),
        ("alarmEmail", "engineer@school.example", "alarm_email", "engineer@school.example"),
    ],
)
def test_a_value_at_the_edge_of_what_is_allowed_is_taken(
    key: str, value: str, field: str, read_as: object
) -> None:
    assert getattr(read(**{key: value}), field) == read_as


@pytest.mark.parametrize(
    ("key", "value", "named"),
    [
        ("extraTags", {"project": "another"}, "'project'"),
        ("extraTags", {"stack": "another"}, "'stack'"),
        ("extraTags", {"aws:createdBy": "somebody"}, "'aws:createdBy'"),
        ("extraTags", {"owner": "the *school*"}, "'the *school*'"),
        ("extraTags", {"owner": "x" * 257}, "at most 256"),
        ("galleryReaders", [f"{IAM}:role/registrar", f"{IAM}:user/registrar"], ":user/registrar'"),
        ("galleryReaders", [f"{IAM}:role/*"], ":role/*'"),
    ],
)
def test_a_wrong_part_of_a_setting_is_named(key: str, value: object, named: str) -> None:
    with pytest.raises(StackSettingsError, match=re.escape(named)) as refused:
        read(**{key: json.dumps(value)})
    assert f"lambdalens:{key} is " in str(refused.value)


def test_two_settings_that_name_the_image_are_refused() -> None:
    with pytest.raises(StackSettingsError, match="only one may name the image") as refused:
        read(imageDigest=GOOD_DIGEST, imageUri=GOOD_IMAGE)
    for said in ("lambdalens:imageDigest", "lambdalens:imageUri", GOOD_IMAGE, "pulumi config rm"):
        assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_key_that_is_no_setting_is_refused() -> None:
    with pytest.raises(
        StackSettingsError, match=r"^lambdalens:memoryMB is no setting: choose from"
    ):
        read(memoryMB="2048")


def test_keys_of_others_are_left_alone() -> None:
    settings = read_configuration(stack_configuration("dev") | {"other:memoryMB": "2048"})
    assert settings.memory_mb == 1769


def test_a_missing_setting_is_named_with_the_command_that_sets_it() -> None:
    configuration = stack_configuration("dev")
    del configuration["lambdalens:tolerance"]
    with pytest.raises(StackSettingsError, match="pulumi config set lambdalens:tolerance VALUE"):
        read_configuration(configuration)


def test_empty_means_none() -> None:
    settings = read(imageDigest="", imageUri="", alarmEmail="")
    assert (settings.image_digest, settings.image_uri, settings.alarm_email) == (None, None, None)


def test_the_program_refuses_and_pulumi_shows_the_message_alone() -> None:
    with pytest.raises(pulumi.RunError, match="lambdalens:memoryMb is 1:"):
        run_program("dev", memoryMb="1")


def test_the_region_must_be_named_and_prod_names_none() -> None:
    configuration = stack_configuration("prod") | {"lambdalens:alarmEmail": "none"}
    with pytest.raises(
        pulumi.RunError, match=r"^aws:region is not set: .*'pulumi config set aws:region eu-"
    ) as refused:
        run_program_with("prod", configuration)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("region", ["europe", "us-iso-east-1", "eu-central-1a"])
def test_a_region_of_no_partition_is_named(region: str) -> None:
    with pytest.raises(pulumi.RunError, match=f"^aws:region is '{region}': it must be a region"):
        run_program_with("dev", stack_configuration("dev") | {"aws:region": region})


def test_where_data_is_protected_somebody_is_told_or_nobody_is_meant_to_be() -> None:
    with pytest.raises(
        StackSettingsError,
        match=r"^lambdalens:alarmEmail is '': it must be an e-mail address, or none .*protectData",
    ):
        read(protectData="true", alarmEmail="")
    assert read(protectData="true", alarmEmail="none").alarm_email is None
    assert read(protectData="false", alarmEmail="none").alarm_email is None


def test_prod_says_neither_where_nor_whom() -> None:
    with pytest.raises(StackSettingsError, match="lambdalens:alarmEmail is ''"):
        read_configuration(stack_configuration("prod"))


def test_the_schema_describes_every_setting_and_no_other() -> None:
    schema = project()["config"]
    assert {key.lower() for key in schema} == {
        name.replace("_", "") for name in StackSettings.__dataclass_fields__
    }
    types = {"string": str, "integer": int, "boolean": bool, "object": dict, "array": list}
    for setting in schema.values():
        assert setting["description"].endswith(".")
        assert type(setting["default"]) is types[setting["type"]]


@pytest.mark.parametrize("option", ["samples_per_second", "tolerance", "margin"])
@pytest.mark.parametrize("value", ["-0.01", "0", "0.01", "1", "1.01", "60", "60.01", "nan", "inf"])
def test_the_stack_takes_what_the_function_takes_and_nothing_else(option: str, value: str) -> None:
    try:
        RecognitionOptions(**{option: float(value)})
    except RecognitionOptionError:
        with pytest.raises(StackSettingsError):
            read(**{camel_case(option): value})
    else:
        read(**{camel_case(option): value})
