"""dev, prod and local are the same program, and differ as intended."""

from __future__ import annotations

import inspect
import json
from typing import TYPE_CHECKING

import pytest
from pulumi_aws import ProviderEndpointArgs

from function.recogniser.options import RecognitionOptions
from local.emulator import SERVICES
from stacks.configuration import UnknownStackError, project, stack_configuration
from stacks.outputs import StackOutputs
from tests.infra.recording import run_program

if TYPE_CHECKING:
    from tests.infra.recording import Program

HOLDS_DATA = ("s3/bucket:Bucket", "dynamodb/table:Table", "ecr/repository:Repository")


def test_in_production_what_holds_data_cannot_be_deleted(prod: Program) -> None:
    holders = [each for kind in HOLDS_DATA for each in prod.every(kind)]
    assert len(holders) == 6
    for each in holders:
        assert each.protect, each.urn
        assert not each.inputs.get("forceDestroy"), each.urn
        assert not each.inputs.get("forceDelete"), each.urn
    table = prod.one("dynamodb/table:Table", "lambdalens-students").inputs
    assert table["deletionProtectionEnabled"] is True
    assert table["pointInTimeRecovery"] == {"enabled": True}


def test_in_production_what_holds_no_data_can_be_replaced(prod: Program) -> None:
    protected = {each.kind.partition(":")[2] for each in prod.registrations if each.protect}
    assert protected == set(HOLDS_DATA)


@pytest.mark.parametrize("stack", ["dev", "local"])
def test_elsewhere_destroying_the_stack_takes_everything(
    stack: str, request: pytest.FixtureRequest
) -> None:
    program: Program = request.getfixturevalue(stack)
    assert not [each.urn for each in program.registrations if each.protect]
    assert all(each.inputs["forceDestroy"] is True for each in program.every("s3/bucket:Bucket"))
    assert program.one("ecr/repository:Repository").inputs["forceDelete"] is True
    assert (
        program.one("dynamodb/table:Table", "lambdalens-students").inputs[
            "deletionProtectionEnabled"
        ]
        is False
    )


def test_the_local_stack_builds_nothing(local: Program) -> None:
    assert not [each.kind for each in local.registrations if "docker" in each.kind]


def test_dev_and_prod_are_made_of_the_same_resources(dev: Program, prod: Program) -> None:
    def made_of(program: Program) -> set[tuple[str, str]]:
        return {(each.kind, each.name) for each in program.registrations}

    assert made_of(dev) == made_of(prod)


def test_local_lacks_only_what_builds_the_image_and_the_tls_only_policies(local: Program) -> None:
    def kinds(program: Program) -> set[str]:
        return {each.kind for each in program.registrations}

    prod = run_program("prod", teachersPage="true", peoplePolicies="true")
    assert kinds(local) < kinds(prod)
    assert kinds(prod) - kinds(local) == {
        "aws:ecr/lifecyclePolicy:LifecyclePolicy",
        "aws:s3/bucketPolicy:BucketPolicy",
        "aws:sqs/queuePolicy:QueuePolicy",
        "docker:index/registryImage:RegistryImage",
        "pulumi:providers:docker",
    }


def test_only_the_local_stack_does_without_tls() -> None:
    for stack in ("dev", "prod"):
        assert stack_configuration(stack)["lambdalens:requireTls"] == "true"
    assert stack_configuration("local")["lambdalens:requireTls"] == "false"


def test_the_providers_endpoints_are_services_it_knows() -> None:
    (endpoints,) = json.loads(stack_configuration("local")["aws:endpoints"])
    known = inspect.signature(ProviderEndpointArgs.__init__).parameters
    assert set(endpoints) == {service.replace("-", "") for service in SERVICES}
    assert {service.replace("lambda", "lambda_") for service in endpoints} <= set(known)


def test_production_keeps_longer_than_development() -> None:
    dev, prod = stack_configuration("dev"), stack_configuration("prod")
    for days in ("videoExpiryDays", "resultExpiryDays", "logRetentionDays"):
        assert int(prod[f"lambdalens:{days}"]) > int(dev[f"lambdalens:{days}"])


def test_every_stack_exports_what_other_commands_read(program: Program) -> None:
    outputs = StackOutputs.from_mapping(program.exports)
    assert outputs.input_bucket == program.one("s3/bucket:Bucket", "lambdalens-input").id
    assert outputs.output_bucket == program.one("s3/bucket:Bucket", "lambdalens-output").id
    assert outputs.gallery_bucket == program.one("s3/bucket:Bucket", "lambdalens-gallery").id
    assert (
        outputs.students_table
        == program.one("dynamodb/table:Table", "lambdalens-students").outputs["name"]
    )
    assert (
        outputs.function_name
        == program.one("lambda/function:Function", "lambdalens-recogniser").outputs["name"]
    )
    assert outputs.function_alias == program.one("lambda/alias:Alias").inputs["name"]
    assert outputs.failures_queue_url == program.one("sqs/queue:Queue").outputs["url"]
    assert (
        outputs.log_group
        == program.one("cloudwatch/logGroup:LogGroup", "lambdalens-recogniser").outputs["name"]
    )
    assert outputs.region == "us-east-1"


def test_every_stack_exports_what_was_rolled_out_and_what_to_go_back_to(program: Program) -> None:
    function = program.one("lambda/function:Function", "lambdalens-recogniser")
    exports = program.exports
    assert exports["functionVersion"] == function.outputs["version"]
    assert exports["imageUri"] == function.inputs["imageUri"]
    assert exports["imageDigest"] == function.inputs["imageUri"].rpartition("@")[2]
    repository = program.one("ecr/repository:Repository")
    assert exports["repositoryUrl"] == repository.outputs["repositoryUrl"]


def test_a_stack_is_the_defaults_and_its_own_file() -> None:
    configuration = stack_configuration("dev")
    assert configuration["aws:region"] == "us-east-1"
    assert configuration["lambdalens:videoExpiryDays"] == "7"
    assert configuration["lambdalens:memoryMb"] == "1769"
    assert configuration["lambdalens:protectData"] == "false"
    assert configuration["lambdalens:imageUri"] == ""


def test_an_unknown_stack_is_refused_with_those_there_are() -> None:
    with pytest.raises(UnknownStackError, match="no stack 'staging': choose from dev, local, prod"):
        stack_configuration("staging")


def test_the_defaults_of_the_recognition_are_those_of_the_function() -> None:
    schema = project()["config"]
    default = RecognitionOptions()
    assert float(schema["samplesPerSecond"]["default"]) == default.samples_per_second
    assert float(schema["tolerance"]["default"]) == default.tolerance
    assert float(schema["margin"]["default"]) == default.margin
