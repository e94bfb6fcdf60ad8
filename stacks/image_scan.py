"""`python -m stacks scan`: what ECR has found in the image that a stack runs, and what is grave.

ECR scans an image when it is pushed, and answers in one of two forms: `findings` of its basic scan,
which is over with a COMPLETE, and `enhancedFindings` of Amazon Inspector, which goes on looking and
is ACTIVE. What is known and can't be helped yet is accepted by a line in a file, until a day.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from stacks.configuration import REPOSITORY
from stacks.outputs import StackNotFoundError, deployment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from types_boto3_ecr import ECRClient

ACCEPTED = REPOSITORY / "function" / "accepted-vulnerabilities.txt"
GRAVE = ("CRITICAL", "HIGH")
_ACCEPTED_LINE = re.compile(r"(?P<name>\S+)\s+(?P<until>\d{4}-\d{2}-\d{2})\s+(?P<reason>\S.*)")
# As ECR names them (https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageScanStatus.html).
_SCANNED, _UNDER_WAY = ("COMPLETE", "ACTIVE"), ("IN_PROGRESS", "PENDING")
_IMAGE_URI = re.compile(r"(?P<registry>\d{12})\.[^/]+/(?P<repository>[^@]+)@(?P<digest>sha256:.+)")
_LONGEST_WAIT_SECONDS = 600
_PAUSE_SECONDS = 5

_DESCRIPTION = """\
Wait until ECR has scanned the image that a stack runs, and list what is known
to be wrong with it and grave: CRITICAL and HIGH.

    python -m stacks scan --stack prod

What is accepted is in function/accepted-vulnerabilities.txt, a line each: its
name, the last day on which it is accepted, and why. It takes the credentials
from where the AWS tools find them, and the right ecr:DescribeImageScanFindings
on the image's repository.
"""

_EXIT_STATUS = """\
exit status:
  0  nothing grave is known, but for what is accepted
  1  something grave is known: each is on a line, with its package
  2  not known: the image was not scanned, or could not be, or wrong usage, a
     stack that is not there, or an AWS that does not answer
"""


class ExitStatus(int, Enum):
    """How the command ended; explained in its help."""

    HARMLESS = 0
    GRAVE = 1
    NOT_KNOWN = 2


class ScanError(Exception):
    """It is not known what is wrong with the image; the message is one line with the remedy."""


@dataclass(frozen=True, kw_only=True)
class Vulnerability:
    """What is known to be wrong with a package in the image, in the same form from either scan.

    `fixed_in` is the version of the package without it, where the scan tells.
    """

    name: str
    severity: str
    package: str
    version: str
    fixed_in: str
    address: str

    def __str__(self) -> str:
        """Say all of it on one line."""
        remedy = f", fixed in {self.fixed_in}" if self.fixed_in else ""
        return (
            f"{self.severity}: {self.name} in {self.package} {self.version}{remedy} {self.address}"
        ).rstrip()


@dataclass(frozen=True, kw_only=True)
class Acceptance:
    """A vulnerability that is known and accepted, to the end of a day in UTC, for a reason."""

    name: str
    until: date
    reason: str


def scan(client: ECRClient, image_uri: str, *, wait_seconds: float) -> list[Vulnerability]:
    """Return what is known to be wrong with an image, in the order of its severity.

    Raises ScanError, or a botocore exception.
    """
    named = _IMAGE_URI.fullmatch(image_uri)
    if named is None:
        raise ScanError(f"the stack runs {image_uri!r}, which is no image in ECR by its digest")
    image: dict[str, Any] = {
        "registryId": named["registry"],
        "repositoryName": named["repository"],
        "imageId": {"imageDigest": named["digest"]},
    }
    _wait_for_the_scan(client, image, wait_seconds)
    pages = client.get_paginator("describe_image_scan_findings").paginate(**image)
    found: list[Vulnerability] = []
    for page in pages:
        findings = page.get("imageScanFindings", {})
        found += map(_of_basic_scan, findings.get("findings", ()))
        found += map(_of_enhanced_scan, findings.get("enhancedFindings", ()))
    order = {severity: number for number, severity in enumerate(GRAVE)}
    return sorted(found, key=lambda each: (order.get(each.severity, len(order)), each.name))


def grave(
    found: Iterable[Vulnerability], accepted: Iterable[Acceptance], today: date
) -> list[Vulnerability]:
    """Return those that are grave and not accepted on this day."""
    names = {each.name for each in accepted if today <= each.until}
    return [each for each in found if each.severity in GRAVE and each.name not in names]


def read_accepted(file: Path) -> list[Acceptance]:
    """Read the file of what is accepted. Raises ScanError naming a line that is none."""
    accepted = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        parts = _ACCEPTED_LINE.fullmatch(text)
        try:
            if parts is None:
                raise ValueError  # noqa: TRY301 - the same remedy as for a day that is none
            until = date.fromisoformat(parts["until"])
        except ValueError:
            raise ScanError(
                f"{file.name}, line {number}: {text!r} is not NAME YYYY-MM-DD REASON: correct it"
            ) from None
        accepted.append(Acceptance(name=parts["name"], until=until, reason=parts["reason"]))
    return accepted


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to those of `python -m stacks`."""
    scan_parser = commands.add_parser(
        "scan",
        help="what ECR has found in the image that a stack runs",
        description=_DESCRIPTION,
        epilog=_EXIT_STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    scan_parser.add_argument("--stack", required=True, metavar="NAME", help="the stack")
    scan_parser.add_argument(
        "--wait",
        type=float,
        default=_LONGEST_WAIT_SECONDS,
        metavar="SECONDS",
        help="how long to wait for a scan that is under way (default: %(default)s)",
    )
    scan_parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Scan, tell, and return the exit status."""
    try:
        accepted = read_accepted(ACCEPTED)
        stack = deployment(options.stack)
        image_uri = stack.outputs.image_uri
        found = scan(stack.client("ecr"), image_uri, wait_seconds=options.wait)
    except (ScanError, StackNotFoundError, OSError, BotoCoreError, ClientError) as error:
        sys.stderr.write(f"error: {error}\n")
        return ExitStatus.NOT_KNOWN
    return tell(image_uri, found, accepted, datetime.now(UTC).date())


def tell(
    image_uri: str, found: Sequence[Vulnerability], accepted: Sequence[Acceptance], today: date
) -> int:
    """Print what counts, and return the exit status."""
    bad = grave(found, accepted, today)
    for each in bad:
        sys.stdout.write(f"{each}\n")
    for over in (each for each in accepted if each.until < today):
        sys.stdout.write(f"note: {over.name} was accepted until {over.until} only\n")
    digest = image_uri.rpartition("@")[2]
    sys.stdout.write(
        f"{digest}: {len(found)} vulnerabilities known, {len(bad)} of them grave and not accepted\n"
    )
    return ExitStatus.GRAVE if bad else ExitStatus.HARMLESS


def _wait_for_the_scan(client: ECRClient, image: Mapping[str, Any], wait_seconds: float) -> None:
    """Return when the image is scanned. boto3's own waiter knows neither ACTIVE nor "not yet"."""
    ends = time.monotonic() + wait_seconds
    while True:
        status, why = _scan_status(client, image)
        if status in _SCANNED:
            return
        if status not in (*_UNDER_WAY, "NOT_YET"):
            raise ScanError(f"ECR can't scan the image ({status}: {why}): look at it in ECR")
        if time.monotonic() >= ends:
            raise ScanError(
                f"ECR has not scanned the image ({status}): wait for longer, or have it scanned "
                "with 'aws ecr start-image-scan'"
            )
        time.sleep(_PAUSE_SECONDS)


def _scan_status(client: ECRClient, image: Mapping[str, Any]) -> tuple[str, str]:
    try:
        status = client.describe_image_scan_findings(**image)["imageScanStatus"]
    except client.exceptions.ScanNotFoundException:
        return "NOT_YET", ""
    return str(status["status"]), status.get("description", "")


def _of_basic_scan(finding: Mapping[str, Any]) -> Vulnerability:
    attributes = {each["key"]: each.get("value", "") for each in finding.get("attributes", ())}
    return Vulnerability(
        name=finding.get("name", "unnamed"),
        severity=finding.get("severity", "UNDEFINED"),
        package=attributes.get("package_name", "a package"),
        version=attributes.get("package_version", ""),
        fixed_in="",
        address=finding.get("uri", ""),
    )


def _of_enhanced_scan(finding: Mapping[str, Any]) -> Vulnerability:
    details = finding.get("packageVulnerabilityDetails", {})
    package: Mapping[str, str] = next(iter(details.get("vulnerablePackages", ())), {})
    return Vulnerability(
        name=details.get("vulnerabilityId") or finding.get("title", "unnamed"),
        severity=finding.get("severity", "UNDEFINED"),
        package=package.get("name", "a package"),
        version=package.get("version", ""),
        fixed_in=package.get("fixedInVersion", ""),
        address=details.get("sourceUrl", ""),
    )
