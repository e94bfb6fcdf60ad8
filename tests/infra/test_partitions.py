"""The program is right in every partition: GovCloud, China and the European sovereign cloud too."""

from __future__ import annotations

import json
import re

import pytest

from stacks.configuration import REPOSITORY, stack_configuration
from tests.infra.recording import Program, run_program_with

SERVICE_PRINCIPALS = {
    f"{service}.amazonaws.com" for service in ("lambda", "s3", "scheduler", "states")
}

# A region, its partition, and where its console is.
REGIONS = [
    ("eu-central-1", "aws", "console.aws.amazon.com"),
    ("us-gov-west-1", "aws-us-gov", "console.amazonaws-us-gov.com"),
    ("cn-northwest-1", "aws-cn", "console.amazonaws.cn"),
    ("eusc-de-east-1", "aws-eusc", "console.amazonaws-eusc.eu"),
]


def run(region: str) -> Program:
    return run_program_with("dev", stack_configuration("dev") | {"aws:region": region})


def said(program: Program) -> str:
    """Return all that the program says, its exports too, in one text."""
    return json.dumps([*(each.inputs for each in program.registrations), program.exports])


@pytest.mark.parametrize(("region", "partition", "console"), REGIONS)
def test_arns_domains_and_principals_are_those_of_the_partition(
    region: str, partition: str, console: str
) -> None:
    program = run(region)
    text = said(program)
    assert set(re.findall(r"arn:([a-z-]+):", text)) == {partition}
    domains = set(re.findall(r"[a-z0-9.-]*amazonaws[a-z0-9.-]*", text))
    assert domains - SERVICE_PRINCIPALS <= {f"{region}.{console}"}
    assert all(f'"{principal}"' in text.replace("\\", "") for principal in SERVICE_PRINCIPALS)
    assert program.exports["dashboardUrl"].startswith(
        f"https://{region}.{console}/cloudwatch/home?region={region}#dashboards/dashboard/"
    )


@pytest.mark.parametrize("folder", ["stacks", "function", "enroll", "recover", "loadtest"])
def test_nothing_that_meets_aws_takes_the_partition_for_granted(folder: str) -> None:
    """The embedded AWS, in `local/`, has one partition and one region."""
    files = [*(REPOSITORY / folder).rglob("*.py")]
    assert files
    assert not [file for file in files if "arn:aws:" in file.read_text(encoding="utf-8")]
