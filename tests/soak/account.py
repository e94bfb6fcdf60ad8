"""The account at the end: every upload against what the stack has made of it."""

from __future__ import annotations

import csv
import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from function.evidence import Evidence, EvidenceError, is_of_csv
from function.results import csv_key, error_key, evidence_key, is_evidence_of
from tests.soak.plan import NAMED, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from local.aws import LocalAws
    from tests.soak.plan import Content

# Ids are numbers, and so is much of what is logged: as texts they are looked for.
_PERSONAL = (NAMED, "Obama", "Biden", "Collins", '"1001"', '"1002"', '"1003"')


@dataclass(frozen=True, kw_only=True)
class Result:
    """An object in the output bucket."""

    key: str
    body: bytes
    metadata: Mapping[str, str]


class Account:
    """What there is in a stack, compared with what there should be."""

    def __init__(self, aws: LocalAws) -> None:
        self._aws = aws
        self._s3 = aws.client("s3")
        self._stepfunctions = aws.client("stepfunctions")

    def lost(self, newest: Mapping[str, Content], failed: Iterable[Mapping[str, Any]]) -> set[str]:
        """Return the keys without a result of their newest content, nor a failure that says so."""
        told = {key for message in failed for key in _keys(message)}
        return {
            key
            for key, content in newest.items()
            if content.kind is not Kind.NOTHING
            and key not in told
            and _etag(content) not in self._etags_of_results(key)
        }

    def failures(self) -> list[dict[str, Any]]:
        """Return the messages in the failures queue, and leave them there."""
        sqs, url = self._aws.client("sqs"), self._aws.outputs.failures_queue_url
        found = []
        while received := sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=600
        ).get("Messages"):
            found += received
        for message in found:
            sqs.change_message_visibility(
                QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
            )
        return [json.loads(message["Body"]) for message in found]

    def executions_running(self) -> int:
        """Count the long videos that are being looked at in ranges."""
        return len(
            self._stepfunctions.list_executions(
                stateMachineArn=self._aws.outputs.long_videos_arn, statusFilter="RUNNING"
            )["executions"]
        )

    def queue_depth(self) -> int:
        """Count the messages in the failures queue, those too that are hidden."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        counts = self._aws.client("sqs").get_queue_attributes(
            QueueUrl=self._aws.outputs.failures_queue_url, AttributeNames=names
        )["Attributes"]
        return sum(int(counts[name]) for name in names)

    def results(self) -> list[Result]:
        """Return all that is in the output bucket."""
        bucket = self._aws.outputs.output_bucket
        found = []
        for key in self._keys_in(bucket):
            stored = self._s3.get_object(Bucket=bucket, Key=key)
            found.append(Result(key=key, body=stored["Body"].read(), metadata=stored["Metadata"]))
        return found

    def differences(
        self, newest: Mapping[str, Content], gallery: str, enrolled: frozenset[str]
    ) -> Iterator[str]:
        """Say of each upload what is wrong. `gallery` is the ETag of the one in use."""
        results = {result.key: result for result in self.results()}
        by_video: dict[str, list[Result]] = defaultdict(list)
        for key in newest:
            for name in (csv_key(key), error_key(key)):
                if name in results:
                    by_video[key].append(results.pop(name))
            evidence = results.pop(evidence_key(key), None)
            yield from _problems_of_evidence(key, evidence, by_video[key])
        for name in results:
            yield f"{name!r} is nobody's result"
        uploaded = set(self._keys_in(self._aws.outputs.input_bucket))
        for key in uploaded ^ newest.keys():
            yield f"{key!r} is in the input bucket only, or was uploaded and is not there"
        for key, content in newest.items():
            for problem in _problems(key, content, by_video[key], gallery, enrolled):
                yield f"{key!r}: {problem}"

    def names_of_people(self, failures: Iterable[Mapping[str, Any]]) -> Iterator[str]:
        """Say where the log, or a failure beside the event itself, names somebody."""
        paginator = self._aws.client("logs").get_paginator("filter_log_events")
        for page in paginator.paginate(logGroupName=self._aws.outputs.log_group):
            for event in page["events"]:
                yield from _personal("the log", event["message"])
        for message in failures:
            said = {name: each for name, each in message.items() if name != "requestPayload"}
            yield from _personal("a failure", json.dumps(said, ensure_ascii=False))

    def _etags_of_results(self, key: str) -> set[str]:
        return {
            result.metadata["video-etag"]
            for result in map(self._result, (csv_key(key), error_key(key)))
            if result is not None
        }

    def _result(self, key: str) -> Result | None:
        try:
            found = self._s3.head_object(Bucket=self._aws.outputs.output_bucket, Key=key)
        except self._s3.exceptions.ClientError:
            return None
        return Result(key=key, body=b"", metadata=found["Metadata"])

    def _keys_in(self, bucket: str) -> Iterator[str]:
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            for entry in page.get("Contents", ()):
                yield entry["Key"]


def _problems_of_evidence(
    key: str, evidence: Result | None, results: Iterable[Result]
) -> Iterator[str]:
    csvs = [result for result in results if result.key == csv_key(key)]
    if evidence is None or not csvs:
        if csvs or evidence:
            yield f"{key!r}: of a CSV and its evidence there is only one"
        return
    (csv,) = csvs
    if not is_evidence_of(evidence.metadata, csv.metadata):
        yield f"{key!r}: the evidence was made from something else than the CSV"
    try:
        if not is_of_csv(Evidence.from_bytes(evidence.body), csv.body):
            yield f"{key!r}: the evidence is of another CSV"
    except EvidenceError as error:
        yield f"{key!r}: the evidence cannot be read: {error}"


def seconds(results: Iterable[Result], of: str) -> float:
    """Return the longest time until a result was finished, from its `event-time` or `started`."""
    return max((_since(it.metadata, of) for it in results), default=0.0)


def _since(metadata: Mapping[str, str], of: str) -> float:
    begun, ended = (datetime.fromisoformat(metadata[name]) for name in (of, "finished"))
    return (ended - begun).total_seconds()


def _problems(
    key: str, content: Content, found: list[Result], gallery: str, enrolled: frozenset[str]
) -> Iterator[str]:
    if content.kind is Kind.NOTHING:
        if found:
            yield f"is no video and has {[it.key for it in found]}"
        return
    if len(found) != 1:
        yield f"has {len(found)} results"
        return
    (result,) = found
    for name, expected in (("video-etag", _etag(content)), ("gallery-etag", gallery)):
        if result.metadata.get(name) != expected:
            yield f"its result has the {name} {result.metadata.get(name)}, not {expected}"
    is_csv = result.key == csv_key(key)
    if is_csv != (content.kind is Kind.CSV):
        yield f"has {'a CSV' if is_csv else 'an error report: ' + result.body.decode()}"
    elif is_csv:
        rows = csv.DictReader(result.body.decode("utf-8-sig").splitlines())
        seen, expected_ids = {row["student_id"] for row in rows}, content.students & enrolled
        if seen != expected_ids:
            yield f"names {sorted(seen)} and shows {sorted(expected_ids)}"
    elif json.loads(result.body)["video"] != key:
        yield "its report is about another key"


def _etag(content: Content) -> str:
    return f'"{hashlib.md5(content.body, usedforsecurity=False).hexdigest()}"'


def _keys(message: Mapping[str, Any]) -> Iterator[str]:
    for record in message["requestPayload"]["Records"]:
        yield unquote_plus(record["s3"]["object"]["key"])


def _personal(where: str, said: str) -> Iterator[str]:
    for name in _PERSONAL:
        if name in said:
            yield f"{where} has {name}: {said[:500]}"
