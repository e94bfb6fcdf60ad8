"""What a scan of the image comes to: botocore's own client reads answers of ECR's documented form.

The embedded AWS scans no image. So botocore's Stubber gives the answers, which it checks against
the service's description and hands to the client as if they had come.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber

from stacks.image_scan import (
    ACCEPTED,
    Acceptance,
    ScanError,
    Vulnerability,
    read_accepted,
    scan,
    tell,
)

if TYPE_CHECKING:
    from pathlib import Path

    from types_boto3_ecr import ECRClient

DIGEST = f"sha256:{'1' * 64}"
IMAGE = f"123456789012.dkr.ecr.eu-central-1.amazonaws.com/lambdalens-1a2b@{DIGEST}"
ASKED = {
    "registryId": "123456789012",
    "repositoryName": "lambdalens-1a2b",
    "imageId": {"imageDigest": DIGEST},
}
TODAY = date(2026, 11, 27)
BASIC: dict[str, Any] = {
    "findings": [
        {
            "name": "CVE-2026-1",
            "uri": "https://security-tracker.debian.org/tracker/CVE-2026-1",
            "severity": "MEDIUM",
            "attributes": [{"key": "package_name", "value": "zlib"}],
        },
        {
            "name": "CVE-2026-2",
            "uri": "https://security-tracker.debian.org/tracker/CVE-2026-2",
            "severity": "HIGH",
            "attributes": [
                {"key": "package_version", "value": "3.0.11-1"},
                {"key": "package_name", "value": "openssl"},
            ],
        },
    ],
    "findingSeverityCounts": {"MEDIUM": 1, "HIGH": 1},
}
ENHANCED = {
    "enhancedFindings": [
        {
            "severity": "CRITICAL",
            "title": "CVE-2026-3 - urllib3",
            "type": "PACKAGE_VULNERABILITY",
            "packageVulnerabilityDetails": {
                "vulnerabilityId": "CVE-2026-3",
                "sourceUrl": "https://nvd.nist.gov/vuln/detail/CVE-2026-3",
                "vulnerablePackages": [
                    {"name": "urllib3", "version": "2.0.0", "fixedInVersion": "2.0.1"}
                ],
            },
        }
    ]
}


@pytest.fixture
def client() -> ECRClient:
    return boto3.client(
        "ecr",
        region_name="eu-central-1",
        aws_access_key_id="of nobody",
        aws_secret_access_key="of nobody",  # noqa: S106 - nothing accepts it
    )


def answered(client: ECRClient, status: str, *pages: dict[str, Any]) -> list[Vulnerability]:
    """Return what is made of a scan that ended so, with these pages of findings."""
    with Stubber(client) as ecr:
        ended = {"imageScanStatus": {"status": status, "description": "as it says"}}
        ecr.add_response("describe_image_scan_findings", ended, ASKED)
        for number, page in enumerate(pages, start=1):
            more = {"nextToken": "more"} if number < len(pages) else {}
            asked = ASKED | ({"nextToken": "more"} if number > 1 else {})
            answer = ended | {"imageScanFindings": page} | more
            ecr.add_response("describe_image_scan_findings", answer, asked)
        return scan(client, IMAGE, wait_seconds=0)


def test_what_is_grave_fails_and_is_listed(
    client: ECRClient, capsys: pytest.CaptureFixture[str]
) -> None:
    found = answered(client, "COMPLETE", BASIC, {"findings": []})

    assert tell(IMAGE, found, [], TODAY) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"HIGH: CVE-2026-2 in openssl 3.0.11-1 {BASIC['findings'][1]['uri']}",
        f"{DIGEST}: 2 vulnerabilities known, 1 of them grave and not accepted",
    ]


def test_inspector_s_findings_are_read_too(client: ECRClient) -> None:
    (found,) = answered(client, "ACTIVE", ENHANCED)
    assert str(found) == (
        "CRITICAL: CVE-2026-3 in urllib3 2.0.0, fixed in 2.0.1 "
        "https://nvd.nist.gov/vuln/detail/CVE-2026-3"
    )
    assert tell(IMAGE, [found], [], TODAY) == 1


def test_an_image_with_nothing_grave_passes(client: ECRClient) -> None:
    found = answered(client, "COMPLETE", {"findings": BASIC["findings"][:1]})
    assert [each.severity for each in found] == ["MEDIUM"]
    assert tell(IMAGE, found, [], TODAY) == 0


@pytest.mark.parametrize(
    ("until", "status"), [(TODAY, 0), (date(2026, 11, 26), 1)], ids=["still", "no more"]
)
def test_what_is_accepted_passes_to_the_end_of_its_day(
    client: ECRClient, capsys: pytest.CaptureFixture[str], until: date, status: int
) -> None:
    found = answered(client, "COMPLETE", BASIC)
    accepted = Acceptance(name="CVE-2026-2", until=until, reason="no fix yet")
    assert tell(IMAGE, found, [accepted], TODAY) == status
    told = f"note: CVE-2026-2 was accepted until {until} only" in capsys.readouterr().out
    assert told == bool(status)


@pytest.mark.parametrize("status", ["FAILED", "UNSUPPORTED_IMAGE", "FINDINGS_UNAVAILABLE"])
def test_an_image_that_can_t_be_scanned_does_not_pass(client: ECRClient, status: str) -> None:
    with pytest.raises(ScanError, match=rf"ECR can't scan the image \({status}: as it says\)"):
        answered(client, status)


@pytest.mark.parametrize("status", ["IN_PROGRESS", "PENDING"])
def test_a_scan_that_does_not_end_is_not_waited_for_for_ever(
    client: ECRClient, status: str
) -> None:
    with pytest.raises(ScanError, match=f"has not scanned the image \\({status}\\)"):
        answered(client, status)


def test_an_image_that_was_never_scanned_does_not_pass(client: ECRClient) -> None:
    with Stubber(client) as ecr:
        ecr.add_client_error(
            "describe_image_scan_findings", "ScanNotFoundException", expected_params=ASKED
        )
        with pytest.raises(ScanError, match="start-image-scan"):
            scan(client, IMAGE, wait_seconds=0)


def test_an_image_that_is_none_of_ecr_is_told(client: ECRClient) -> None:
    with pytest.raises(ScanError, match="no image in ECR by its digest"):
        scan(client, "", wait_seconds=0)


def test_the_repository_s_own_list_can_be_read() -> None:
    assert read_accepted(ACCEPTED) == []


def test_the_list_of_what_is_accepted(tmp_path: Path) -> None:
    file = tmp_path / "accepted.txt"
    file.write_text("# known\n\nCVE-2026-1 2026-12-31 no fix yet # until Debian has one\n")
    assert read_accepted(file) == [
        Acceptance(name="CVE-2026-1", until=date(2026, 12, 31), reason="no fix yet")
    ]


@pytest.mark.parametrize("line", ["CVE-2026-1", "CVE-2026-1 soon why", "CVE-2026-1 2026-13-01 why"])
def test_a_wrong_line_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "accepted.txt"
    file.write_text(f"# known\n{line}\n")
    with pytest.raises(ScanError, match=f"accepted.txt, line 2: '{line}' is not NAME"):
        read_accepted(file)
