"""The command line: what a run is asked for, checked before anything begins."""

from __future__ import annotations

import argparse
import os
import secrets
import textwrap
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from botocore.exceptions import ParamValidationError
from botocore.handlers import validate_bucket_name
from botocore.utils import is_valid_endpoint_url

from loadtest.arrivals import Profile
from loadtest.sources import SAMPLE
from loadtest.thresholds import DEFAULT, FIGURES_IN_HELP, Threshold, ThresholdError
from loadtest.workload import MOST_VIDEOS, OpenLoop

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_DESCRIPTION = """\
Put many videos through the pipeline at once, and prove what became of each:
whether every CSV came, is right and came only once, how long each took and
where the time went, and what it cost.

A hundred videos as fast as eight uploaders can, compared with what should be
in them:
    python -m loadtest clips/ --count 100 --concurrency 8 --expect mapping \\
        --stack dev

Two arrivals a second for ten minutes, in four bursts, as a page for a report:
    python -m loadtest clips/ --rate 2 --duration 600 --ramp burst \\
        --html burst.html --stack dev

A gate for CI, on the embedded AWS that 'make up' runs, with the sample class's
own videos:
    python -m loadtest --write-sample-class class/
    python -m enroll --students class/students.csv \\
        --portraits class/portraits --stack local
    python -m loadtest sample: --count 20 --expect sample: --stack local \\
        --require 'p95<60s' --require wrong==0 --require missing==0

With --rate, the loop is open: videos arrive when they are meant to, however
slow the pipeline is, and latency counts from the intended arrival. Without it,
each uploader takes the next video as soon as it has finished one.
docs/loadtest.md says how to read the figures.
"""

# As wide as argparse makes its own lines on a terminal of 80 columns.
_HELP_WIDTH = 78
_INDENT = "  "

_EPILOG = f"""\
figures for --require:
{textwrap.fill(FIGURES_IN_HELP, _HELP_WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT)}

exit codes:
  0    done, and every threshold met
  1    done, and a threshold missed
  2    wrong usage: an option, a source, an expectation or a threshold that
       cannot be used
  3    it could not run, or not to its end: a stack, a bucket, a permission or
       credentials are missing; what was known until then is in the summary
       and in the report
  130  interrupted; the same. After 3 and 130, uploaded videos without a
       result are 'not waited for', and how many are missing is not known:
       no threshold of missing is met
"""

_CONCURRENCY = 16
# Longer than a run of the function may take, and than Lambda waits before its retries.
_TIMEOUT_SECONDS = 960.0


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the command line asks for. `count` is None for each source once."""

    sources: tuple[str, ...]
    stack: str | None
    input_bucket: str | None
    output_bucket: str | None
    endpoint_url: str | None
    count: int | None
    concurrency: int
    loop: OpenLoop | None
    timeout_seconds: float
    seed: int
    prefix: str
    expect: str | None
    aliases: Mapping[str, str]
    thresholds: tuple[Threshold, ...]
    json: Path | None
    html: Path | None
    keep: bool
    write_sample_class: Path | None


def parse(arguments: Sequence[str]) -> Options:
    """Read the arguments. Exit with 2 and a line that says what is wrong, as argparse does."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.write_sample_class is None:
        if not given.source:
            parser.error(f"give a SOURCE: videos, folders of them, or {SAMPLE}")
        buckets = (given.input_bucket, given.output_bucket)
        if given.stack and any((*buckets, given.endpoint_url)):
            parser.error("--stack says all of --input-bucket, --output-bucket and --endpoint-url")
        if not given.stack and not all(buckets):
            parser.error("give --stack, or --input-bucket and --output-bucket")
    if given.rate is None and (given.duration is not None or given.ramp is not None):
        parser.error("--duration and --ramp spread arrivals over time: give their --rate")
    if given.duration is not None and given.count is not None:
        parser.error("--rate and --duration make the count: leave out --count or --duration")
    thresholds = _thresholds(parser, given)
    if given.json and given.html and given.json.resolve() == given.html.resolve():
        parser.error(f"--json and --html are both {given.json}: give each a file of its own")
    count = given.count
    if given.duration is not None:
        count = round(given.rate * given.duration)
        if not 1 <= count <= MOST_VIDEOS:
            parser.error(
                f"--rate {given.rate} for --duration {given.duration} s are {count} videos: "
                f"it must be 1 to {MOST_VIDEOS}"
            )
    return Options(
        sources=tuple(given.source),
        stack=given.stack,
        input_bucket=given.input_bucket,
        output_bucket=given.output_bucket,
        endpoint_url=given.endpoint_url,
        count=count,
        concurrency=given.concurrency,
        loop=(
            None
            if given.rate is None
            else OpenLoop(rate=given.rate, profile=given.ramp or Profile.CONSTANT)
        ),
        timeout_seconds=given.timeout,
        seed=given.seed,
        prefix=given.prefix or f"loadtest/{_run_id()}/",
        expect=given.expect,
        aliases=dict(given.alias),
        thresholds=thresholds,
        json=given.json,
        html=given.html,
        keep=given.keep,
        write_sample_class=given.write_sample_class,
    )


def _thresholds(
    parser: argparse.ArgumentParser, given: argparse.Namespace
) -> tuple[Threshold, ...]:
    """Return what must be reached. Whether results are right is known with expectations only."""
    if given.require is None:
        thresholds = map(Threshold.parse, DEFAULT)
        return tuple(each for each in thresholds if given.expect or not each.takes_expectations)
    for threshold in given.require:
        if threshold.takes_expectations and not given.expect:
            parser.error(f"--require {threshold.text} is about what was expected: give --expect")
    return tuple(given.require)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m loadtest",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "source",
        nargs="*",
        metavar="SOURCE",
        help=f"a video, a folder searched with its folders, or {SAMPLE} for generated class videos",
    )
    _add_place(parser.add_argument_group("where"))
    _add_load(parser.add_argument_group("how many, and when"))
    _add_proof(parser.add_argument_group("what is proved"))
    _add_reports(parser.add_argument_group("reports and remains"))
    return parser


def _add_place(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--stack", metavar="NAME", help="a deployed stack: dev, prod, or local with 'make up'"
    )
    group.add_argument(
        "--input-bucket", type=_bucket, metavar="NAME", help="where videos go, without a stack"
    )
    group.add_argument("--output-bucket", type=_bucket, metavar="NAME", help="where results appear")
    group.add_argument(
        "--endpoint-url", type=_endpoint_url, metavar="URL", help="an S3 that is not AWS's"
    )
    group.add_argument(
        "--prefix",
        type=_prefix,
        help="what all keys of the run begin with; nothing may be there yet "
        "(default: loadtest/ and a name that is new)",
    )


def _add_load(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--count",
        type=_count,
        metavar="N",
        help="how many videos, each source equally often (default: each once)",
    )
    group.add_argument(
        "--concurrency",
        type=_concurrency,
        default=_CONCURRENCY,
        metavar="N",
        help="how many uploads at once, at most (default: %(default)s)",
    )
    group.add_argument(
        "--rate", type=_positive, metavar="R", help="arrivals a second on average: an open loop"
    )
    group.add_argument(
        "--ramp",
        type=Profile,
        choices=list(Profile),
        help="how the rate goes: constant; four steps up; four bursts, of half of the videos in a "
        "tenth of the time; one sine wave, up and down (default: constant)",
    )
    group.add_argument(
        "--duration",
        type=_positive,
        metavar="S",
        help="seconds in which videos arrive, in the place of --count",
    )
    group.add_argument(
        "--seed",
        type=int,
        default=0,
        metavar="N",
        help="the same seed gives the same arrivals and order (default: %(default)s)",
    )
    group.add_argument(
        "--timeout",
        type=_positive,
        default=_TIMEOUT_SECONDS,
        metavar="S",
        help="when for so many seconds no upload has ended and no result has come, what is not "
        "there is missing (default: %(default)s, since one video may take the function 900)",
    )


def _add_proof(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--expect",
        metavar="FILE",
        help="who is in the videos: lines of VIDEO:MAJOR,YEAR, or a CSV with the columns video, "
        f"any of year, major, name, student_id, and unreadable; or {SAMPLE} for the sample class",
    )
    group.add_argument(
        "--alias",
        type=_alias,
        action="append",
        default=[],
        metavar="WORD=RECORD",
        help="a word of the expectations that the student records spell otherwise, as in "
        "freshman=freshmen; can be repeated",
    )
    group.add_argument(
        "--require",
        type=_threshold,
        action="append",
        metavar="THRESHOLD",
        help="what must be reached, such as 'p95<30s' or missing==0; can be repeated "
        f"(default: {', '.join(DEFAULT)}; what is right or wrong, with --expect only)",
    )


def _add_reports(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--json", type=_new_file, metavar="FILE", help="write all figures, and every video's"
    )
    group.add_argument(
        "--html", type=_new_file, metavar="FILE", help="write a page with charts, in one file"
    )
    group.add_argument(
        "--keep", action="store_true", help="leave the run's videos and results in the buckets"
    )
    group.add_argument(
        "--write-sample-class",
        type=_folder,
        metavar="DIR",
        help="write the sample class's student list and portraits, for 'python -m enroll', and end",
    )


def _run_id() -> str:
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


def _bucket(text: str) -> str:
    """Check the name by the rule that boto3 has, before it is asked for anything."""
    try:
        validate_bucket_name({"Bucket": text})
    except ParamValidationError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no bucket's name: give it as 'aws s3 ls' lists it"
        ) from None
    return text


def _endpoint_url(text: str) -> str:
    problem = f"{text!r} is no address of an S3: give http://HOST:PORT or https://HOST"
    try:
        address = urlsplit(text)
        # Reading the port is what checks it.
        is_usable = address.scheme in ("http", "https") and address.port != 0
    except ValueError:
        raise argparse.ArgumentTypeError(problem) from None
    if not (is_usable and is_valid_endpoint_url(text)):
        raise argparse.ArgumentTypeError(problem)
    return text


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return number


def _count(text: str) -> int:
    return _whole(text, MOST_VIDEOS)


def _concurrency(text: str) -> int:
    return _whole(text, 1000)


def _whole(text: str, most: int) -> int:
    number = int(text)
    if not 1 <= number <= most:
        raise argparse.ArgumentTypeError(f"{text} is not from 1 to {most}")
    return number


def _prefix(text: str) -> str:
    if not text.strip("/"):
        raise argparse.ArgumentTypeError("the prefix must name a place of its own")
    return f"{text.strip('/')}/"


def _alias(text: str) -> tuple[str, str]:
    word, is_there, record = text.partition("=")
    if not (word and is_there and record):
        raise argparse.ArgumentTypeError(f"{text!r} is not WORD=RECORD")
    return word, record


def _threshold(text: str) -> Threshold:
    try:
        return Threshold.parse(text)
    except ThresholdError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _new_file(text: str) -> Path:
    """Check before the long work, and not after it, that the file can be put there."""
    path = Path(text)
    try:
        if path.is_dir() or not path.parent.is_dir():
            raise argparse.ArgumentTypeError(f"{text} is not a file in an existing folder")
        if path.exists() and not path.is_file():
            raise argparse.ArgumentTypeError(f"{text} is no regular file: give another name")
    except OSError as error:
        raise argparse.ArgumentTypeError(
            f"{text} cannot be written ({error.strerror}): give another name"
        ) from None
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise argparse.ArgumentTypeError(
            f"{text} cannot be written (its folder is not yours to use): give another name"
        )
    if path.exists() and not os.access(path, os.W_OK):
        raise argparse.ArgumentTypeError(f"{text} is not yours to write: give another name")
    return path


def _folder(text: str) -> Path:
    """Check that the folder is there, or can be made."""
    path = Path(text)
    try:
        there = next(place for place in (path, *path.parents) if place.exists())
    except OSError as error:
        raise argparse.ArgumentTypeError(
            f"{text} cannot be made ({error.strerror}): give another folder"
        ) from None
    if not there.is_dir():
        raise argparse.ArgumentTypeError(f"{there} is a file: give a folder")
    if not os.access(there, os.W_OK | os.X_OK):
        raise argparse.ArgumentTypeError(f"{there} is not yours to write to: give another folder")
    return path
